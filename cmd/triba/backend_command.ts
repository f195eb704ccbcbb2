/**
 * Backends as commands of `triba`: they are started by a core, with the id in front of their own
 * arguments, and end with the exit codes of the document (triba.md, sections 3 and 8).
 *
 * @module
 */

import {
  type Command,
  EXIT,
  ExitFault,
  listenForSignals,
  type OptionTable,
  type OptionValues,
  parseCommand,
  type Runnable,
  VERSION,
  writeLogLine,
} from "../../lib/cli/mod.ts";
import { createLogger, type Logger } from "../../lib/log/mod.ts";
import type { Backend, BackendProcess } from "../../lib/triba/backend/mod.ts";
import { EXIT_CODES } from "../../lib/triba/constants.ts";

/** The part of a backend that its options decide. */
export interface BackendParts {
  /** The network's code. */
  readonly backend: Backend;
  /** How it wants to talk, where that is not the usual way. */
  readonly wire?: Pick<BackendProcess, "byteOrder" | "form">;
}

/** Makes a backend from its options; the operands are its own, without the core's. */
export type CreateBackend<T extends OptionTable> = (
  options: OptionValues<T>,
  operands: readonly string[],
  log: Logger,
) => BackendParts | Promise<BackendParts>;

/** Ties a backend's command to its code, which is loaded only when it runs. */
export function backendCommand<T extends OptionTable>(
  command: Command<T>,
  load: () => Promise<CreateBackend<T>>,
): Runnable {
  return withBackendCodes({ command, run: (args) => run(command, load, args) });
}

/** Wrong options end it with the exit code that a core knows. */
export function withBackendCodes({ command, run }: Runnable): Runnable {
  return {
    command,
    run: async (args) => {
      try {
        return await run(args);
      } catch (error) {
        if (!(error instanceof ExitFault) || error.status !== EXIT.usage) throw error;
        throw new ExitFault(EXIT_CODES.usage, error.message, error.hint, { cause: error });
      }
    },
  };
}

async function run<T extends OptionTable>(
  command: Command<T>,
  load: () => Promise<CreateBackend<T>>,
  args: readonly string[],
): Promise<number> {
  using interrupts = listenForSignals(["SIGTERM", "SIGINT"]);
  const environment = (name: string) => Deno.env.get(name);
  const log = createLogger({ format: "text", level: "info", write: writeLogLine });
  const { ownArguments, runBackend } = await import("../../lib/triba/backend/mod.ts");
  // The id is read as it is: in the URL-safe alphabet it may begin like an option.
  const own = ownArguments(args.slice(1), environment);
  const { options, operands } = parseCommand(command, own, environment);
  const { backend, wire = {} } = await (await load())(options, operands, log);
  const agent = `${command.name.replace(" ", "-")}/${VERSION}`;
  const { signal } = interrupts;
  return await runBackend(() => backend, { args, environment, agent, log, signal, ...wire });
}
