import { assertEquals } from "@std/assert";
import {
  type Claim,
  PAIR_TIMEOUT_MS,
  type Remote,
  Rooms,
  STRANGER_DELAY_MS,
} from "../../../lib/bob/mod.ts";
import { latin } from "./relay_world.ts";

const client: Remote = { identity: latin("10.0.0.1:40001"), group: "10.0.0.1" };
const server: Remote = { identity: latin("10.0.0.2:40002"), group: "10.0.0.2" };
const STRANGER = "10.9.9.9";

/** What takes the client's place, and the server's: each names the other. */
const CLIENT_LINE = "10.0.0.2:40002";
const SERVER_LINE = "10.0.0.1:40001";

function roomsWithPair(): Rooms {
  const rooms = new Rooms();
  rooms.record(client, server, 0);
  return rooms;
}

function held(replaced?: number, joined?: { client: number; server: number }): Claim {
  return { type: "held", replaced, joined };
}

Deno.test("Rooms joins two connections that name each other, in either order", () => {
  for (const clientFirst of [true, false]) {
    const rooms = roomsWithPair();
    const claims = [
      () => rooms.claim(CLIENT_LINE, 1, client.group, 10),
      () => rooms.claim(SERVER_LINE, 2, server.group, 10),
    ];
    if (!clientFirst) claims.reverse();
    assertEquals(claims[0]?.(), held());
    assertEquals(claims[1]?.(), held(undefined, { client: 1, server: 2 }));
    assertEquals([rooms.size, rooms.nextExpiry, rooms.nextSettling], [0, undefined, undefined]);
    assertEquals(rooms.claim(CLIENT_LINE, 3, client.group, 10), { type: "unknown" });
  }
});

Deno.test("Rooms knows no place but those of its pairs", () => {
  const rooms = roomsWithPair();
  for (const line of ["", "10.0.0.1", "10.0.0.1:4000", "10.0.0.1:400011", "10.0.0.3:1"]) {
    assertEquals(rooms.claim(line, 1, client.group, 0), { type: "unknown" }, line);
  }
});

Deno.test("Rooms lets a later claim of the same worth replace the earlier one", () => {
  const rooms = roomsWithPair();
  assertEquals(rooms.claim(CLIENT_LINE, 1, client.group, 0), held());
  assertEquals(rooms.claim(CLIENT_LINE, 2, client.group, 0), held(1));
  rooms.leave(1, 0); // holds nothing any more
  assertEquals(
    rooms.claim(SERVER_LINE, 3, server.group, 0),
    held(undefined, { client: 2, server: 3 }),
  );
});

Deno.test("Rooms keeps the place of a peer from strangers, and gives it back to the peer", () => {
  const rooms = roomsWithPair();
  assertEquals(rooms.claim(CLIENT_LINE, 1, STRANGER, 0), held());
  assertEquals(rooms.claim(CLIENT_LINE, 2, STRANGER, 0), held(1));
  assertEquals(rooms.claim(CLIENT_LINE, 3, client.group, 0), held(2));
  assertEquals(rooms.claim(CLIENT_LINE, 4, STRANGER, 0), { type: "taken" });
  assertEquals(rooms.nextSettling, undefined);
  assertEquals(
    rooms.claim(SERVER_LINE, 5, server.group, 0),
    held(undefined, { client: 3, server: 5 }),
  );
});

Deno.test("Rooms counts a place held from another address after the delay only", () => {
  const rooms = roomsWithPair();
  assertEquals(rooms.claim(SERVER_LINE, 1, server.group, 0), held());
  assertEquals(rooms.claim(CLIENT_LINE, 2, STRANGER, 100), held());
  assertEquals(rooms.nextSettling, 100 + STRANGER_DELAY_MS);
  assertEquals(rooms.settle(99 + STRANGER_DELAY_MS), []);
  assertEquals(rooms.settle(100 + STRANGER_DELAY_MS), [{ client: 2, server: 1 }]);
  assertEquals(rooms.size, 0);
});

Deno.test("Rooms lets the peer come during the delay of a stranger", () => {
  const rooms = roomsWithPair();
  rooms.claim(SERVER_LINE, 1, server.group, 0);
  rooms.claim(CLIENT_LINE, 2, STRANGER, 0);
  assertEquals(
    rooms.claim(CLIENT_LINE, 3, client.group, 10),
    held(2, { client: 3, server: 1 }),
  );
  assertEquals(rooms.settle(STRANGER_DELAY_MS), []);
});

