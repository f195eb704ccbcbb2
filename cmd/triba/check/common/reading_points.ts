/**
 * What both sides must be able to read: odd forms of packets, streams cut anywhere, large packets
 * (sections 5 and 6.1).
 *
 * @module
 */

import { type Bytes, join, PING, request, text } from "./bytes.ts";
import { describeResponse, type Side, type SidePoint, type SideStage } from "../side.ts";
import { Failure } from "../verdict.ts";
import { encodeFrame, encodeRequest, type Response, TAG_BYTES } from "../../../../lib/triba/mod.ts";

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

/** An answer that says that the request was understood, or is none of this backend's. */
function isUnderstood(response: Response): boolean {
  return response.type !== "Error" || response.code !== "invalid_argument";
}

/** Sends a request in an odd form, which must be understood. */
async function reads(stage: SideStage, bytes: Bytes): Promise<void> {
  const side = await stage.shared();
  const id = side.nextId;
  side.plaintext(bytes(id));
  const response = await side.response(id);
  if (!isUnderstood(response)) throw new Failure("another answer", describeResponse(response));
}

/** Points that number a table of odd requests. */
export function rows(
  first: number,
  list: readonly (readonly [string, Bytes])[],
  section: string,
): readonly SidePoint[] {
  return list.map(([title, bytes], i): SidePoint => ({
    id: `P${first + i}`,
    title: `Reads ${title}`,
    section,
    level: "should",
    advice: "Other programs' MessagePack libraries write it so",
    needs: "H10",
    run: (stage) => reads(stage, bytes),
  }));
}

async function expectAnswers(side: Side, requests: readonly number[]): Promise<void> {
  for (const id of requests) {
    const seen = await side.responsePacket(id);
    if (typeof seen !== "string") continue;
    throw new Failure(`a response to request ${id}`, side.describe(seen));
  }
}

const LARGE_BYTES = 1024 * 1024 - TAG_BYTES - 64;

/** Points about what the other side reads. */
export const READING_POINTS: readonly SidePoint[] = [
  {
    id: "P06",
    title: "Reads packets that come in pieces",
    section: "5",
    level: "must",
    advice: "A read may return less than asked for: read on until size and payload are complete",
    needs: "H10",
    run: async (stage) => {
      const side = await stage.shared();
      const id = side.nextId++;
      const bytes = side.seal(encodeRequest(id, "Ping", side.form), id);
      for (const byte of encodeFrame(bytes, side.manner.byteOrder)) {
        side.line.send(Uint8Array.of(byte));
        await side.line.flush();
      }
      await expectAnswers(side, [id]);
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
      const side = await stage.shared();
      const frames: Uint8Array[] = [];
      const requests = Array.from({ length: 4 }, () => {
        const id = side.nextId++;
        const payload = side.seal(encodeRequest(id, "Ping", side.form), id);
        frames.push(encodeFrame(payload, side.manner.byteOrder));
        return id;
      });
      side.line.send(join(...frames));
      await expectAnswers(side, requests);
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
      const side = await stage.shared();
      await expectAnswers(side, [side.request({ TribaCheck: "x".repeat(LARGE_BYTES) })]);
    },
  },
  ...rows(11, ODD_PINGS, "6.1"),
];
