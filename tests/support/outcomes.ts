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
export type Variant = (stage: Stage) => Promise<Ended | Program>;
/** The same where it cannot run everywhere. */
export interface ConditionalVariant {
  readonly run: Variant;
  /** Why not here, if so. */
  readonly skipped: string | undefined;
}

/** For each event the ways in which it can come about, by name. */
export type OutcomeCases<C extends CommandWithOutcomes> = Readonly<
  Record<EventOf<C>, Readonly<Record<string, Variant | ConditionalVariant>>>
>;

/** Tests a command's table: message and exit status of every row are as the help says. */
export function testOutcomes<C extends CommandWithOutcomes>(
  command: C,
  cases: OutcomeCases<C>,
): void {
  Deno.test(`${command.name}: every row of its table of outcomes has a case`, () => {
    const events = command.outcomes.map(([event]) => event);
    assertEquals(Object.keys(cases).sort(), [...events].sort());
    for (const [event, variants] of Object.entries(cases)) {
      assert(Object.keys(variants as object).length > 0, `"${event}" has no case`);
    }
  });
  testOnStages(
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