Deno.test("Rooms joins two peers that both come from other addresses, after both delays", () => {
  const rooms = roomsWithPair();
  rooms.claim(SERVER_LINE, 1, STRANGER, 0);
  rooms.claim(CLIENT_LINE, 2, STRANGER, 10);
  assertEquals(rooms.settle(STRANGER_DELAY_MS), []);
  assertEquals(rooms.settle(STRANGER_DELAY_MS + 10), [{ client: 2, server: 1 }]);
});

Deno.test("Rooms frees a place that is left, and remembers the pair for its time from then", () => {
  const rooms = roomsWithPair();
  rooms.claim(CLIENT_LINE, 1, client.group, 1000);
  assertEquals(rooms.nextExpiry, undefined);
  rooms.leave(1, 100_000);
  rooms.leave(7, 100_000); // holds nothing
  assertEquals(rooms.nextExpiry, 100_000 + PAIR_TIMEOUT_MS);
  rooms.expire(99_999 + PAIR_TIMEOUT_MS);
  assertEquals(rooms.claim(SERVER_LINE, 2, server.group, 100_001), held());
});

Deno.test("Rooms keeps a pair while the other place is held", () => {
  const rooms = roomsWithPair();
  rooms.claim(CLIENT_LINE, 1, client.group, 0);
  rooms.claim(SERVER_LINE, 2, STRANGER, 0);
  rooms.leave(2, 0);
  assertEquals([rooms.nextExpiry, rooms.nextSettling], [undefined, undefined]);
  rooms.expire(10 * PAIR_TIMEOUT_MS);
  assertEquals(rooms.size, 1);
});

Deno.test("Rooms forgets a pair whose peer waited for too long, and names the other one", () => {
  const rooms = roomsWithPair();
  rooms.claim(CLIENT_LINE, 1, client.group, 0);
  assertEquals(rooms.abandon(1), undefined);
  assertEquals([rooms.size, rooms.abandon(1)], [0, undefined]);

  rooms.record(client, server, 0);
  rooms.claim(CLIENT_LINE, 2, client.group, 0);
  rooms.claim(SERVER_LINE, 3, STRANGER, 0);
  assertEquals(rooms.abandon(2), 3);
  assertEquals([rooms.size, rooms.nextSettling, rooms.nextExpiry], [0, undefined, undefined]);
});

Deno.test("Rooms forgets an older pair of the same identity, whoever holds a place in it", () => {
  const other: Remote = { identity: latin("10.0.0.3:40003"), group: "10.0.0.3" };
  const unopened = roomsWithPair();
  unopened.record(other, server, 10);
  assertEquals([unopened.size, unopened.nextExpiry], [1, 10 + PAIR_TIMEOUT_MS]);

  const rooms = roomsWithPair();
  rooms.claim(CLIENT_LINE, 1, client.group, 0);
  rooms.record(other, server, 10);
  assertEquals(rooms.size, 1);
  assertEquals(rooms.claim(SERVER_LINE, 2, server.group, 20), { type: "unknown" });
  assertEquals(rooms.claim("10.0.0.3:40003", 3, server.group, 20), held());
  assertEquals(rooms.abandon(1), undefined);
  rooms.leave(3, 30);
  assertEquals([rooms.size, rooms.nextExpiry], [1, 30 + PAIR_TIMEOUT_MS]);
});

Deno.test("Rooms stays in order when both peers of a pair have the same identity", () => {
  const rooms = new Rooms();
  rooms.record(client, client, 0);
  assertEquals(rooms.claim(SERVER_LINE, 1, client.group, 0).type, "held");
  assertEquals(rooms.claim(SERVER_LINE, 2, client.group, 0), held(1));
  rooms.leave(2, 0);
  rooms.expire(PAIR_TIMEOUT_MS);
  assertEquals([rooms.size, rooms.nextExpiry], [0, undefined]);
});

Deno.test("bob-relay 10.16: a pair that nobody comes for is forgotten", () => {
  const rooms = roomsWithPair();
  assertEquals(rooms.nextExpiry, PAIR_TIMEOUT_MS);
  assertEquals(rooms.claim(CLIENT_LINE, 1, client.group, PAIR_TIMEOUT_MS), { type: "unknown" });
  assertEquals([rooms.size, rooms.nextExpiry], [0, undefined]);
});
