/**
 * What a backend must be able to read: odd forms of packets, streams cut anywhere, large packets
 * (sections 5 and 6.1).
 *
 * @module
 */

import type { BackendPoint } from "./points.ts";
import { join, PING, request, text } from "./bytes.ts";
import { describeResponse, type Player } from "../player.ts";
import { Failure } from "../verdict.ts";
import type { Stage } from "../stage.ts";
import { encodeFrame, encodeRequest, type Response, TAG_BYTES } from "../../../../lib/triba/mod.ts";

type Bytes = (id: number) => Uint8Array;

/** A ping in an odd form. */
const ODD_PINGS: readonly (readonly [title: string, bytes: Bytes])[] = [
  [
    "the named form, its keys in any order and one that it does not know",
    (id) => join(0x83, text("body"), PING, text("later"), 0xc0, text("id"), id),
  ],
  ["the tagged form", (id) => join(0x81, text("Request"), request(id, PING))],
  [
    "the tagged form around the named one",
    (id) => join(0x81, text("Request"), 0x82, text("id"), id, text("body"), PING),
  ],
  ["an id of 8 bytes", (id) => join(0x92, 0xcf, 0, 0, 0, 0, 0, 0, 0, id, PING)],
  ["an id in a signed format", (id) => join(0x92, 0xd1, 0, id, PING)],
  ["longer headers than needed", (id) => join(0xdc, 0, 2, id, 0xd9, 4, PING.subarray(1))],
  ["a variant without argument as a map to nil", (id) => request(id, 0x81, PING, 0xc0)],
];

/** A question about a room that nobody has; only `invalid_argument` would be wrong. */
const ODD_STRUCTS: readonly (readonly [title: string, bytes: Bytes])[] = [
  [
    "a struct by names, in any order, without its options",
    (id) =>
      fetch(id, 0x83, text("limit"), 1, text("later"), 0xc0, text("room"), text("triba-check")),
  ],
  [
    "a struct with surplus elements",
    (id) => fetch(id, 0x95, text("triba-check"), 0xc0, 1, 0xc4, 1, 0, text("later")),
  ],
];

function fetch(id: number, ...struct: readonly (number | Uint8Array)[]): Uint8Array {
  return request(id, 0x81, text("FetchMessages"), ...struct);
}

/** An answer that says that the request was understood, or is none of this backend's. */
function isUnderstood(response: Response): boolean {
  return response.type !== "Error" || response.code !== "invalid_argument";
}

async function reads(stage: Stage, bytes: Bytes): Promise<void> {
  const player = await stage.shared();
  const id = player.nextId;
  player.plaintext(bytes(id));
  const response = await player.response(id);
  if (!isUnderstood(response)) throw new Failure("another answer", describeResponse(response));
}

function rows(
  first: number,
  list: readonly (readonly [string, Bytes])[],
  section: string,
): readonly BackendPoint[] {
  return list.map(([title, bytes], i): BackendPoint => ({
    id: `P${first + i}`,
    title: `Reads ${title}`,
    section,
    level: "should",
    advice: "Other programs' MessagePack libraries write it so",
    needs: "H10",
    run: (stage) => reads(stage, bytes),
  }));
}

async function expectAnswers(player: Player, requests: readonly number[]): Promise<void> {
  for (const id of requests) {
    const seen = await player.responsePacket(id);
    if (typeof seen !== "string") continue;
    throw new Failure(`a response to request ${id}`, player.describe(seen));
  }
}

const LARGE_BYTES = 1024 * 1024 - TAG_BYTES - 64;

/** Points about what the backend reads. */
export const READING_POINTS: readonly BackendPoint[] = [
  {
    id: "P06",
    title: "Reads packets that come in pieces",
    section: "5",
    level: "must",
    advice: "A read may return less than asked for: read on until size and payload are complete",
    needs: "H10",
    run: async (stage) => {
      const player = await stage.shared();
      const id = player.nextId++;
      const bytes = player.seal(encodeRequest(id, "Ping", player.form), id);
      for (const byte of encodeFrame(bytes, player.manner.byteOrder)) {
        player.line.send(Uint8Array.of(byte));
        await player.line.flush();
      }
      await expectAnswers(player, [id]);
    },
  },
  {
    id: "P07",
    title: "Reads several packets that come at once",
    section: "5",
    level: "must",
    advice: "Keep what a read returned beyond the packet, and look at it before the next read",
    needs: "H10",
    run: async (stage) => {
      const player = await stage.shared();
      const frames: Uint8Array[] = [];
      const requests = Array.from({ length: 4 }, () => {
        const id = player.nextId++;
        const payload = player.seal(encodeRequest(id, "Ping", player.form), id);
        frames.push(encodeFrame(payload, player.manner.byteOrder));
        return id;
      });
      player.line.send(join(...frames));
      await expectAnswers(player, requests);
    },
  },
  {
    id: "P08",
    title: "Reads a packet of 1 MiB in the open session",
    section: "5",
    level: "should",
    advice: "The limit of 65,536 bytes ends with step 11; the next is 16 MiB",
    needs: "H10",
    run: async (stage) => {
      const player = await stage.shared();
      await expectAnswers(player, [player.request({ TribaCheck: "x".repeat(LARGE_BYTES) })]);
    },
  },
  ...rows(11, ODD_PINGS, "6.1"),
  ...rows(21, ODD_STRUCTS, "6.1, 7.3"),
];
