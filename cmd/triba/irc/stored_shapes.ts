/**
 * Whether what a file holds is what we once wrote.
 *
 * @module
 */

import type { Content } from "../../../lib/triba/bodies/chat.ts";
import type { Kept } from "./history.ts";

/** Deepest nesting of answers to answers. */
const MOST_REPLIES = 2;

/** Whether a value is an object with keys. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether a value is a message as it is kept. */
export function isKept(value: unknown): value is Kept {
  if (!isRecord(value) || typeof value["own"] !== "boolean") return false;
  const { message, txn } = value;
  if (!isRecord(message) || (txn !== undefined && typeof txn !== "string")) return false;
  const { id, room, sender, sent_ms, content } = message;
  return [id, room, sender].every((text) => typeof text === "string") &&
    Number.isSafeInteger(sent_ms) && Number(sent_ms) >= 0 && isContent(content, MOST_REPLIES);
}

function isContent(value: unknown, depth: number): value is Content {
  if (!isRecord(value) || depth < 0) return false;
  switch (value["type"]) {
    case "Text":
    case "Notice":
    case "Emote":
      return typeof value["text"] === "string";
    case "Reply":
      return typeof value["to"] === "string" && isContent(value["content"], depth - 1);
    default:
      return false;
  }
}
