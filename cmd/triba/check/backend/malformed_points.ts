/**
 * Packets that are none: a backend closes (section 8, F09).
 *
 * @module
 */

import type { BackendPoint } from "./points.ts";
import { surplusResponse } from "./closing_points.ts";
import { float, join, PING, request, text } from "./bytes.ts";

/** Containers inside one another in a request of which two are there already. */
const INNER_LEVELS = 15;

const MALFORMED: readonly (readonly [title: string, bytes: (id: number) => Uint8Array])[] = [
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
export const MALFORMED_POINTS: readonly BackendPoint[] = [
  ...MALFORMED.map(([title, bytes], i): BackendPoint => ({
    id: `F09.${i + 1}`,
    title: `Closes at a packet ${title}`,
    section: "6.1, 8",
    level: "should",
    advice: "Read strictly: end with 76 at whatever is no packet",
    needs: "H10",
    run: async (stage) => {
      const player = await stage.open();
      const id = player.nextId;
      player.plaintext(bytes(id));
      await player.expectEnd("this is no packet", id);
    },
  })),
  {
    id: `F09.${MALFORMED.length + 1}`,
    title: "Closes at a first packet with bytes behind its value",
    section: "6.1, 8",
    level: "should",
    advice: "Read strictly: end with 76 at whatever is no packet",
    needs: "H06",
    run: async (stage) => {
      const player = await stage.beforeUpgrade();
      player.plaintext(surplusResponse(player));
      const id = player.request("HandshakeSuccess");
      await player.expectEnd("bytes are left over", id);
    },
  },
];
