/**
 * Batches (IRCv3): messages that belong together. Only the label matters here, which a server puts
 * on a batch when it answers one message with several.
 *
 * @module
 */

import type { IrcMessage } from "../codec/message.ts";
import { MAX_BATCHES } from "../constants.ts";

/** The open batches of one connection. */
export class Batches {
  readonly #labels = new Map<string, string | undefined>();

  /** Takes a `BATCH` message. Of too many open ones the oldest is forgotten. */
  receive(message: IrcMessage): void {
    const reference = message.params[0] ?? "";
    const name = reference.slice(1);
    if (reference.startsWith("-")) this.#labels.delete(name);
    if (!reference.startsWith("+")) return;
    const [oldest] = this.#labels.keys();
    if (this.#labels.size >= MAX_BATCHES && oldest !== undefined) this.#labels.delete(oldest);
    this.#labels.set(name, this.labelOf(message));
  }

  /** The label of the message that this one answers. */
  labelOf({ tags }: IrcMessage): string | undefined {
    return tags.get("label") ?? this.#labels.get(tags.get("batch") ?? "");
  }
}
