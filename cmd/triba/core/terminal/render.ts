/**
 * What a user sees: one line for each thing that happens. Everything that comes from networks is
 * made safe to show.
 *
 * @module
 */

import { formatSize } from "../../../../lib/cli/mod.ts";
import { escapeControls } from "../../../../lib/log/mod.ts";
import type { Content, Room } from "../../../../lib/triba/bodies/chat.ts";

/** A message as it is shown. */
export interface ShownMessage {
  /** The number by which commands name it. */
  readonly number: number;
  /** When, in milliseconds since 1970. */
  readonly at: number;
  /** `BACKEND/ROOM`; undefined for the current room. */
  readonly place: string | undefined;
  /** Who said it. */
  readonly sender: string;
  /** What. */
  readonly content: Content;
  /** A remark behind it, such as `edited`. */
  readonly remark?: string | undefined;
}

/** A text from a network on one line. */
export function oneLine(text: string): string {
  return escapeControls(text.trimEnd().replace(/\r?\n/g, " \u23ce "));
}

/** A message on one line. */
export function renderMessage(shown: ShownMessage, zone?: string): string {
  const { number, at, place, sender, content, remark } = shown;
  const time = new Date(at).toLocaleTimeString("en-GB", {
    hour: "2-digit",
    minute: "2-digit",
    ...(zone === undefined ? {} : { timeZone: zone }),
  });
  const where = place === undefined ? "" : ` ${oneLine(place)}`;
  const behind = remark === undefined ? "" : ` (${remark})`;
  return `[${number}] ${time}${where} ${renderContent(oneLine(sender), content)}${behind}`;
}

function renderContent(sender: string, content: Content): string {
  switch (content.type) {
    case "Text":
      return `<${sender}> ${oneLine(content.text)}`;
    case "Notice":
      return `-${sender}- ${oneLine(content.text)}`;
    case "Emote":
      return `* ${sender} ${oneLine(content.text)}`;
    case "File": {
      const { name, mime, size, path, url } = content;
      const place = url ?? path ?? "";
      return oneLine(`<${sender}> [file ${name}, ${mime}, ${formatSize(size)}] ${place}`);
    }
    case "Reply":
      return `${renderContent(sender, content.content)} (a reply)`;
  }
}

/** A room on one line. */
export function renderRoom(number: number, backend: string, room: Room): string {
  const { id, name, topic, unread, direct } = room;
  const facts = [
    direct ? "direct" : undefined,
    unread > 0 ? `${unread} unread` : undefined,
    topic === null || topic === "" ? undefined : topic,
  ].filter((fact) => fact !== undefined);
  const called = name === id || name === "" ? id : `${id} "${name}"`;
  const behind = facts.length > 0 ? `: ${facts.join(", ")}` : "";
  return oneLine(`${String(number).padStart(3)}  ${backend}/${called}${behind}`);
}
