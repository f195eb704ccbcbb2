// A console whose two streams are kept instead of shown.

import { Console } from "../../lib/cli/mod.ts";

/** A stream that keeps what is written, a few bytes at a time as a pipe may do. */
export class CapturedStream {
  #text = "";
  readonly #decoder = new TextDecoder("utf-8", { fatal: true });
  readonly #terminal: boolean;

  constructor(terminal: boolean) {
    this.#terminal = terminal;
  }

  /** Everything so far. */
  get text(): string {
    return this.#text;
  }

  isTerminal(): boolean {
    return this.#terminal;
  }

  writeSync(bytes: Uint8Array): number {
    const taken = bytes.subarray(0, 7);
    this.#text += this.#decoder.decode(taken, { stream: true });
    return taken.length;
  }
}

/** A console and what it has written. */
export interface CapturedConsole {
  readonly console: Console;
  /** Standard output. */
  readonly out: CapturedStream;
  /** Standard error. */
  readonly err: CapturedStream;
}

export function captureConsole(
  { quiet = false, json = false, terminal = false }: {
    readonly quiet?: boolean;
    readonly json?: boolean;
    readonly terminal?: boolean;
  } = {},
): CapturedConsole {
  const [out, err] = [new CapturedStream(false), new CapturedStream(terminal)];
  return { console: new Console({ quiet, json, out, err }), out, err };
}
