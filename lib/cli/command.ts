/**
 * Commands as tables, read strictly: an unknown option, a missing value or a surplus argument is a
 * fault with a hint, never a guess.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { EXIT, ExitFault } from "./exit.ts";
import { flag, type Option, type OptionTable, type OptionValues } from "./options.ts";

/** A command of a program, or a program that has only one. */
export interface Command<T extends OptionTable = OptionTable> {
  /** As typed, such as `relay send`. */
  readonly name: string;
  /** One line. */
  readonly summary: string;
  /** Paragraphs for `--help`, behind the options. */
  readonly notes?: readonly string[];
  /** What can happen, what is then said, and the exit status (- where it goes on). */
  readonly outcomes?: readonly (readonly [event: string, said: string, status: string])[];
  /** The plain arguments. */
  readonly operands: {
    /** As shown, such as `PATH...`; empty if there are none. */
    readonly shown: string;
    /** Least number. */
    readonly least: number;
    /** Most. */
    readonly most: number;
  };
  /** Its options; `--help` and `--version` are added to every command. */
  readonly options: T;
  /** Pairs of what for and command line. */
  readonly examples: readonly (readonly [string, string])[];
  /** Exit statuses that it uses. */
  readonly exits: readonly number[];
  /** What they mean, where that is not what they mean for all programs. */
  readonly meanings?: Readonly<Record<number, string>>;
  /** Options end at the first plain argument: for commands that run another command. */
  readonly stopsAtOperand?: boolean;
}

/** A command line that was understood. */
export interface Parsed<T extends OptionTable> {
  /** Values of all options. */
  readonly options: OptionValues<T>;
  /** Plain arguments, what followed `--` included. */
  readonly operands: readonly string[];
}

/** Options that every command has. */
export const COMMON_OPTIONS = {
  help: flag({ help: "Show this help", short: "h" }),
  version: flag({ help: "Show the version", short: "V" }),
} as const;

/** The long name of an option's key: `maxSize` is `max-size`. */
export function longName(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/**
 * Reads a command line.
 *
 * @param environment Looks up an environment variable.
 * @throws {ExitFault} with status 2 and a hint.
 */
export function parseCommand<T extends OptionTable>(
  command: Command<T>,
  args: readonly string[],
  environment: (name: string) => string | undefined,
): Parsed<T> {
  const table: OptionTable = { ...command.options, ...COMMON_OPTIONS };
  const spellings = spellingsOf(table);
  const keys = Object.keys(table);
  const valued = keys.filter((key) => table[key]?.value !== undefined);
  const parsed = parseArgs(joinValues(command, args, table, spellings), {
    string: ["_", ...valued], // "_": a code or file name of digits stays a text
    boolean: keys.filter((key) => !valued.includes(key)),
    collect: valued,
    "--": true,
    stopEarly: command.stopsAtOperand ?? false,
  });
  const values = Object.entries(table).map(([key, option]) => {
    const given = parsed[key];
    const texts = Array.isArray(given) ? given.map(String) : given === true ? ["true"] : [];
    return [key, readValue(command, key, option, texts, environment)];
  });
  const options = Object.fromEntries(values) as OptionValues<T>;
  const operands = [...parsed._.map(String), ...(parsed["--"] ?? [])];
  checkOperands(command, operands);
  return { options, operands };
}

/** Whether help or version was asked for: these win over every other fault of the line. */
export function asksFor(
  command: Command,
  args: readonly string[],
): "help" | "version" | undefined {
  const table: OptionTable = { ...command.options, ...COMMON_OPTIONS };
  const spellings = spellingsOf(table);
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] as string;
    const key = spellings.get(arg);
    if (key === "help" || key === "version") return key;
    if (arg === "--" || (command.stopsAtOperand && !isOption(arg))) return undefined;
    const takesNext = key !== undefined && table[key]?.value !== undefined;
    if (takesNext && valueBehind(args, i, spellings) !== undefined) i++;
  }
  return undefined;
}

function isOption(arg: string): boolean {
  return arg.startsWith("-") && arg !== "-";
}

