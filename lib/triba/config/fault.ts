/**
 * A configuration that cannot be used.
 *
 * @module
 */

import { escapeControls } from "../../log/mod.ts";
import { sortProblems, type TomlProblem } from "../../toml/mod.ts";

/** Everything that is wrong with a configuration. */
export class ConfigFault extends Error {
  /** The class's name, for messages. */
  override readonly name = "ConfigFault";
  /** All of it, in the order of the file. */
  readonly problems: readonly TomlProblem[];

  /** The message counts the problems. */
  constructor(problems: readonly TomlProblem[]) {
    const count = problems.length === 1 ? "1 error" : `${problems.length} errors`;
    super(`Cannot use the configuration: ${count}`);
    this.problems = sortProblems(problems);
  }

  /** `FILE:LINE:COLUMN: REASON`, one for each problem. */
  lines(file: string): string[] {
    const shown = escapeControls(file);
    return this.problems.map(({ line, column, reason }) => `${shown}:${line}:${column}: ${reason}`);
  }
}
