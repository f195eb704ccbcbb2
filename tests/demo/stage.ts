// The stage that every demo plays on: an empty folder, programs whose lines are shown with their
// role in front, and an end that leaves nothing running.

import { Program, type StartOptions } from "../support/program.ts";

/** What a demo may use. */
export interface Stage {
  /** An empty folder, removed at the end. */
  readonly folder: string;
  /** A file that the user named, if any. */
  readonly file: string | undefined;
  /** Shows a line of the demo's own. */
  say(text: string): void;
  /** Starts a program; its output is shown behind the role. */
  start(role: string, program: string, args: readonly string[], options?: StartOptions): Program;
}

function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

/** Runs a demo in a folder of its own. */
export async function onStage(
  executables: string | undefined,
  file: string | undefined,
  demo: (stage: Stage) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "sallyport-demo-" });
  const programs: Program[] = [];
  try {
    await demo({
      folder,
      file,
      say: print,
      start: (role, program, args, options = {}) => {
        print(`$ ${program} ${args.join(" ")}`);
        const show = (line: string) => print(`  ${role.padEnd(9)}| ${line}`);
        const started = Program.start(program, args, {
          cwd: folder,
          executables,
          onLine: (_, line) => show(line),
          ...options,
        });
        programs.push(started);
        return started;
      },
    });
  } finally {
    for (const program of programs) await program[Symbol.asyncDispose]();
    await Deno.remove(folder, { recursive: true });
  }
}
