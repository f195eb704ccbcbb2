/**
 * The outermost frame of every program: chooses the command, shows help and version, turns what is
 * thrown into a message and an exit status.
 *
 * @module
 */

import { asksFor, type Command, parseCommand } from "./command.ts";
import { Console } from "./console.ts";
import { EXIT, ExitFault } from "./exit.ts";
import { formatHelp, formatProgramHelp, type Program } from "./help.ts";
import type { OptionTable, OptionValues } from "./options.ts";
import { Interrupted } from "./signals.ts";
import { formatVersion } from "./version.ts";

/** A command with the function that carries it out. */
export interface Runnable {
  /** Its table. */
  readonly command: Command;
  /** Reads its arguments and runs it; the number is the exit status. */
  readonly run: (args: readonly string[]) => Promise<number>;
}

/** Ties a command to its function, whose code is loaded only when it runs. */
export function runnable<T extends OptionTable>(
  command: Command<T>,
  load: () => Promise<
    (options: OptionValues<T>, operands: readonly string[]) => number | Promise<number>
  >,
): Runnable {
  return {
    command,
    run: async (args) => {
      const { options, operands } = parseCommand(command, args, (name) => Deno.env.get(name));
      return await (await load())(options, operands);
    },
  };
}

/** Runs a program with several commands; resolves to its exit status. */
export async function runProgram(
  program: Omit<Program, "commands"> & { readonly commands: readonly Runnable[] },
  args: readonly string[],
): Promise<number> {
  const shown = { ...program, commands: program.commands.map(({ command }) => command) };
  const find = (word: string | undefined) =>
    program.commands.find(({ command }) => command.name === `${program.name} ${word}`);
  const [word, ...rest] = args;
  const found = find(word === "help" ? rest[0] : word);
  if (found !== undefined) {
    return await runCommand(program.name, found, word === "help" ? ["--help"] : rest);
  }
  if (word === "--version" || word === "-V") return print(formatVersion(program.name));
  if (word === "--help" || word === "-h" || (word === "help" && rest.length === 0)) {
    return print(formatProgramHelp(shown));
  }
  const names = shown.commands.map(({ name }) => name.slice(program.name.length + 1)).join(", ");
  const unknown = word === "help" ? rest[0] : word;
  return report(
    new ExitFault(
      EXIT.usage,
      unknown === undefined ? "Missing command" : `Unknown command "${unknown}"`,
      `Commands are ${names}; run "${program.name} --help" for examples`,
    ),
    program.name,
  );
}

/** Runs one command of a program, or a program that has only one. */
export async function runCommand(
  program: string,
  { command, run }: Runnable,
  args: readonly string[],
): Promise<number> {
  switch (asksFor(command, args)) {
    case "help":
      return print(formatHelp(command));
    case "version":
      return print(formatVersion(program));
    case undefined:
  }
  try {
    return await run(args);
  } catch (error) {
    return report(error, program);
  }
}

function print(text: string): number {
  new Console({ quiet: false, json: false }).print(text);
  return EXIT.done;
}

/** Says what went wrong and gives the exit status; what nobody expected is shown with its class. */
function report(error: unknown, program: string): number {
  const console = new Console({ quiet: true, json: false });
  if (error instanceof Interrupted) {
    console.error(`${program}: ${error.message}`);
    return error.status;
  }
  if (error instanceof ExitFault) {
    console.error(`${program}: ${error.message}`, error.hint);
    return error.status;
  }
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  console.error(`${program}: Unexpected failure: ${text}`, "This is a defect, please report it");
  return EXIT.failed;
}
