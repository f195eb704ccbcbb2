/**
 * Messages, in a room that the user names for it (section 7.2).
 *
 * @module
 */

import type { BackendPoint } from "./points.ts";
import type { Player } from "../player.ts";
import { describeResponse } from "../side.ts";
import { Failure } from "../verdict.ts";
import type { Stage } from "../stage.ts";
import type { Response } from "../../../../lib/triba/mod.ts";

type Answered<T extends Response["type"]> = Extract<Response, { readonly type: T }>;

function must<T extends Response["type"]>(response: Response, type: T): Answered<T> {
  if (response.type === type) return response as Answered<T>;
  throw new Failure(type, describeResponse(response));
}

async function send(player: Player, room: string, txn: string, text: string): Promise<string> {
  const body = { SendMessage: [room, txn, { Text: text }] };
  return must(await player.response(player.request(body)), "Sent").message;
}

async function fetch(
  player: Player,
  room: string,
  before: string | null,
  limit: number,
): Promise<Answered<"Messages">> {
  const body = { FetchMessages: [room, before, limit] };
  return must(await player.response(player.request(body)), "Messages");
}

/** A text that nobody else has sent, in several scripts. */
function unique(): string {
  return `triba check ${crypto.randomUUID()} Grüße ☕ 日本`;
}

async function keepsOrder(stage: Stage): Promise<void> {
  const { room } = stage;
  const player = await stage.shared();
  const requests = [0, 1].map(() =>
    player.request({ SendMessage: [room, crypto.randomUUID(), { Text: unique() }] })
  );
  const sent: string[] = [];
  for (const id of requests) sent.push(must(await player.response(id), "Sent").message);
  const { messages } = await fetch(player, room, null, 50);
  const found = messages.map(({ id }) => id).filter((id) => sent.includes(id));
  if (found.length === 2 && found[0] === sent[1] && found[1] === sent[0]) return;
  const seen = found.length === 2 ? "the older one first" : `${found.length} of them`;
  throw new Failure("both messages, the newer one first", seen);
}

async function pages(stage: Stage): Promise<void> {
  const { room } = stage;
  const player = await stage.shared();
  for (let i = 0; i < 2; i++) await send(player, room, crypto.randomUUID(), unique());
  const first = await fetch(player, room, null, 1);
  if (first.messages.length !== 1) {
    throw new Failure("one message for a limit of 1", `${first.messages.length} messages`);
  }
  if (first.next === null) throw new Failure("a cursor, as there are more messages", "nil");
  const second = await fetch(player, room, first.next, 1);
  if (second.messages[0]?.id === first.messages[0]?.id || second.messages.length !== 1) {
    throw new Failure("the message before it", `${second.messages.length} messages, or the same`);
  }
}

/** Points about messages. */
export const ROOM_POINTS: readonly BackendPoint[] = [
  {
    id: "A20",
    title: "Sends a message once, however often the core asks with the same txn",
    section: "7.2",
    level: "should",
    advice: "Remember room and txn, and answer the same Sent again",
    needs: "H10",
    run: async (stage) => {
      const { room } = stage;
      const player = await stage.shared();
      const txn = crypto.randomUUID();
      const text = unique();
      const first = await send(player, room, txn, text);
      const second = await send(player, room, txn, text);
      if (first !== second) throw new Failure("the same Sent", "two messages");
    },
  },
  {
    id: "A21",
    title: "Keeps the order of messages in a room, and shows the newest first",
    section: "6.3, 7.2",
    level: "should",
    advice: "Handle requests that change one room in the order of their arrival",
    needs: "H10",
    run: keepsOrder,
  },
  {
    id: "A22",
    title: "Pages through messages: as many as the limit says, and a cursor for those before",
    section: "7.2",
    level: "should",
    advice: "Accept in before what you gave as next",
    needs: "H10",
    run: pages,
  },
];
