// How long a command waits for its secrets: from starting the compiled `coffer-client ... -- true`
// to the end of the command that it became, beside a compiled program that does nothing. And what is
// loaded before the client does anything, since that is where the time goes.

import { CLIENT_KEY_FILE, Vault } from "./coffer_server.ts";
import { alternate, median, type Row } from "./harness.ts";
import type { Lab } from "./lab.ts";

const RUNS = 20;
const GOAL = 1.5;
const TRUE = "/bin/true";
const CLIENT_MAIN = new URL("../../cmd/coffer-client/main.ts", import.meta.url).pathname;
const CONFIG = new URL("../../deno.json", import.meta.url).pathname;
const COMPILE_TIMEOUT_MS = 120_000;

/** Times of starting, then sizes. */
export async function benchCofferStart(lab: Lab): Promise<Row[]> {
  return [...await benchTime(lab), ...await measureCode(lab)];
}

async function benchTime(lab: Lab): Promise<Row[]> {
  const name = "start of a command with secrets";
  const unit = "ms";
  const better = "less";
  const { executables } = lab;
  if (executables === undefined) {
    return [{ name, unit, better, skipped: "nothing is compiled: --executables DIR" }];
  }
  const empty = await compileEmpty(lab);
  if (empty === undefined) {
    return [{ name, unit, better, skipped: "an empty program cannot be compiled here" }];
  }
  const { program, port } = await (await Vault.fill(lab)).serve(lab);
  const args = ["-c", CLIENT_KEY_FILE, "-s", `127.0.0.1:${port}`, "--", TRUE];
  const sides = [
    () => time(lab, `${executables}/coffer-client`, args),
    () => time(lab, empty, []),
  ];
  for (const side of sides) await side(); // from now on all files are in the system's memory
  const [ours = [], theirs = []] = await alternate(lab.scaled(RUNS), sides);
  await lab.end([program]);
  const [own, other] = [median(ours), median(theirs)];
  lab.note(`coffer-start: ${own.toFixed(1)} ms, an empty program ${other.toFixed(1)} ms`);
  return [
    { name, unit, better, ours: own, peer: { name: "compiled empty program", value: other } },
    {
      name: `${name}, of an empty one`,
      unit: "x",
      better,
      ours: own / other,
      goal: { below: GOAL },
    },
  ];
}

/** Compiled with what the benchmark runs in; DENORT_BIN counts, as for the programs. */
async function compileEmpty(lab: Lab): Promise<string | undefined> {
  const [source, path] = [`${lab.folder}/empty.js`, `${lab.folder}/empty`];
  await Deno.writeTextFile(source, "export {};\n");
  const flags = ["compile", "--quiet", "--no-check", "--no-code-cache"];
  const compiler = lab.startForeign(Deno.execPath(), [...flags, "-o", path, source]);
  const { code, stderr } = await compiler.ended(COMPILE_TIMEOUT_MS);
  if (code === 0) return path;
  lab.note(stderr.trimEnd());
  return undefined;
}

/** Milliseconds up to the end. */
async function time(lab: Lab, path: string, args: readonly string[]): Promise<number> {
  const begun = performance.now();
  const { code } = await new Deno.Command(path, {
    args: [...args],
    cwd: lab.folder,
    stdin: "null",
    stdout: "null",
  }).spawn().status;
  if (code !== 0) throw new Error(`Cannot measure: "${path}" ended with ${code}`);
  return performance.now() - begun;
}

/** What `deno info --json` says of a module. */
export interface GraphModule {
  readonly specifier: string;
  /** In bytes; packages have none. */
  readonly size?: number;
  readonly dependencies?: readonly {
    readonly isDynamic?: boolean;
    readonly code?: { readonly specifier: string };
  }[];
}

/** What `deno info --json` says. */
export interface Graph {
  readonly roots: readonly string[];
  readonly redirects: Readonly<Record<string, string>>;
  readonly modules: readonly GraphModule[];
}

/** The size of all code, and what of it is loaded before anything is done. */
async function measureCode(lab: Lab): Promise<Row[]> {
  const path = `${lab.folder}/coffer-client.js`;
  const config = `--config=${CONFIG}`;
  const bundling = ["bundle", config, "--quiet", "--platform", "deno", "-o", path];
  await runDeno(lab, [...bundling, CLIENT_MAIN]);
  const bundle = await Deno.readTextFile(path);
  const top = findTop(JSON.parse(await runDeno(lab, ["info", "--json", config, CLIENT_MAIN])));
  const sources = top.filter(({ specifier }) => specifier.startsWith("file:"));
  const packages = top.filter(({ specifier }) => specifier.startsWith("npm:"));
  const builtins = findBuiltins(bundle);
  const names = [...packages.map(({ specifier }) => specifier), ...builtins];
  lab.note(`coffer-client loads at the top, beside our own: ${names.join(", ")}`);
  const bytes = sources.reduce((sum, { size = 0 }) => sum + size, 0);
  const row = (name: string, unit: string, ours: number): Row => {
    return { name: `coffer-client, ${name}`, unit, better: "less", ours };
  };
  return [
    row("bundle", "kB", bundle.length / 1000),
    row("our source at the top", "kB", bytes / 1000),
    row("our modules at the top", "modules", sources.length),
    row("packages' modules at the top", "modules", packages.length),
    row("the runtime's modules at the top", "modules", builtins.length),
  ];
}

/** What is loaded with the main module: dynamic imports are not followed. */
export function findTop({ roots, redirects, modules }: Graph): GraphModule[] {
  const byName = new Map(modules.map((module) => [module.specifier, module]));
  const reached = new Map<string, GraphModule>();
  const visit = (name: string) => {
    const module = byName.get(redirects[name] ?? name);
    if (module === undefined || reached.has(module.specifier)) return;
    reached.set(module.specifier, module);
    for (const { isDynamic, code } of module.dependencies ?? []) {
      if (isDynamic !== true && code !== undefined) visit(code.specifier);
    }
  };
  for (const root of roots) visit(root);
  return [...reached.values()];
}

/** What a bundle still imports: such imports are carried out at its start, wherever they stand. */
export function findBuiltins(bundle: string): string[] {
  const imports = bundle.matchAll(/^import (?:.* from )?"([^"]+)";$/gm);
  return [...new Set(Array.from(imports, ([, name = ""]) => name))];
}

async function runDeno(lab: Lab, args: readonly string[]): Promise<string> {
  const program = lab.startForeign(Deno.execPath(), args);
  const { code, stdout, stderr } = await program.ended(COMPILE_TIMEOUT_MS);
  if (code !== 0) throw new Error(`Cannot measure: deno ${args[0]} ended with ${code}: ${stderr}`);
  return stdout;
}
