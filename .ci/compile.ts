// Builds the executables: one file each, bundled and minified first, since what is to be parsed is a
// tenth of the time to start, with the permissions of its task.
//
// The base executable comes from where Deno gets it, or from DENORT_BIN. Modification times are
// fixed, so two builds of one commit with one Deno and one base are equal byte for byte.

import { programFlags } from "../tests/support/program.ts";

const PLACEHOLDER = "__SALLYPORT_COMMIT__";
/** Commands of `triba` that a core starts. */
const BACKENDS = ["echo", "irc"];

async function run(command: string, args: readonly string[]): Promise<string> {
  const { success, stdout } = await new Deno.Command(command, {
    args: [...args],
    stderr: "inherit",
  }).output();
  if (!success) throw new Error(`Cannot build: "${command} ${args.join(" ")}" failed`);
  return new TextDecoder().decode(stdout).trim();
}

/** The commit, marked where the tree differs from it. */
async function describeCommit(): Promise<string> {
  const commit = await run("git", ["rev-parse", "--short=12", "HEAD"]);
  const changes = await run("git", ["status", "--porcelain", "--untracked-files=no"]);
  return changes === "" ? commit : `${commit}, changed`;
}

async function build(program: string, flags: readonly string[], commit: string): Promise<void> {
  const bundle = `dist/${program}.js`;
  await run(Deno.execPath(), [
    ...["bundle", "--frozen", "--quiet", "--minify", "--platform", "deno", "-o", bundle],
    `cmd/${program}/main.ts`,
  ]);
  const code = await Deno.readTextFile(bundle);
  await Deno.writeTextFile(bundle, code.replaceAll(PLACEHOLDER, commit));
  await Deno.utime(bundle, 0, 0);
  await run(Deno.execPath(), [
    ...["compile", "--quiet", "--no-check", "--no-code-cache", ...flags],
    ...["-o", `dist/${program}`, bundle],
  ]);
  const { size } = await Deno.stat(`dist/${program}`);
  const { size: payload } = await Deno.stat(bundle);
  await Deno.remove(bundle);
  const mib = (bytes: number) => (bytes / 2 ** 20).toFixed(1);
  await Deno.stdout.write(
    new TextEncoder().encode(`dist/${program} ${mib(size)} MiB, ${mib(payload)} of it ours\n`),
  );
}

/** For cores that take the path of a backend and no arguments: `triba-echo` is `triba echo`. */
async function writeScript(program: string, command: string): Promise<void> {
  const path = `dist/${program}-${command}`;
  await Deno.writeTextFile(path, `#!/bin/sh\nexec ${program} ${command} "$@"\n`, { mode: 0o755 });
}

const programs = Deno.args.length > 0
  ? Deno.args
  : Array.from(Deno.readDirSync("cmd"), ({ name }) => name).sort();
const commit = await describeCommit();
await Deno.mkdir("dist", { recursive: true });
for (const program of programs) await build(program, programFlags(program), commit);
if (programs.includes("triba")) { for (const name of BACKENDS) await writeScript("triba", name); }
