/**
 * The seven messages (spec section 3) and their frames. Numbers and bodies depend on the framing:
 * the wide one follows the original programs, the narrow one the seed.
 *
 * @module
 */

import {
  BYE,
  ERROR,
  type ErrorText,
  GET,
  HELLO,
  KEY_NOT_FOUND,
  LINK,
  OK_GET_NARROW,
  OK_GET_WIDE,
} from "./constants.ts";
import { encodeFrame, type Frame, type Framing } from "./frame.ts";

/** What a client sends. */
export type ClientMessage =
  | { readonly type: "Hello"; readonly publicKey: Uint8Array }
  | { readonly type: "Get"; readonly request: Uint8Array }
  | { readonly type: "Bye"; readonly publicKey: Uint8Array };

/** What a server sends. */
export type ServerMessage =
  | { readonly type: "Link" }
  | { readonly type: "OkGet"; readonly sealed: Uint8Array }
  | { readonly type: "KeyNotFound"; readonly publicKey: Uint8Array }
  | { readonly type: "Error"; readonly reason: ErrorText };

/** What a server's frame says; the reason may be any text. */
export type ReceivedMessage =
  | Exclude<ServerMessage, { readonly type: "Error" }>
  | { readonly type: "Error"; readonly reason: string };

const utf8 = new TextEncoder();
const lenient = new TextDecoder();

/** The frame of a client's message; a wide Bye is empty, whatever key it is given. */
export function encodeClientMessage(
  framing: Framing,
  message: ClientMessage,
): Uint8Array<ArrayBuffer> {
  switch (message.type) {
    case "Hello":
      return encodeFrame(framing, HELLO, message.publicKey);
    case "Get":
      return encodeFrame(framing, GET, message.request);
    case "Bye":
      if (framing === "wide") return encodeFrame(framing, BYE);
      return encodeFrame(framing, BYE, message.publicKey);
    default:
      return message satisfies never;
  }
}

/**
 * The frame of a server's message.
 *
 * @throws {RangeError} for a sealed shard that the narrow framing cannot carry.
 */
export function encodeServerMessage(
  framing: Framing,
  message: ServerMessage,
): Uint8Array<ArrayBuffer> {
  switch (message.type) {
    case "Link":
      return encodeFrame(framing, LINK);
    case "OkGet": {
      const type = framing === "wide" ? OK_GET_WIDE : OK_GET_NARROW;
      return encodeFrame(framing, type, message.sealed);
    }
    case "KeyNotFound":
      return encodeFrame(framing, KEY_NOT_FOUND, message.publicKey);
    case "Error":
      return encodeFrame(framing, ERROR, utf8.encode(message.reason));
    default:
      return message satisfies never;
  }
}

/** What a client's frame says, or undefined if no client sends its type. */
export function readClientFrame(frame: Frame): ClientMessage | undefined {
  switch (frame.type) {
    case HELLO:
      return { type: "Hello", publicKey: frame.body };
    case GET:
      return { type: "Get", request: frame.body };
    case BYE:
      return { type: "Bye", publicKey: frame.body };
    default:
      return undefined;
  }
}

/** What a server's frame says, or undefined if no server sends its type. */
export function readServerFrame(frame: Frame): ReceivedMessage | undefined {
  switch (frame.type) {
    case LINK:
      return { type: "Link" };
    case OK_GET_NARROW:
    case OK_GET_WIDE:
      return { type: "OkGet", sealed: frame.body };
    case KEY_NOT_FOUND:
      return { type: "KeyNotFound", publicKey: frame.body };
    case ERROR:
      return { type: "Error", reason: lenient.decode(frame.body) };
    default:
      return undefined;
  }
}

/** A frame's type and length, for messages in the log. */
export function describeHeader(header: { readonly type: number; readonly length: number }): string {
  return `frame of type 0x${header.type.toString(16).padStart(2, "0")} with ${header.length} bytes`;
}
