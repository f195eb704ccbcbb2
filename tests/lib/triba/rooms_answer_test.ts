import { assertEquals } from "@std/assert";
import { type Room, splitRooms } from "../../../lib/triba/mod.ts";
import { openBackend } from "./support.ts";

function makeRooms(count: number, nameLength: number): Room[] {
  return Array.from({ length: count }, (_, i) => ({
    id: `!${i}`,
    name: "n".repeat(nameLength),
    topic: null,
    unread: 0,
    direct: false,
  }));
}

Deno.test("splitRooms: what fits stays together", () => {
  const rooms = makeRooms(100, 100);
  assertEquals(splitRooms(rooms), { first: rooms, rest: [] });
  assertEquals(splitRooms([]), { first: [], rest: [] });
});

Deno.test("splitRooms: the first part is sent as it is, nothing is lost", () => {
  for (const nameLength of [1, 40, 1000, 70_000]) {
    const rooms = makeRooms(2_000_000 / (nameLength + 10), nameLength);
    const { first, rest } = splitRooms(rooms);
    assertEquals(first.length > 0 && rest.length > 0, true);
    assertEquals([...first, ...rest], rooms);
    const { machine, peer } = openBackend();
    machine.receive(peer.request("ListRooms"), 0);
    const step = machine.respond(3, { type: "Rooms", rooms: first });
    const [frame] = step.send;
    assertEquals(step.events, []);
    assertEquals((frame?.length ?? 0) <= 4 + 1024 * 1024, true);
    assertEquals((frame?.length ?? 0) > 1024 * 1024 - nameLength - 200, true, "no room is wasted");
  }
});
