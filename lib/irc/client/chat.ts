/**
 * What people write, and that they write.
 *
 * @module
 */

import { parseCtcp } from "../codec/ctcp.ts";
import { plainText } from "../codec/formatting.ts";
import { encodeMessage, type IrcMessage } from "../codec/message.ts";
import { checkTarget } from "../codec/names.ts";
import { isServer } from "../codec/source.ts";
import type { Batches } from "./batches.ts";
import type { Capabilities } from "./capabilities.ts";
import type { ClientContext } from "./context.ts";
import type { Deliveries } from "./deliveries.ts";
import type { ChatKind, ChatMessage } from "./events.ts";

/** Between two notices that the user writes (IRCv3 typing), in milliseconds. */
const TYPING_INTERVAL_MS = 3_000;
const TYPING_STATES = ["active", "paused", "done"] as const;
/** Longest id of a message that is taken over. */
const MAX_ID_LENGTH = 256;

/** The conversations of one connection. */
export class Chat {
  readonly #context: ClientContext;
  readonly #capabilities: Capabilities;
  readonly #batches: Batches;
  readonly #deliveries: Deliveries;
  /** When we last told a target that the user writes. */
  readonly #told = new Map<string, number>();

  /** Nothing has been said yet. */
  constructor(
    context: ClientContext,
    capabilities: Capabilities,
    batches: Batches,
    deliveries: Deliveries,
  ) {
    this.#context = context;
    this.#capabilities = capabilities;
    this.#batches = batches;
    this.#deliveries = deliveries;
  }

  /** Takes a `PRIVMSG` or `NOTICE`. */
  receive(message: IrcMessage): void {
    const { command, params, source, tags } = message;
    const [to = "", raw = ""] = params;
    const target = this.#context.isupport.withoutStatus(to);
    const direct = !this.#context.isupport.isChannel(target);
    if (source === undefined || (direct && isServer(source))) {
      return this.#context.log("info", `The server says "${plainText(raw)}"`);
    }
    const own = this.#context.isMe(source.name);
    if (direct && !own && !this.#context.isMe(target)) return; // to other users of the server
    const read = readText(command, raw);
    if (read === undefined) {
      return this.#context.log("debug", `A request of ${source.name} is left alone`);
    }
    const chat: ChatMessage = {
      id: idOf(message),
      time: timeOf(message),
      from: source.name,
      own,
      room: direct && !own ? source.name : target,
      direct,
      ...read,
      reply: tags.get("+draft/reply"),
    };
    if (own && this.#deliveries.echoed(this.#batches.labelOf(message), chat)) return;
    if (own && direct && this.#context.isMe(target)) return; // the other copy of what was echoed
    if (chat.text.trim() !== "") this.#context.emit({ type: "message", message: chat });
  }

  /** Takes a `TAGMSG`. */
  receiveTags({ params, source, tags }: IrcMessage): void {
    const target = this.#context.isupport.withoutStatus(params[0] ?? "");
    const state = TYPING_STATES.find((known) => known === tags.get("+typing"));
    if (state === undefined || source === undefined || this.#context.isMe(source.name)) return;
    const direct = !this.#context.isupport.isChannel(target);
    const room = direct ? source.name : target;
    this.#context.emit({ type: "typing", room, nick: source.name, state });
  }

  /** Whether the server passes on that users write. */
  get carriesTyping(): boolean {
    return this.#capabilities.has("message-tags") && !this.#context.isupport.deniesTag("typing");
  }

  /** Tells a target that the user writes, or stopped; not too often, and never instead of a message. */
  tellTyping(target: string, active: boolean): void {
    checkTarget(target);
    const { now, queue } = this.#context;
    const key = this.#context.fold(target);
    const told = this.#told.get(key);
    for (const [other, at] of this.#told) {
      if (now - at > 10 * TYPING_INTERVAL_MS) this.#told.delete(other);
    }
    if (active ? told !== undefined && now - told < TYPING_INTERVAL_MS : told === undefined) return;
    if (!this.carriesTyping || !queue.isFree(now)) return;
    if (active) this.#told.set(key, now);
    else this.#told.delete(key);
    const tags = new Map([["+typing", active ? "active" : "done"]]);
    this.#context.writeNow(encodeMessage({ command: "TAGMSG", params: [target], tags }));
  }
}

/** How a text is meant; undefined for requests and answers between programs. */
function readText(command: string, raw: string): { kind: ChatKind; text: string } | undefined {
  const ctcp = parseCtcp(raw);
  if (ctcp === undefined) {
    return { kind: command === "NOTICE" ? "notice" : "text", text: plainText(raw) };
  }
  if (ctcp.command !== "ACTION" || command !== "PRIVMSG") return undefined;
  return { kind: "emote", text: plainText(ctcp.text) };
}

function idOf({ tags }: IrcMessage): string | undefined {
  const id = tags.get("msgid");
  return id !== undefined && id !== "" && id.length <= MAX_ID_LENGTH ? plainText(id) : undefined;
}

/** The time of `server-time`, `2026-11-21T16:38:05.123Z`; undefined for anything else. */
function timeOf({ tags }: IrcMessage): number | undefined {
  const text = tags.get("time") ?? "";
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?Z$/.test(text)) return undefined;
  const time = Date.parse(text);
  return time >= 0 ? time : undefined; // NaN is no time
}
