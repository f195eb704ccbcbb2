/**
 * What a check found, for people and for programs.
 *
 * @module
 */

import { counts, type Level, LEVELS, type PointTexts, type Verdict } from "./verdict.ts";
import { escapeControls } from "../../../lib/log/mod.ts";

/** How many points of one level came out how. */
export interface Tally {
  /** Those that hold. */
  readonly pass: number;
  /** Those that do not. */
  readonly fail: number;
  /** Those of which nothing can be said because others fail. */
  readonly blocked: number;
  /** Those that do not apply. */
  readonly skip: number;
}

/** The result of a whole check. */
export interface Summary {
  /** Whether everything holds that has to. */
  readonly ok: boolean;
  /** By level. */
  readonly levels: Readonly<Record<Level, Tally>>;
  /** How long it took. */
  readonly milliseconds: number;
}

/** Counts verdicts; `strict`: a should has to hold as well. */
export function summarise(
  verdicts: readonly Verdict[],
  strict: boolean,
  milliseconds: number,
): Summary {
  const tally = (level: Level): Tally => {
    const of = (result: Verdict["result"]) =>
      verdicts.filter((verdict) => verdict.point.level === level && verdict.result === result)
        .length;
    return { pass: of("pass"), fail: of("fail"), blocked: of("blocked"), skip: of("skip") };
  };
  return {
    ok: !verdicts.some((verdict) => counts(verdict, strict)),
    levels: { must: tally("must"), should: tally("should"), may: tally("may") },
    milliseconds: Math.round(milliseconds),
  };
}

/** A point as `--list` shows it. */
export function formatPoint({ id, level, section, title }: PointTexts): string {
  return `${id.padEnd(7)} ${level.padEnd(7)} ${section.padEnd(20)} ${title}`;
}

/** A verdict as lines of text. */
export function formatVerdict(verdict: Verdict): string[] {
  const { point, result, expected, seen, advice, reason } = verdict;
  const word = { pass: "ok", fail: "FAIL", blocked: "BLOCK", skip: "skip" }[result];
  const lines = [`${word.padEnd(6)} ${formatPoint(point)}`];
  for (
    const [label, text] of [
      ["expected", expected],
      ["seen", seen],
      ["to do", advice],
      ["because", reason],
    ] as const
  ) {
    if (text !== undefined) lines.push(`       ${`${label}:`.padEnd(10)}${text}`);
  }
  return lines;
}

/** The summary as a line of text. */
export function formatSummary({ ok, levels, milliseconds }: Summary): string {
  const parts = LEVELS.map((level) => {
    const { pass, fail, blocked, skip } = levels[level];
    const skipped = skip === 0 ? "" : ` (${skip} skipped)`;
    return `${level} ${pass} of ${pass + fail + blocked}${skipped}`;
  });
  return `${ok ? "passed" : "failed"}: ${parts.join(", ")} in ${
    (milliseconds / 1000).toFixed(1)
  } s`;
}

/** A verdict as an object for `--json`. */
export function toObject(verdict: Verdict): Readonly<Record<string, unknown>> {
  const { point: { id, title, section, level }, ...rest } = verdict;
  return { id, level, section, title, ...rest };
}

/**
 * All verdicts as JUnit's XML. What does not hold and does not have to is "skipped" there, so that
 * the status of a pipeline is that of the program.
 */
export function formatJunit(
  name: string,
  verdicts: readonly Verdict[],
  strict: boolean,
  milliseconds: number,
): string {
  const failures = verdicts.filter((verdict) => counts(verdict, strict)).length;
  const skipped = verdicts.filter((verdict) => isSkippedInJunit(verdict, strict)).length;
  const attributes =
    `name="${escapeXml(name)}" tests="${verdicts.length}" failures="${failures}" ` +
    `errors="0" skipped="${skipped}" time="${(milliseconds / 1000).toFixed(3)}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${attributes}>`,
    `  <testsuite ${attributes}>`,
    ...verdicts.flatMap((verdict) => formatCase(verdict, strict)),
    "  </testsuite>",
    "</testsuites>",
    "",
  ].join("\n");
}

function isSkippedInJunit(verdict: Verdict, strict: boolean): boolean {
  return verdict.result !== "pass" && !counts(verdict, strict);
}

function formatCase(verdict: Verdict, strict: boolean): string[] {
  const { point: { id, level, title, section }, result, milliseconds } = verdict;
  const head = `    <testcase classname="${level}" name="${escapeXml(`${id} ${title}`)}" time="${
    (milliseconds / 1000).toFixed(3)
  }"`;
  if (result === "pass") return [`${head}/>`];
  const [, ...texts] = formatVerdict(verdict).map((line) => line.trim());
  const text = [`section ${section}`, ...texts].join("\n");
  const message = escapeXml(verdict.seen ?? verdict.reason ?? "");
  const inside = counts(verdict, strict)
    ? `      <failure type="${result}" message="${message}">${escapeXml(text)}</failure>`
    : `      <skipped message="${message}"/>`;
  return [`${head}>`, inside, "    </testcase>"];
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "\n": "&#10;",
};

function escapeXml(text: string): string {
  const safe = text.split("\n").map(escapeControls).join("\n");
  return safe.replace(/[&<>"\n]/g, (character) => ENTITIES[character] as string);
}
