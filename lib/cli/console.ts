/**
 * What a program says to its user: results on standard output, everything else on standard error.
 *
 * @module
 */

import { escapeControls, toJson } from "../log/mod.ts";
import { formatDuration, formatRate, formatSize } from "./format.ts";

const PROGRESS_INTERVAL_MS = 100;
/** A bar appears only after this time, so that what is quick stays quiet. */
const PROGRESS_DELAY_MS = 500;
const BAR_WIDTH = 24;

const utf8 = new TextEncoder();

/** Where a console writes to. */
export interface ConsoleOptions {
  /** Errors only on standard error. */
  readonly quiet: boolean;
  /** Results as one JSON object a line. */
  readonly json: boolean;
  /** Standard output. */
  readonly out?: { writeSync(bytes: Uint8Array): number };
  /** Standard error. */
  readonly err?: { writeSync(bytes: Uint8Array): number; isTerminal(): boolean };
}

/** The two output streams of a program. */
export class Console {
  readonly #quiet: boolean;
  readonly #json: boolean;
  readonly #out: { writeSync(bytes: Uint8Array): number };
  readonly #err: { writeSync(bytes: Uint8Array): number; isTerminal(): boolean };
  #bar = "";

  /** Writes to the program's own streams unless others are given. */
  constructor(options: ConsoleOptions) {
    this.#quiet = options.quiet;
    this.#json = options.json;
    this.#out = options.out ?? Deno.stdout;
    this.#err = options.err ?? Deno.stderr;
  }

  /** Whether a person watches standard error. */
  get isTerminal(): boolean {
    return this.#err.isTerminal() && !this.#quiet;
  }

  /** A result, as a line of text or, with `--json`, as an object. */
  result(text: string, object: Readonly<Record<string, unknown>>): void {
    this.#clearBar();
    writeAll(this.#out, `${this.#json ? toJson(object) : escapeControls(text)}\n`);
  }

  /** A text of our own as it is, on standard output: help and version. */
  print(text: string): void {
    writeAll(this.#out, `${text}\n`);
  }

  /** Something worth knowing; silenced by `--quiet`. Line feeds in it are kept, other controls escaped. */
  note(text: string): void {
    if (!this.#quiet) this.#line(text);
  }

  /** Something that went wrong, with what to do next; never silenced. */
  error(text: string, hint?: string): void {
    this.#line(hint === undefined ? text : `${text}\n${hint}`);
  }

  /** A progress bar; it shows itself on a terminal, when it takes longer than a moment. */
  progress(label: string, total: number | undefined): Progress {
    return new Progress(label, total, (line) => this.#drawBar(line));
  }

  /** A question without an answer of its own: leaves the cursor behind it. */
  ask(question: string): void {
    this.#clearBar();
    writeAll(this.#err, escapeControls(question));
  }

  /** Ends the line of a question that got no answer. */
  endQuestion(): void {
    writeAll(this.#err, "\n");
  }

  #line(text: string): void {
    this.#clearBar();
    writeAll(this.#err, `${text.split("\n").map(escapeControls).join("\n")}\n`);
  }

  #drawBar(line: string): void {
    if (!this.isTerminal || line === this.#bar) return;
    writeAll(this.#err, line === "" ? "\r\x1b[K" : `\r${escapeControls(line)}\x1b[K`);
    this.#bar = line;
  }

  #clearBar(): void {
    if (this.#bar !== "") this.#drawBar("");
  }
}

/** How far something has come. */
export class Progress {
  readonly #label: string;
  readonly #total: number | undefined;
  readonly #draw: (line: string) => void;
  readonly #started = performance.now();
  #drawn = 0;
  #bytes = 0;

  /** `total` in bytes, undefined where nobody knows it; use {@linkcode Console.progress}. */
  constructor(label: string, total: number | undefined, draw: (line: string) => void) {
    this.#label = label;
    this.#total = total;
    this.#draw = draw;
  }

  /** Bytes done so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Counts more bytes and draws, ten times a second at most. */
  add(bytes: number): void {
    this.#bytes += bytes;
    const now = performance.now();
    if (now - this.#started < PROGRESS_DELAY_MS || now - this.#drawn < PROGRESS_INTERVAL_MS) return;
    this.#drawn = now;
    this.#draw(this.#format(now - this.#started));
  }

  /** Takes the bar away; returns size, rate and time for the last line. */
  finish(): string {
    const elapsed = performance.now() - this.#started;
    this.#draw("");
    return `${formatSize(this.#bytes)} in ${formatDuration(elapsed)}, ${
      formatRate(this.#bytes, elapsed)
    }`;
  }

  #format(elapsed: number): string {
    const rate = formatRate(this.#bytes, elapsed);
    if (this.#total === undefined) return `${this.#label} ${formatSize(this.#bytes)}, ${rate}`;
    const share = this.#total === 0 ? 1 : Math.min(1, this.#bytes / this.#total);
    const filled = Math.round(share * BAR_WIDTH);
    const bar = "#".repeat(filled) + ".".repeat(BAR_WIDTH - filled);
    const left = share === 0 ? "" : `, ${formatDuration(elapsed / share - elapsed)} left`;
    return `${this.#label} [${bar}] ${Math.floor(share * 100)} % of ${
      formatSize(this.#total)
    }, ${rate}${left}`;
  }
}

function writeAll(to: { writeSync(bytes: Uint8Array): number }, text: string): void {
  const bytes = utf8.encode(text);
  for (let written = 0; written < bytes.length;) written += to.writeSync(bytes.subarray(written));
}
