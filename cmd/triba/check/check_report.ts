/**
 * The report of a check while it grows.
 *
 * @module
 */

import {
  formatJunit,
  formatPoint,
  formatSummary,
  formatVerdict,
  summarise,
  toObject,
} from "./report.ts";
import type { PointTexts, Verdict } from "./verdict.ts";
import { Console } from "../../../lib/cli/mod.ts";
import { withFile } from "../../../lib/files/mod.ts";

/** How the report is written. */
export interface ReportOptions {
  /** One JSON object a line. */
  readonly json: boolean;
  /** Only what does not hold. */
  readonly quiet: boolean;
  /** Whether a should has to hold. */
  readonly strict: boolean;
  /** Where JUnit's XML goes: a path, or - for standard output. */
  readonly junit?: string | undefined;
}

/** Prints verdicts as they come, and the rest in the end. */
export class CheckReport {
  readonly #options: ReportOptions;
  readonly #name: string;
  readonly #shown: ReadonlySet<string>;
  readonly #console: Console;
  readonly #verdicts: Verdict[] = [];
  readonly #blocked = new Map<string, readonly string[]>();
  readonly #started = performance.now();

  /** `shown`: the points that were asked for; others appear only if they do not hold. */
  constructor(options: ReportOptions, name: string, shown: ReadonlySet<string>) {
    this.#options = options;
    this.#name = name;
    this.#shown = shown;
    this.#console = new Console({ quiet: options.quiet, json: options.json });
  }

  /** Shows a point that is not run. */
  list(point: PointTexts): void {
    const { id, level, section, title } = point;
    this.#console.result(formatPoint(point), { id, level, section, title });
  }

  /** Takes a verdict. */
  add(verdict: Verdict): void {
    const { point, result } = verdict;
    const fine = result === "pass" || result === "skip";
    if (fine && !this.#shown.has(point.id)) return;
    this.#verdicts.push(verdict);
    const { json, quiet, junit } = this.#options;
    if (junit === "-") return;
    if (json) this.#console.result("", toObject(verdict));
    else if (result === "blocked") this.#block(verdict);
    else if (!fine || !quiet) {
      for (const line of formatVerdict(verdict)) this.#console.result(line, {});
    }
  }

  /** Writes the rest; whether all holds that has to. */
  async finish(): Promise<boolean> {
    const { strict, junit } = this.#options;
    const milliseconds = performance.now() - this.#started;
    const summary = summarise(this.#verdicts, strict, milliseconds);
    if (junit !== undefined) {
      const xml = formatJunit(this.#name, this.#verdicts, strict, milliseconds);
      if (junit === "-") this.#console.print(xml.trimEnd());
      else await withFile("write", junit, () => Deno.writeTextFile(junit, xml));
    }
    for (const [reason, ids] of this.#blocked) {
      this.#console.result(`BLOCK  ${ids.join(" ")}`, {});
      this.#console.result(`       because:  ${reason}`, {});
    }
    if (junit !== "-") this.#console.result(formatSummary(summary), { summary });
    return summary.ok;
  }

  /** One failure can block nearly everything: that is told in one place. */
  #block({ point, reason = "" }: Verdict): void {
    this.#blocked.set(reason, [...this.#blocked.get(reason) ?? [], point.id]);
  }
}
