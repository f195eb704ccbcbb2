/**
 * Known requests with wrong arguments: a backend answers and lives (section 8, F17).
 *
 * @module
 */

import type { BackendPoint } from "./points.ts";
import { float, join, PING, request, text } from "./bytes.ts";
import { describeResponse } from "../player.ts";
import { Failure } from "../verdict.ts";
import type { Stage } from "../stage.ts";

type Bytes = (id: number) => Uint8Array;

/** None of them could be carried out by a backend that does not look closely, but for the last. */
const WRONG: readonly (readonly [title: string, bytes: Bytes])[] = [
  ["a number for a text", (id) => variant(id, "JoinRoom", 5)],
  ["no argument", (id) => request(id, text("JoinRoom"))],
  ["nil for a text", (id) => variant(id, "JoinRoom", 0xc0)],
  ["bin for a text", (id) => variant(id, "JoinRoom", 0xc4, 1, 0x61)],
  ["a field too few", (id) => variant(id, "SetTyping", 0x91, text("triba-check"))],
  ["a number for true or false", (id) => variant(id, "SetTyping", 0x92, text("triba-check"), 1)],
  [
    "a float for an integer",
    (id) => variant(id, "FetchMessages", 0x93, text("triba-check"), 0xc0, float(5)),
  ],
  [
    "an integer above its range",
    (id) =>
      variant(id, "FetchMessages", 0x93, text("triba-check"), 0xc0, 0xcf, 0, 0, 0, 1, 0, 0, 0, 0),
  ],
  [
    "a field twice",
    (id) =>
      variant(
        id,
        "SetTyping",
        ...[0x83, text("room"), text("a"), text("room"), text("b"), text("typing"), 0xc2],
      ),
  ],
  [
    "a content that it does not know",
    (id) =>
      variant(
        id,
        "SendMessage",
        ...[0x93, text("triba-check"), text("txn"), 0x81, text("Poll"), text("x")],
      ),
  ],
  ["a value where none belongs", (id) => join(0x92, id, 0x81, PING, 1)],
];

function variant(id: number, name: string, ...argument: readonly (number | Uint8Array)[]) {
  return request(id, 0x81, text(name), ...argument);
}

async function refuses(stage: Stage, bytes: Bytes): Promise<void> {
  const player = await stage.shared();
  const id = player.nextId;
  player.plaintext(bytes(id));
  const response = await player.response(id);
  const codes = ["invalid_argument"];
  // Without the version exchange nobody has said which requests there are.
  if (player.version === undefined) codes.push("unknown_request");
  if (response.type === "Error" && codes.includes(response.code)) return;
  throw new Failure("Error invalid_argument", describeResponse(response));
}

/** Points about wrong arguments. */
export const ARGUMENT_POINTS: readonly BackendPoint[] = WRONG.map(
  ([title, bytes], i): BackendPoint => ({
    id: `F17.${i + 1}`,
    title: `Refuses a known request with ${title}`,
    section: "6.1, 8",
    level: "should",
    advice: "Answer Error invalid_argument and go on; do not guess what was meant",
    needs: "H10",
    run: (stage) => refuses(stage, bytes),
  }),
);
