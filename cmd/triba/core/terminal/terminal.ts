/**
 * The terminal itself: raw mode, the line that is being typed below all output.
 *
 * @module
 */

import { LineEditor, widthOf } from "./line_editor.ts";
import type { Screen } from "./session.ts";

const ERASE_LINE = "\r\x1b[K";
const FALLBACK_COLUMNS = 80;

/** What a terminal is made of; the process's own unless given. */
export interface TerminalDevice {
  read(into: Uint8Array): Promise<number | null>;
  write(text: string): void;
  setRaw(raw: boolean): void;
  columns(): number;
  /** Calls back when the terminal may look otherwise: resized, or used by others in between. */
  onChange(changed: () => void): Disposable;
}

interface Question {
  readonly text: string;
  readonly secret: boolean;
  readonly answer: (line: string | undefined) => void;
}

/** A terminal with a prompt. */
export class Terminal implements Screen, Disposable {
  readonly #device: TerminalDevice;
  readonly #editor = new LineEditor();
  #prompt: () => string = () => "";
  readonly #changes: Disposable;
  #questions: Question[] = [];
  #open = true;

  /** Takes the terminal over until it is disposed of. */
  constructor(device: TerminalDevice = OWN_DEVICE) {
    this.#device = device;
    device.setRaw(true);
    this.#changes = device.onChange(() => {
      device.setRaw(true); // a shell that stopped this process has set it back
      this.refresh();
    });
  }

  /** Shows a line above what is typed. */
  print(line: string): void {
    if (!this.#open) return;
    this.#device.write(`${ERASE_LINE}${line}\r\n${this.#line()}`);
  }

  /** Asks for a line before anything else. */
  ask(text: string, secret: boolean): Promise<string | undefined> {
    return new Promise((answer) => {
      this.#questions.push({ text, secret, answer });
      this.refresh();
    });
  }

  /** Draws prompt and line again. */
  refresh(): void {
    if (this.#open) this.#device.write(`${ERASE_LINE}${this.#line()}`);
  }

  /**
   * Reads lines until the user leaves, or `onLine` says that it is enough. Lines are not waited for:
   * one that takes long does not keep the next from being typed.
   */
  async run(prompt: () => string, onLine: (line: string) => Promise<boolean>): Promise<void> {
    this.#prompt = prompt;
    this.refresh();
    const over = Promise.withResolvers<null>();
    const buffer = new Uint8Array(4096);
    while (true) {
      const count = await Promise.race([this.#device.read(buffer), over.promise]);
      if (count === null) break;
      for (const typed of this.#editor.push(buffer.slice(0, count))) {
        if (typed.type === "end" && !this.#answer(undefined)) return over.resolve(null);
        if (typed.type !== "line" || this.#answer(typed.text)) continue;
        this.#editor.remember(typed.text);
        onLine(typed.text).then((isOver) => isOver && over.resolve(null), over.reject);
      }
      this.refresh();
    }
    while (this.#answer(undefined));
  }

  /** Gives the terminal back as it was. */
  [Symbol.dispose](): void {
    if (!this.#open) return;
    this.#device.write(ERASE_LINE);
    this.#open = false;
    this.#changes[Symbol.dispose]();
    this.#device.setRaw(false);
  }

  /** Whether somebody waited for it. */
  #answer(line: string | undefined): boolean {
    const question = this.#questions.shift();
    question?.answer(line);
    return question !== undefined;
  }

  #line(): string {
    const [question] = this.#questions;
    const prompt = question?.text ?? this.#prompt();
    const columns = Math.max(8, this.#device.columns() - widthOf(prompt) - 1);
    return prompt + this.#editor.visible(columns, question?.secret ?? false);
  }
}

const CHANGES = ["SIGCONT", "SIGWINCH"] as const;

/** The terminal of this process; Ctrl-C stays a signal. */
const OWN_DEVICE: TerminalDevice = {
  read: (into) => Deno.stdin.read(into).catch(() => null), // a terminal that hung up
  write: (text) => {
    const bytes = new TextEncoder().encode(text);
    try {
      for (let done = 0; done < bytes.length;) {
        done += Deno.stdout.writeSync(bytes.subarray(done));
      }
    } catch {
      return; // it hung up: reading finds out
    }
  },
  setRaw: (raw) => {
    try {
      Deno.stdin.setRaw(raw, { cbreak: true });
    } catch {
      return; // it hung up
    }
  },
  columns: () => {
    try {
      return Deno.consoleSize().columns || FALLBACK_COLUMNS;
    } catch {
      return FALLBACK_COLUMNS;
    }
  },
  onChange: (changed) => {
    for (const signal of CHANGES) Deno.addSignalListener(signal, changed);
    return {
      [Symbol.dispose]: () => {
        for (const signal of CHANGES) Deno.removeSignalListener(signal, changed);
      },
    };
  },
};
