/**
 * Messages of ours on their way: how we learn that the server has them, and under which id.
 *
 * With labels or echoes the server says so itself. Without, a ping is sent behind: the server works off lines in
 * order, so that any refusal comes before the pong.
 *
 * @module
 */

import { formatAction } from "../codec/ctcp.ts";
import { plainText } from "../codec/formatting.ts";
import { encodeMessage } from "../codec/message.ts";
import { checkTarget } from "../codec/names.ts";
import { splitText } from "../codec/split.ts";
import type { Tags } from "../codec/tags.ts";
import { byteLength } from "../codec/text.ts";
import { IrcFault } from "../fault.ts";
import type { Capabilities } from "./capabilities.ts";
import type { ClientContext } from "./context.ts";
import type { ChatKind, ChatMessage } from "./events.ts";
import type { QueuedLine } from "./send_queue.ts";

/** Pieces that one text may need: more would take minutes to send. */
const MOST_PIECES = 60;
/** In front of the token of pings that follow messages. */
const FENCE = "sent-";
/** What such a ping counts as: it is short, but some servers count every line. */
const FENCE_COST = 0.5;
/** How much longer an echo is expected than a confirmation: servers slow fast writers down. */
const ECHO_MS = 180_000;

/** A message that the user wants to send. */
export interface Outgoing {
  /** Channel or nickname. */
  readonly target: string;
  /** How it is meant. */
  readonly kind: ChatKind;
  /** The text; lines, and pieces of long ones, become messages of their own. */
  readonly text: string;
  /** Id of the message that it answers, where the server knows ids. */
  readonly reply?: string | undefined;
}

interface Delivery {
  readonly send: number;
  readonly target: string;
  /** When it counts as sent without any sign; undefined until its first piece has gone out. */
  deadline: number | undefined;
}

interface Piece {
  readonly send: number;
  readonly piece: number;
  readonly label: string | undefined;
  readonly target: string;
  readonly kind: ChatKind;
  readonly text: string;
  deadline: number | undefined;
}

/** The messages of ours that are on their way. */
export class Deliveries {
  readonly #context: ClientContext;
  readonly #capabilities: Capabilities;
  readonly #deliveries = new Map<number, Delivery>();
  /** Pieces whose echo or acknowledgement is to come. */
  #pieces: Piece[] = [];
  /** Deliveries written since the last ping, and those that wait for its pong. */
  #unfenced: number[] = [];
  #fenced: { readonly token: string; readonly sends: readonly number[] } | undefined;
  #fences = 0;

  /** Nothing is on its way yet. */
  constructor(context: ClientContext, capabilities: Capabilities) {
    this.#context = context;
    this.#capabilities = capabilities;
  }

  /**
   * Puts a message into the queue.
   *
   * @throws {IrcFault} `argument` or `too-long` for what cannot be sent, `full`.
   */
  say(send: number, { target, kind, text, reply }: Outgoing): void {
    checkTarget(target);
    const command = kind === "notice" ? "NOTICE" : "PRIVMSG";
    const around = kind === "emote" ? byteLength(formatAction("")) : 0;
    const room = this.#context.textBytes(command, target) - around;
    if (room < 4) throw new IrcFault("too-long", "Cannot send: the name of the target is too long");
    const texts = splitText(text, room);
    if (texts.length === 0) throw new IrcFault("argument", "Cannot send: the text is empty");
    if (texts.length > MOST_PIECES) {
      throw new IrcFault(
        "too-long",
        `Cannot send: the text needs ${texts.length} messages, ${MOST_PIECES} are the limit`,
      );
    }
    const labels = this.#capabilities.has("labeled-response");
    const lane = this.#context.fold(target);
    const pieces = texts.map((piece, i): Piece => ({
      send,
      piece: i,
      label: labels ? `${send}.${i}` : undefined,
      target: lane,
      kind,
      text: plainText(piece),
      deadline: undefined,
    }));
    this.#context.queue.push(
      lane,
      texts.map((piece, i): QueuedLine => ({
        bytes: encodeMessage({
          command,
          params: [target, kind === "emote" ? formatAction(piece) : piece],
          tags: this.#tags(pieces[i]?.label, reply),
        }),
        send,
        piece: i,
      })),
    );
    this.#deliveries.set(send, { send, target: lane, deadline: undefined });
    if (labels || this.#capabilities.has("echo-message")) this.#pieces.push(...pieces);
  }

  /** Takes back what has not gone out; whether that was all of it. */
  cancel(send: number): boolean {
    const whole = this.#context.queue.drop(send);
    if (whole) this.#forget(send);
    return whole;
  }

