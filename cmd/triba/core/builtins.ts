/**
 * The backends of this program's own: how it starts itself with another subcommand.
 *
 * @module
 */

import { EXIT, ExitFault } from "../../../lib/cli/mod.ts";
import type { Builtin } from "../../../lib/triba/config/mod.ts";

/** Subcommands that are backends. */
export const BUILTINS = ["echo", "irc"] as const;

/** What the runtime itself needs in the environment where it runs the source. */
const RUNTIME_VARIABLES = ["DENO_DIR", "DENO_TLS_CA_STORE", "NO_COLOR"];

/** Where this program comes from. */
export interface OwnOrigin {
  /** Whether it is one file, the runtime included. */
  readonly standalone: boolean;
  /** The file of this process: the program, or the runtime. */
  readonly executable: string;
  /** URL of the program's first module. */
  readonly main: string;
}

/** That of this process. */
export function ownOrigin(): OwnOrigin {
  return {
    standalone: Deno.build.standalone,
    executable: Deno.execPath(),
    main: Deno.mainModule,
  };
}

/**
 * How each of them is started.
 *
 * @param environment That of this process.
 * @throws {ExitFault} if this program runs from a source that it does not know.
 */
export function findBuiltins(
  { standalone, executable, main }: OwnOrigin,
  environment: Readonly<Record<string, string>>,
): ReadonlyMap<string, Builtin> {
  if (standalone) {
    return toMap((name) => ({ command: [executable, name], environment: {} }));
  }
  const words = [executable, ...readRunWords(main)];
  const own = Object.entries(environment).filter(([name]) => RUNTIME_VARIABLES.includes(name));
  return toMap((name) => ({
    command: [...words, name],
    environment: Object.fromEntries(own),
  }));
}

/** The task of this program in deno.json has its permissions, and no other place has. */
function readRunWords(main: string): string[] {
  const config = new URL("../../deno.json", main);
  try {
    const { tasks } = JSON.parse(Deno.readTextFileSync(config));
    const words: string[] = tasks.triba.command.split(" ");
    const flags = words.slice(words.indexOf("run") + 1, -1);
    return ["run", "--quiet", `--config=${toPath(config)}`, ...flags, toPath(new URL(main))];
  } catch (error) {
    const hint = "Run it with deno task triba from its source folder, or use the executable";
    throw new ExitFault(
      EXIT.failed,
      "Cannot find out how to start the backends of this program",
      hint,
      {
        cause: error,
      },
    );
  }
}

function toPath(url: URL): string {
  return decodeURIComponent(url.pathname);
}

function toMap(make: (name: string) => Builtin): ReadonlyMap<string, Builtin> {
  return new Map(BUILTINS.map((name) => [name, make(name)]));
}
