/**
 * A line that is being typed on a terminal in raw mode: what came in so far, and how to draw it.
 * Small on purpose: deleting, clearing, the lines typed before. Whatever else keys send is ignored.
 *
 * @module
 */

/** What typing led to. */
export type Typed =
  | { readonly type: "line"; readonly text: string }
  /** Ctrl-D on an empty line. */
  | { readonly type: "end" };

/** Longest line, in characters. */
const MAX_CHARACTERS = 16 * 1024;
/** Lines that can be fetched back. */
const MAX_REMEMBERED = 100;

// Letters that take two columns, as far as it matters for keeping the line on one row.
const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\u{1f300}-\u{1faff}]/u;
const NARROW = /[\p{Mn}\p{Me}\p{Cf}]/u;

type Escape = "none" | "begun" | "sequence" | "single";

/** One line. */
export class LineEditor {
  readonly #decoder = new TextDecoder();
  readonly #segments = new Intl.Segmenter(undefined, { granularity: "grapheme" });
  #text = "";
  #before: string[] = [];
  #fetched = 0;
  #escape: Escape = "none";

  /** What is typed so far. */
  get text(): string {
    return this.#text;
  }

  /** Takes what the terminal sends. */
  push(bytes: Uint8Array): Typed[] {
    const typed: Typed[] = [];
    for (const character of this.#decoder.decode(bytes, { stream: true })) {
      const event = this.#take(character);
      if (event !== undefined) typed.push(event);
    }
    return typed;
  }

  /** Keeps a line for the keys up and down. */
  remember(line: string): void {
    if (line !== "" && line !== this.#before.at(-1)) this.#before.push(line);
    this.#before = this.#before.slice(-MAX_REMEMBERED);
    this.#fetched = 0;
  }

  /** The end of what is typed that fits into so many columns; nothing where it is secret. */
  visible(columns: number, secret: boolean): string {
    if (secret) return "";
    let width = 0;
    const shown: string[] = [];
    for (const { segment } of [...this.#segments.segment(this.#text)].reverse()) {
      width += widthOf(segment);
      if (width > columns) break;
      shown.unshift(segment);
    }
    return shown.join("");
  }

  #take(character: string): Typed | undefined {
    if (this.#escape !== "none") {
      this.#takeEscape(character);
      return undefined;
    }
    switch (character) {
      case "\r":
      case "\n": {
        const text = this.#text;
        this.#text = "";
        this.#fetched = 0;
        return { type: "line", text };
      }
      case "\x04": // Ctrl-D
        return this.#text === "" ? { type: "end" } : undefined;
      case "\x7f":
      case "\b":
        this.#text = [...this.#segments.segment(this.#text)].slice(0, -1)
          .map(({ segment }) => segment).join("");
        return undefined;
      case "\x15": // Ctrl-U
        this.#text = "";
        return undefined;
      case "\x17": // Ctrl-W
        this.#text = this.#text.replace(/\S*\s*$/, "");
        return undefined;
      case "\x1b":
        this.#escape = "begun";
        return undefined;
    }
    if (!/\p{Cc}/u.test(character) && this.#text.length < MAX_CHARACTERS) this.#text += character;
    return undefined;
  }

  #takeEscape(character: string): void {
    switch (this.#escape) {
      case "begun":
        this.#escape = character === "[" ? "sequence" : character === "O" ? "single" : "none";
        return;
      case "sequence":
        if (!/[\x40-\x7e]/.test(character)) return; // parameters
        this.#escape = "none";
        if (character === "A") this.#fetch(1);
        if (character === "B") this.#fetch(-1);
        return;
      default:
        this.#escape = "none";
    }
  }

  #fetch(step: number): void {
    const wanted = Math.max(0, Math.min(this.#fetched + step, this.#before.length));
    if (wanted === this.#fetched) return;
    this.#fetched = wanted;
    this.#text = wanted === 0 ? "" : this.#before.at(-wanted) ?? "";
  }
}

/** Columns that a text takes, about. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of text) {
    if (!NARROW.test(character)) width += WIDE.test(character) ? 2 : 1;
  }
  return width;
}
