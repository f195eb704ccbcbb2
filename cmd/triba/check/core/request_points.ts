/**
 * What a backend may ask, and wrong arguments in it (sections 7.2 and 8).
 *
 * @module
 */

import type { CorePoint } from "./points.ts";
import type { CoreStage } from "./core_stage.ts";
import { argumentPoints } from "../common/argument_points.ts";
import { type Bytes, float, join, PING, text, variant } from "../common/bytes.ts";
import { describeResponse } from "../side.ts";
import { Failure } from "../verdict.ts";
import type { MsgpackValue } from "../../../../lib/msgpack/mod.ts";
import { MAX_OUTSTANDING, type Response } from "../../../../lib/triba/mod.ts";

const CROWD = MAX_OUTSTANDING + 6;

/** Messages as the document has them; a room named so disturbs nobody. */
const MESSAGE = ["m1", "triba-check", "somebody", 1_700_000_000_000, { Text: "Grüße ☕ 日本" }];
const ROOM = ["triba-check", "Check", null, 3, false];

const EVENTS: readonly (readonly [what: string, body: MsgpackValue])[] = [
  ["Ping", "Ping"],
  ["Status", { Status: "Connecting" }],
  ["a Status with a reason", { Status: { Offline: "the network is away" } }],
  ["a message", { Event: { MessageReceived: MESSAGE } }],
  ["an edited message", { Event: { MessageEdited: MESSAGE } }],
  ["a removed message", { Event: { MessageRemoved: ["triba-check", "m1"] } }],
  ["a changed room", { Event: { RoomUpdated: ROOM } }],
  ["somebody who writes", { Event: { Typing: ["triba-check", ["somebody"]] } }],
  ["a room that is gone", { Event: { RoomRemoved: "triba-check" } }],
  ["an event that it does not know", { Event: { TribaCheck: [1, "x"] } }],
  ["a status that it does not know", { Status: "TribaCheck" }],
];

const WRONG: readonly (readonly [title: string, bytes: Bytes])[] = [
  ["a number for a variant", (id) => variant(id, "Event", 5)],
  ["no argument", (id) => join(0x92, id, text("Status"))],
  ["a number for a text", (id) => variant(id, "Event", 0x81, text("RoomRemoved"), 5)],
  ["bin for a text", (id) => variant(id, "Event", 0x81, text("RoomRemoved"), 0xc4, 1, 0x61)],
  ["a field too few", (id) => variant(id, "Event", 0x81, text("Typing"), 0x91, text("a"))],
  [
    "a float for an integer",
    (id) =>
      variant(
        id,
        "Event",
        ...[0x81, text("RoomUpdated"), 0x95, text("a"), text("b"), 0xc0, float(2), 0xc2],
      ),
  ],
  ["a value where none belongs", (id) => join(0x92, id, 0x81, PING, 1)],
];

function expectSuccess(response: Response): void {
  if (response.type !== "Success") throw new Failure("Success", describeResponse(response));
}

async function acknowledges(stage: CoreStage, body: MsgpackValue): Promise<void> {
  const player = await stage.shared();
  expectSuccess(await player.response(player.request(body)));
}

/** Points about requests of the backend. */
export const CORE_REQUEST_POINTS: readonly CorePoint[] = [
  ...EVENTS.map(([what, body], i): CorePoint => ({
    id: `A${String(i + 1).padStart(2, "0")}`,
    title: `Acknowledges ${what} with Success`,
    section: "7.2, 7.3",
    level: "should",
    advice: "The response tells the backend that it may go on; what you do not know, pass over",
    needs: "H10",
    run: (stage) => acknowledges(stage, body),
  })),
  {
    id: "A20",
    title: `Answers each of ${CROWD} events that come at once, with busy if need be`,
    section: "6.3",
    level: "should",
    advice: "Read on while you write: two full buffers would stop both sides",
    needs: "H10",
    run: async (stage) => {
      const player = await stage.open();
      const requests = Array.from(
        { length: CROWD },
        () => player.request({ Event: { Typing: ["triba-check", []] } }),
      );
      for (const id of requests) {
        const response = await player.response(id);
        if (response.type === "Error" && response.code === "busy") continue;
        expectSuccess(response);
      }
    },
  },
  ...argumentPoints(WRONG),
];