/** The argument behind an option, unless it is an option too: that value was forgotten. */
function valueBehind(
  args: readonly string[],
  at: number,
  spellings: ReadonlyMap<string, string>,
): string | undefined {
  const next = args[at + 1];
  if (next === undefined || next === "--") return undefined;
  return spellings.has(next.replace(/=.*$/s, "")) ? undefined : next;
}

function spellingsOf(table: OptionTable): Map<string, string> {
  const spellings = new Map<string, string>();
  for (const [key, option] of Object.entries(table)) {
    spellings.set(`--${longName(key)}`, key);
    for (const alias of option.aliases ?? []) spellings.set(`--${alias}`, key);
    if (option.short !== undefined) spellings.set(`-${option.short}`, key);
  }
  return spellings;
}

/**
 * Writes each option as its key with its value behind `=`, and refuses what is unknown. By its key,
 * because `--no-compress=true` would set `compress`.
 */
function joinValues(
  command: Command,
  args: readonly string[],
  table: OptionTable,
  spellings: ReadonlyMap<string, string>,
): string[] {
  const joined: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] as string;
    if (arg === "--" || (!isOption(arg) && command.stopsAtOperand)) {
      return [...joined, "--", ...args.slice(arg === "--" ? i + 1 : i)];
    }
    if (!isOption(arg)) {
      joined.push(arg);
      continue;
    }
    const equals = arg.startsWith("--") ? arg.indexOf("=") : -1;
    const spelling = equals < 0 ? arg : arg.slice(0, equals);
    const key = spellings.get(spelling);
    if (key === undefined) throw unknownOption(command, spelling, [...spellings.keys()]);
    const option = table[key] as Option<unknown>;
    if (option.value === undefined) {
      if (equals >= 0) throw usage(command, `Option ${spelling} takes no value`);
      joined.push(`--${key}=true`); // bare, it would swallow a file named "true"
      continue;
    }
    const text = equals >= 0 ? arg.slice(equals + 1) : valueBehind(args, i++, spellings);
    if (text === undefined || text === "") {
      throw usage(command, `Option ${spelling} needs a value: ${option.value}`);
    }
    joined.push(`--${key}=${text}`);
  }
  return joined;
}

function readValue(
  command: Command,
  key: string,
  option: Option<unknown>,
  texts: readonly string[],
  environment: (name: string) => string | undefined,
): unknown {
  if (texts.length > 1 && !option.repeatable) {
    throw usage(command, `Option --${longName(key)} was given ${texts.length} times`);
  }
  const inherited = texts.length === 0 && option.env !== undefined
    ? environment(option.env)
    : undefined;
  try {
    return option.parse(inherited === undefined || inherited === "" ? texts : [inherited]);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const source = inherited === undefined ? `--${longName(key)}` : `variable ${option.env}`;
    throw usage(command, `Cannot use ${source} "${inherited ?? texts.at(-1)}": ${error.message}`);
  }
}

function checkOperands(command: Command, operands: readonly string[]): void {
  const { shown, least, most } = command.operands;
  if (operands.length < least) throw usage(command, `Missing argument: ${shown}`);
  if (operands.length > most) {
    throw usage(command, `Unexpected argument: "${operands[most]}"`);
  }
}

function unknownOption(
  command: Command,
  spelling: string,
  known: readonly string[],
): ExitFault {
  const near = known
    .filter((name) => name.startsWith("--"))
    .map((name) => ({ name, distance: editDistance(name, spelling) }))
    .sort((a, b) => a.distance - b.distance)[0];
  const most = Math.min(3, spelling.replace(/^-+/, "").length / 2); // else any short one is near
  const hint = near !== undefined && near.distance <= most ? `; did you mean ${near.name}?` : "";
  return usage(command, `Unknown option ${spelling}${hint}`);
}

function usage(command: Command, message: string): ExitFault {
  return new ExitFault(EXIT.usage, message, `Run "${command.name} --help" for all options`);
}

/** Number of letters to insert, remove or replace to make one text the other. */
export function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
