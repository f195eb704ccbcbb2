/**
 * What a forwarded message says: who said it where it came from, and what.
 *
 * @module
 */

import { escapeControls } from "../../log/mod.ts";
import type { Content } from "../bodies/chat.ts";

const LONGEST_NAME = 64;
/** Names in front of a text that was forwarded so often are a loop over somebody else's bridge. */
const MOST_NAMES = 4;
const NAMES = new RegExp(`^(?:<[^<>\\n]{1,${LONGEST_NAME}}> ){${MOST_NAMES}}`);

/**
 * The content with the sender's name in front of every line, so that no text can forge another's
 * line. Files become their names and addresses: a path of this machine is of no use elsewhere.
 */
export function forwardContent(sender: string, content: Content): Content {
  const name = shownName(sender);
  switch (content.type) {
    case "Text":
    case "Notice":
      return { type: content.type, text: prefixLines(`<${name}> `, content.text) };
    case "Emote":
      return { type: "Emote", text: prefixLines(`${name} `, content.text) };
    case "Reply":
      return forwardContent(sender, content.content);
    case "File": {
      const place = content.url === null ? "" : ` ${content.url}`;
      const text = `[file ${content.name}, ${content.size} bytes]${place}`;
      return { type: "Text", text: prefixLines(`<${name}> `, escapeControls(text)) };
    }
  }
}

/** Whether a text comes from so many bridges that it goes round. */
export function goesRound(content: Content): boolean {
  return NAMES.test(textOf(content));
}

/** The text of a content, to find a message again whose id is not known. */
export function textOf(content: Content): string {
  switch (content.type) {
    case "Text":
    case "Notice":
    case "Emote":
      return content.text;
    case "Reply":
      return textOf(content.content);
    case "File":
      return content.name;
  }
}

function shownName(sender: string): string {
  const name = escapeControls(sender.replace(/[<>]/g, "_")).slice(0, LONGEST_NAME);
  return name === "" ? "?" : name;
}

function prefixLines(prefix: string, text: string): string {
  return text.split(/\r\n|[\n\r\u2028\u2029]/).map((line) => prefix + line).join("\n");
}
