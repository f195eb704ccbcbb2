/**
 * Where a transfer code comes from: the argument, the environment, a file, or a question.
 *
 * @module
 */

import { type Console, EXIT, ExitFault, type LineInput } from "../../lib/cli/mod.ts";
import { FileFault, withFile } from "../../lib/files/mod.ts";

/** Environment variable that holds a code. */
const CODE_VARIABLE = "SALLYPORT_CODE";
/** Codes shorter than this can be guessed; a generated one has 15 characters and 44 bits. */
const SHORT_CODE_LENGTH = 12;

/** The ways that a command line leaves open. */
export interface CodeSources {
  /** Typed as an argument. */
  readonly argument?: string | undefined;
  /** `--code-file`. */
  readonly file: string | undefined;
  /** Standard input. */
  readonly input: LineInput;
  /** Ends waiting for standard input. */
  readonly signal: AbortSignal;
}

/** A code that the user chose or was told; undefined where none is given. */
export async function findCode(sources: CodeSources): Promise<string | undefined> {
  const { argument, file, input, signal } = sources;
  const given = [argument, file].filter((source) => source !== undefined).length;
  if (given > 1) {
    throw new ExitFault(EXIT.usage, "Two codes are given: as an argument and by --code-file");
  }
  if (argument !== undefined) return nonEmpty(argument, "the argument");
  if (file === "-") {
    const line = await input.next(signal);
    signal.throwIfAborted();
    return nonEmpty(line?.trim() ?? "", "standard input");
  }
  if (file !== undefined) return nonEmpty(await readFirstLine(file), `"${file}"`);
  const variable = Deno.env.get(CODE_VARIABLE);
  return variable === undefined || variable === "" ? undefined : variable;
}

/** Asks for the code at the terminal until there is one. */
export async function askCode(
  console: Console,
  input: LineInput,
  signal: AbortSignal,
): Promise<string> {
  while (true) {
    console.ask("Code: ");
    const line = await input.next(signal);
    if (line === undefined) {
      console.endQuestion();
      signal.throwIfAborted();
      throw new ExitFault(EXIT.usage, "No code was entered");
    }
    const code = line.replace(/\s+/g, "");
    if (code !== "") return code;
  }
}

/** Says so where a chosen code is easily guessed. */
export function warnIfShort(console: Console, code: string): void {
  if ([...code].length >= SHORT_CODE_LENGTH) return;
  console.note(
    `Warning: this code is short. Whoever guesses it gets the files; ${SHORT_CODE_LENGTH} ` +
      "characters or more are advisable, or leave it out to have one made",
  );
}

async function readFirstLine(file: string): Promise<string> {
  try {
    const text = await withFile("read", file, () => Deno.readTextFile(file));
    return (text.split("\n")[0] ?? "").trim();
  } catch (error) {
    if (error instanceof FileFault) throw new ExitFault(EXIT.file, error.message);
    throw error;
  }
}

function nonEmpty(code: string, source: string): string {
  if (code === "") throw new ExitFault(EXIT.usage, `The code in ${source} is empty`);
  return code;
}