  /** A line of a delivery has gone out. */
  written({ send, piece }: QueuedLine): void {
    if (send === undefined) return;
    const deadline = this.#context.now + this.#context.times.confirmMs;
    const expected = this.#pieces.find((each) => each.send === send && each.piece === piece);
    if (expected !== undefined) expected.deadline = deadline + ECHO_MS;
    const delivery = this.#deliveries.get(send);
    if (piece !== 0 || delivery === undefined) return;
    delivery.deadline = deadline;
    if (expected !== undefined) return;
    this.#unfenced.push(send);
    this.#fence();
  }

  /** Takes a message of our own that the server passed back; whether `say` sent it. */
  echoed(label: string | undefined, message: ChatMessage): boolean {
    const target = this.#context.fold(message.room);
    const found = this.#takePiece((piece) =>
      piece.label !== undefined ? piece.label === label : piece.deadline !== undefined &&
        piece.target === target && piece.kind === message.kind && piece.text === message.text
    );
    if (found?.piece === 0) this.#confirm(found.send, message.id, message.time);
    return found !== undefined;
  }

  /** The server has done what a labelled message said, and nothing more is to come. */
  acknowledged(label: string | undefined): void {
    const found = this.#takePiece((piece) => piece.label !== undefined && piece.label === label);
    if (found?.piece === 0) this.#confirm(found.send, undefined, undefined);
  }

  /** Takes an error of the server; whether it was about a message of ours. */
  refused(label: string | undefined, numeric: string, target: string, text: string): boolean {
    const labelled = this.#takePiece((piece) => piece.label !== undefined && piece.label === label);
    const folded = this.#context.fold(target);
    const send = labelled?.send ?? this.#oldest(folded);
    if (send === undefined) return false;
    this.#context.queue.drop(send);
    if (this.#deliveries.has(send)) this.#context.emit({ type: "unsent", send, numeric, text });
    else this.#context.log("warn", `A part of a long message was not passed on: "${text}"`);
    this.#forget(send);
    return true;
  }

  /** Takes a pong; whether it answers a ping of ours. */
  pong(token: string): boolean {
    if (this.#fenced?.token !== token) return token.startsWith(FENCE);
    const { sends } = this.#fenced;
    this.#fenced = undefined;
    for (const send of sends) this.#confirm(send, undefined, undefined);
    this.#fence();
    return true;
  }

  /** What got no sign in time counts as sent: the connection lives, so the server has it. */
  tick(): void {
    const { now } = this.#context;
    const isOver = (deadline: number | undefined) => deadline !== undefined && deadline <= now;
    this.#pieces = this.#pieces.filter(({ deadline }) => !isOver(deadline));
    for (const { send, deadline } of [...this.#deliveries.values()]) {
      if (isOver(deadline)) this.#confirm(send, undefined, undefined);
    }
  }

  /** When {@linkcode Deliveries.tick} has something to do. */
  get wakeAt(): number | undefined {
    let first: number | undefined;
    for (const { deadline } of [...this.#deliveries.values(), ...this.#pieces]) {
      if (deadline !== undefined && !(first !== undefined && first <= deadline)) first = deadline;
    }
    return first;
  }

  #tags(label: string | undefined, reply: string | undefined): Tags {
    const tags = new Map<string, string>();
    if (label !== undefined) tags.set("label", label);
    if (reply !== undefined && this.#capabilities.has("message-tags")) {
      tags.set("+draft/reply", reply);
    }
    return tags;
  }

  /** The first unconfirmed delivery to a target that has gone out. */
  #oldest(target: string): number | undefined {
    for (const delivery of this.#deliveries.values()) {
      if (delivery.deadline !== undefined && delivery.target === target) return delivery.send;
    }
    return undefined;
  }

  #takePiece(matches: (piece: Piece) => boolean): Piece | undefined {
    const at = this.#pieces.findIndex(matches);
    return at < 0 ? undefined : this.#pieces.splice(at, 1)[0];
  }

  #confirm(send: number, id: string | undefined, time: number | undefined): void {
    if (this.#deliveries.delete(send)) this.#context.emit({ type: "sent", send, id, time });
  }

  #forget(send: number): void {
    this.#deliveries.delete(send);
    this.#pieces = this.#pieces.filter((piece) => piece.send !== send);
  }

  /** Sends a ping behind what has been written, one at a time. */
  #fence(): void {
    if (this.#fenced !== undefined || this.#unfenced.length === 0) return;
    this.#fenced = { token: `${FENCE}${++this.#fences}`, sends: this.#unfenced };
    this.#unfenced = [];
    const ping = encodeMessage({ command: "PING", params: [this.#fenced.token] });
    this.#context.writeNow(ping, FENCE_COST);
  }
}
