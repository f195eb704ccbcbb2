/**
 * Packets that are none: the receiver closes (section 8, F09).
 *
 * @module
 */

import type { SidePoint } from "../side.ts";
import { type Bytes, float, join, PING, request, text } from "./bytes.ts";

/** Containers inside one another in a request of which two are there already. */
const INNER_LEVELS = 15;

const MALFORMED: readonly (readonly [title: string, bytes: Bytes])[] = [
  ["with bytes behind its value", (id) => join(request(id, PING), 0xc0)],
  ["that is cut short", (id) => request(id, PING.subarray(0, 3))],
  ["with a byte that MessagePack does not use", (id) => request(id, 0xc1)],
  ["that is an array of four", (id) => join(0x94, id, 0, PING, 0)],
  ["whose id is a float", (id) => join(0x92, float(id), PING)],
  ["whose id is a text", (id) => join(0x92, text(String(id)), PING)],
  ["whose body is nil", (id) => request(id, 0xc0)],
  ["whose body is a number", (id) => request(id, 1)],
  [
    "with invalid UTF-8 inside an unknown request",
    (id) => request(id, 0x81, text("x"), 0xa1, 0xff),
  ],
  [
    "of 17 levels",
    (id) => request(id, 0x81, text("x"), ...Array.from({ length: INNER_LEVELS }, () => 0x91), 0xc0),
  ],
  [
    "with two ids in the named form",
    (id) => join(0x83, text("id"), id, text("id"), id, text("body"), PING),
  ],
  [
    "whose tag belies it",
    (id) => join(0x81, text("Response"), request(id, PING)),
  ],
];

/** Points about malformed packets. */
export const MALFORMED_POINTS: readonly SidePoint[] = MALFORMED.map(
  ([title, bytes], i): SidePoint => ({
    id: `F09.${i + 1}`,
    title: `Closes at a packet ${title}`,
    section: "6.1, 8",
    level: "should",
    advice: "Read strictly: end the connection at whatever is no packet",
    needs: "H10",
    run: async (stage) => {
      const side = await stage.open();
      const id = side.nextId;
      side.plaintext(bytes(id));
      await side.expectEnd("this is no packet", id);
    },
  }),
);
