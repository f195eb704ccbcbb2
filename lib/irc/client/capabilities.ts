/**
 * What client and server agree to use beyond the old protocol (IRCv3 capability negotiation 302).
 *
 * @module
 */

import { MAX_TOKENS } from "../constants.ts";

/** What we use where a server has it. */
const WANTED: readonly string[] = [
  "message-tags",
  "server-time",
  "batch",
  "labeled-response",
  "echo-message",
  "chghost",
  "cap-notify",
];

/** What came of a message of the server. */
export interface CapabilityStep {
  /** Lists to be requested, each with a `CAP REQ` of its own. */
  readonly request: readonly string[];
  /** Nothing is open any more, for the first time. */
  readonly settled: boolean;
}

/** The capabilities of one connection. */
export class Capabilities {
  readonly #wanted: ReadonlySet<string>;
  readonly #offered = new Map<string, string>();
  readonly #enabled = new Set<string>();
  /** Requests without an answer. */
  readonly #open = new Set<string>();
  #listed = false;
  #settled = false;

  /** Wants SASL too, if it is to be used. */
  constructor(sasl: boolean) {
    this.#wanted = new Set(sasl ? [...WANTED, "sasl"] : WANTED);
  }

  /** Whether a capability is in use. */
  has(name: string): boolean {
    return this.#enabled.has(name);
  }

  /** What the server says of a capability that it offers; undefined if it does not offer it. */
  offer(name: string): string | undefined {
    return this.#offered.get(name);
  }

  /** Takes the parameters of a `CAP` message, without the nickname in front. */
  receive(params: readonly string[]): CapabilityStep {
    const words = (params.at(-1) ?? "").split(" ").filter((word) => word !== "");
    switch (params[0]?.toUpperCase()) {
      case "LS":
        this.#offer(words);
        if (params[1] === "*" && params.length > 2) return this.#step([]); // more will follow
        this.#listed = true;
        return this.#request(words.length === 0 ? [] : [...this.#offered.keys()]);
      case "NEW":
        this.#offer(words);
        return this.#request(words.map(nameOf));
      case "DEL":
        for (const word of words) {
          this.#enabled.delete(nameOf(word));
          this.#offered.delete(nameOf(word));
        }
        return this.#step([]);
      case "ACK":
        this.#open.delete(words.join(" "));
        for (const word of words) {
          if (word.startsWith("-")) this.#enabled.delete(word.slice(1));
          else if (this.#wanted.has(nameOf(word))) this.#enabled.add(nameOf(word));
        }
        return this.#step([]);
      case "NAK":
        this.#open.delete(words.join(" "));
        return this.#step(words.length > 1 ? words : []); // one of them is the cause: ask for each
      default:
        return this.#step([]);
    }
  }

  #offer(words: readonly string[]): void {
    for (const word of words) {
      if (this.#offered.size >= MAX_TOKENS) return;
      const at = word.indexOf("=");
      this.#offered.set(nameOf(word), at < 0 ? "" : word.slice(at + 1));
    }
  }

  #request(names: readonly string[]): CapabilityStep {
    const wanted = names.filter((name) => this.#wanted.has(name) && !this.#enabled.has(name));
    return this.#step(wanted.length === 0 ? [] : [[...new Set(wanted)].join(" ")]);
  }

  #step(request: readonly string[]): CapabilityStep {
    for (const list of request) this.#open.add(list);
    const settled = this.#listed && !this.#settled && this.#open.size === 0;
    this.#settled ||= settled;
    return { request, settled };
  }
}

function nameOf(word: string): string {
  return (word.split("=", 1)[0] as string).toLowerCase();
}
