// The tables of what can happen to a program, which its help shows, put to the test: each row needs
// a case that makes it happen.

import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Command } from "../../lib/cli/mod.ts";
import type { Ended, Program } from "./program.ts";
import { type Case, type Stage, testOnStages } from "./relay_stage.ts";

type Outcome = readonly [event: string, said: string, status: string];
type CommandWithOutcomes = Command & { readonly outcomes: readonly Outcome[] };
/** The events of a command's table. */
export type EventOf<C extends CommandWithOutcomes> = C["outcomes"][number][0];

/** Makes the event happen; gives the program that ended, or the one that goes on. */
export type Variant<S = Stage> = (stage: S) => Promise<Ended | Program>;
/** The same where it cannot run everywhere. */
export interface ConditionalVariant<S = Stage> {
  readonly run: Variant<S>;
  /** Why not here, if so. */
  readonly skipped: string | undefined;
}

/** For each event the ways in which it can come about, by name. */
export type OutcomeCases<C extends CommandWithOutcomes, S = Stage> = Readonly<
  Record<EventOf<C>, Readonly<Record<string, Variant<S> | ConditionalVariant<S>>>>
>;

/** One case, and the reason why it cannot run here, if there is one. */
export interface OutcomeCase<S> {
  readonly name: string;
  readonly run: (stage: S) => Promise<void>;
  readonly skipped?: string | undefined;
}

/**
 * Tests a command's table: message and exit status of every row are as the help says.
 *
 * @param onStages Registers the cases; those of `relay` unless given.
 */
export function testOutcomes<C extends CommandWithOutcomes>(
  command: C,
  cases: OutcomeCases<C>,
): void;
export function testOutcomes<C extends CommandWithOutcomes, S>(
  command: C,
  cases: OutcomeCases<C, S>,
  onStages: (name: string, cases: readonly OutcomeCase<S>[]) => void,
): void;
export function testOutcomes<C extends CommandWithOutcomes>(
  command: C,
  cases: OutcomeCases<C>,
  onStages: (name: string, cases: readonly Case[]) => void = testOnStages,
): void {
  Deno.test(`${command.name}: every row of its table of outcomes has a case`, () => {
    const events = command.outcomes.map(([event]) => event);
    assertEquals(Object.keys(cases).sort(), [...events].sort());
    for (const [event, variants] of Object.entries(cases)) {
      assert(Object.keys(variants as object).length > 0, `"${event}" has no case`);
    }
  });
  onStages(
    `${command.name}: message and exit status of every outcome`,
    command.outcomes.flatMap((outcome) => {
      const variants = cases[outcome[0] as EventOf<C>];
      return Object.entries(variants).map(([name, variant]) => toCase(outcome, name, variant));
    }),
  );
}

function toCase(
  [event, said, statuses]: Outcome,
  name: string,
  variant: Variant | ConditionalVariant,
): Case {
  const { run, skipped } = typeof variant === "function"
    ? { run: variant, skipped: undefined }
    : variant;
  return {
    name: `${event}: ${name}`,
    skipped,
    run: async (stage) => {
      const shown = await run(stage);
      const text = `${shown.stdout}${shown.stderr}`;
      assertMatch(text, patternOf(said), `"${said}" is not what it said:\n${text}`);
      if ("code" in shown) {
        assert(
          statuses.split(", ").includes(String(shown.code)),
          `Ended with ${shown.code}, the table says ${statuses}:\n${text}`,
        );
      } else {
        assert(
          shown.running && statuses === "-",
          `The table says ${statuses}, it goes on:\n${text}`,
        );
      }
    },
  };
}

/**
 * A message of the table as a pattern: words in capitals stand for anything, a remark follows a
 * semicolon.
 */
function patternOf(said: string): RegExp {
  const [message = ""] = said.split("; ");
  const words = message.split(/\b([A-Z]+)\b/).map((word, i) =>
    i % 2 === 1 ? ".+" : word.replace(/[^\w\s]/g, "\\$&")
  );
  return new RegExp(words.join(""));
}
