/**
 * `--help` from the tables of options and commands.
 *
 * @module
 */

import { type Command, COMMON_OPTIONS, longName } from "./command.ts";
import { EXIT_MEANINGS } from "./exit.ts";
import type { Option } from "./options.ts";

const WIDTH = 96;
const COLUMN = 30;

/** A program with several commands, as `--help` shows it. */
export interface Program {
  /** As typed. */
  readonly name: string;
  /** One line. */
  readonly summary: string;
  /** Its commands in the order to show. */
  readonly commands: readonly Command[];
  /** Pairs of what for and command line. */
  readonly examples: readonly (readonly [string, string])[];
}

/** The help text of a program with several commands. */
export function formatProgramHelp(program: Program): string {
  const commands = program.commands.map((command) =>
    entry(command.name.slice(program.name.length + 1), command.summary)
  );
  return [
    `${program.name}: ${program.summary}`,
    "",
    `Usage: ${program.name} COMMAND [OPTIONS]`,
    "",
    "Commands:",
    ...commands,
    "",
    ...formatExamples(program.examples),
    `Run "${program.name} COMMAND --help" for the options of a command.`,
  ].join("\n");
}

/** The help text of one command. */
export function formatHelp(command: Command): string {
  const options = Object.entries({ ...command.options, ...COMMON_OPTIONS });
  const operands = command.operands.shown === "" ? "" : ` ${command.operands.shown}`;
  return [
    `${command.name}: ${command.summary}`,
    "",
    `Usage: ${command.name} [OPTIONS]${operands}`,
    "",
    "Options:",
    ...options.map(([key, option]) => formatOption(key, option)),
    "",
    ...(command.notes ?? []).flatMap((note) => [...wrap(note, ""), ""]),
    ...formatOutcomes(command.outcomes ?? []),
    ...formatExamples(command.examples),
    "Exit status:",
    ...command.exits.map((status) =>
      entry(String(status), command.meanings?.[status] ?? EXIT_MEANINGS[status] ?? "")
    ),
  ].join("\n");
}

function formatOption(key: string, option: Option<unknown>): string {
  const short = option.short === undefined ? "    " : `-${option.short}, `;
  const value = option.value === undefined ? "" : ` ${option.value}`;
  const extra = [
    option.aliases === undefined ? "" : `also ${option.aliases.map((a) => `--${a}`).join(", ")}`,
    option.repeatable ? "repeatable" : "",
    option.shown === undefined ? "" : `default ${option.shown}`,
    option.env === undefined ? "" : `env ${option.env}`,
  ].filter((text) => text !== "");
  const help = extra.length === 0 ? option.help : `${option.help} (${extra.join("; ")})`;
  return entry(`${short}--${longName(key)}${value}`, help);
}

function formatExamples(examples: Program["examples"]): string[] {
  if (examples.length === 0) return [];
  return ["Examples:", ...examples.flatMap(([what, line]) => [`  # ${what}`, `  ${line}`]), ""];
}

/** What can happen, in two columns; the status stands in front of what is said. */
function formatOutcomes(outcomes: NonNullable<Command["outcomes"]>): string[] {
  if (outcomes.length === 0) return [];
  const lines = outcomes.map(([event, said, status]) => entry(event, `[${status}] ${said}`));
  return ["What can happen, with the exit status ([-] goes on):", ...lines, ""];
}

/** A term and its explanation in two columns; a long term has a line of its own. */
function entry(term: string, text: string): string {
  const indent = " ".repeat(COLUMN);
  const lines = wrap(text, indent);
  const head = `  ${term}`;
  if (head.length >= COLUMN - 1) return [head, ...lines].join("\n");
  return [head.padEnd(COLUMN) + (lines[0] ?? "").trimStart(), ...lines.slice(1)].join("\n");
}

function wrap(text: string, indent: string): string[] {
  const lines: string[] = [];
  let line = indent;
  for (const word of text.split(" ")) {
    if (line.trim() !== "" && line.length + word.length + 1 > WIDTH) {
      lines.push(line);
      line = indent;
    }
    line += line.trim() === "" ? word : ` ${word}`;
  }
  return [...lines, line];
}
