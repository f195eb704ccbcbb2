/**
 * What a server says about itself in numeric 005 (`RPL_ISUPPORT`).
 *
 * @module
 */

import { LEAST_NICK_LENGTH, LONGEST_HOST_BYTES, MAX_TOKENS } from "../constants.ts";
import { type Casemapping, CASEMAPPINGS } from "./casemapping.ts";

/** The tokens of a connection, and what they mean. */
export class Isupport {
  readonly #tokens = new Map<string, string>();

  /** Takes the parameters of one 005, without the nickname in front and the text behind. */
  update(tokens: readonly string[]): void {
    for (const token of tokens) {
      const [, minus, name = "", value] = /^(-?)([A-Z0-9]{1,20})(?:=(.*))?$/s.exec(token) ?? [];
      if (name === "") continue;
      if (minus === "-") this.#tokens.delete(name);
      else if (this.#tokens.has(name) || this.#tokens.size < MAX_TOKENS) {
        this.#tokens.set(name, unescapeValue(value ?? ""));
      }
    }
  }

  /** A token's value, the empty one for a token without; undefined if the server has not said it. */
  get(name: string): string | undefined {
    return this.#tokens.get(name);
  }

  /** How names are compared. */
  get casemapping(): Casemapping {
    const said = this.get("CASEMAPPING")?.toLowerCase();
    if (said === "strict-rfc1459") return "rfc1459-strict";
    return CASEMAPPINGS.find((known) => known === said) ?? "rfc1459";
  }

  /** Letters that names of channels begin with. */
  get channelTypes(): string {
    return this.get("CHANTYPES") ?? "#&";
  }

  /** What stands in front of the names of members, such as `@+`. */
  get memberPrefixes(): string {
    const said = this.get("PREFIX") ?? "(ov)@+";
    return /^\([^)]*\)(.*)$/s.exec(said)?.[1] ?? "";
  }

  /** What may stand in front of a channel to address some of its members. */
  get statusPrefixes(): string {
    return this.get("STATUSMSG") ?? "";
  }

  /** Name of the network, if it has one. */
  get network(): string | undefined {
    return this.get("NETWORK") || undefined;
  }

  /** Longest nickname. */
  get nickLength(): number {
    return this.#length("NICKLEN", LEAST_NICK_LENGTH);
  }

  /** Longest host in a prefix, in bytes. */
  get hostLength(): number {
    return this.#length("HOSTLEN", LONGEST_HOST_BYTES);
  }

  /** Whether a name is one of a channel. */
  isChannel(name: string): boolean {
    return name !== "" && this.channelTypes.includes(name[0] as string);
  }

  /** Whether the server drops a client-only tag, named without its `+` (`CLIENTTAGDENY`). */
  deniesTag(name: string): boolean {
    const denied = (this.get("CLIENTTAGDENY") ?? "").split(",");
    return denied.includes(name) || (denied.includes("*") && !denied.includes(`-${name}`));
  }

  /** The channel that a message for some of its members went to; other targets as they are. */
  withoutStatus(target: string): string {
    const [first = "", ...rest] = target;
    const name = rest.join("");
    return this.statusPrefixes.includes(first) && this.isChannel(name) ? name : target;
  }

  #length(token: string, otherwise: number): number {
    const said = this.get(token) ?? "";
    return /^[1-9][0-9]{0,2}$/.test(said) ? Math.min(255, Number(said)) : otherwise;
  }
}

/** `\x20` and the like stand for characters that a token cannot hold. */
function unescapeValue(value: string): string {
  return value.replace(
    /\\x([0-9A-Fa-f]{2})/g,
    (_, hex: string) => String.fromCharCode(parseInt(hex, 16)),
  );
}
