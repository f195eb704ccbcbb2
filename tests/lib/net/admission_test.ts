import { assert, assertEquals } from "@std/assert";
import { Admission, type AdmissionLimits, parseCidr, type Ticket } from "../../../lib/net/mod.ts";

const LIMITS: AdmissionLimits = {
  maxConnections: 8,
  maxPerAddress: 3,
  handshakesPerAddress: 5,
  handshakesInAll: 8,
  allow: [],
};

function admission(limits: Partial<AdmissionLimits> = {}): Admission {
  return new Admission({ ...LIMITS, ...limits }, 0);
}

function ticketOf(admitted: ReturnType<Admission["admit"]>): Ticket {
  assert(typeof admitted !== "string", `refused: ${admitted}`);
  return admitted;
}

/** An address of its own for each connection. */
function address(i: number): string {
  return `10.0.${i >> 8}.${i & 255}`;
}

Deno.test("Admission counts what it lets in and what is given back", () => {
  const gate = admission();
  const bob = ticketOf(gate.admit("bob", "10.0.0.1", false, 0));
  const croc = ticketOf(gate.admit("croc", "2001:db8::1", false, 0));
  assertEquals(bob, { group: "10.0.0.1", protocol: "bob" });
  assertEquals(croc.group, "20010db800000000/64");
  assertEquals([gate.connections, gate.connectionsOf("bob"), gate.connectionsOf("croc")], [
    2,
    1,
    1,
  ]);
  gate.release(bob);
  assertEquals([gate.connections, gate.connectionsOf("bob"), gate.connectionsOf("croc")], [
    1,
    0,
    1,
  ]);
});

Deno.test("Admission refuses above the total and admits again after a release", () => {
  const gate = admission({ handshakesInAll: 100 });
  const tickets = Array.from(
    { length: 8 },
    (_, i) => ticketOf(gate.admit(i < 4 ? "bob" : "croc", address(i), false, 0)),
  );
  assertEquals(gate.admit("coffer", address(99), false, 0), "too-many-connections");
  assertEquals(gate.connections, 8);
  gate.release(tickets[0] as Ticket);
  ticketOf(gate.admit("coffer", address(99), false, 0));
});

Deno.test("Admission leaves a quarter of all connections to other protocols", () => {
  const gate = admission();
  for (let i = 0; i < 6; i++) ticketOf(gate.admit("bob", address(i), false, 0));
  assertEquals(gate.admit("bob", address(6), false, 0), "too-many-of-protocol");
  ticketOf(gate.admit("croc", address(6), false, 0));
  ticketOf(gate.admit("croc", address(7), false, 0));
});

Deno.test("Admission gives a protocol that is alone the share it is told", () => {
  const gate = admission({ protocolShare: 1, maxConnections: 3 });
  for (let i = 0; i < 3; i++) ticketOf(gate.admit("coffer", address(i), false, 0));
  assertEquals(gate.admit("coffer", address(3), false, 0), "too-many-connections");
});

Deno.test("Admission lets a pair through the smallest limits that can hold one", () => {
  const gate = admission({ maxConnections: 2 });
  ticketOf(gate.admit("bob", address(0), false, 0));
  ticketOf(gate.admit("bob", address(1), false, 0));
  assertEquals(gate.admit("bob", address(2), false, 0), "too-many-connections");
});

Deno.test("Admission counts an address over all protocols, IPv6 by /64, IPv4-mapped as IPv4", () => {
  const groups = [
    ["10.0.0.1", "::ffff:10.0.0.1", "::ffff:a00:1", "10.0.0.1"],
    ["2001:db8::1", "2001:db8::2", "2001:db8::ffff:0:0:1", "2001:db8:0:0:8000::"],
  ];
  for (const group of groups) {
    const gate = admission();
    const protocols = ["bob", "croc", "channel", "bob"];
    const results = group.map((ip, i) => gate.admit(protocols[i] as string, ip, false, 0));
    assertEquals(results.map((result) => typeof result), ["object", "object", "object", "string"]);
    assertEquals(results[3], "too-many-of-address");
    gate.release(results[1] as Ticket);
    ticketOf(gate.admit("bob", group[3] as string, false, 0));
  }
});

Deno.test("Admission lets only those in who are allowed, and says so first", () => {
  const allow = [parseCidr("10.0.0.0/8"), parseCidr("2001:db8::/32")];
  const gate = admission({ allow, maxConnections: 1 });
  assertEquals(gate.admit("bob", "192.168.0.1", true, 0), "not-allowed");
  assertEquals(gate.admit("bob", "2001:db9::1", true, 0), "not-allowed");
  assertEquals(gate.admit("bob", "", true, 0), "not-allowed");
  ticketOf(gate.admit("bob", "::ffff:10.9.9.9", true, 0));
  assertEquals(gate.admit("bob", "192.168.0.1", true, 0), "not-allowed");
  assertEquals(gate.admit("bob", "2001:db8::1", true, 0), "too-many-connections");
});

Deno.test("Admission limits handshakes of one address and in all by the second", () => {
  const gate = admission({ maxConnections: 1000, maxPerAddress: 1000 });
  for (let i = 0; i < 5; i++) ticketOf(gate.admit("bob", "10.0.0.1", true, 0));
  assertEquals(gate.admit("bob", "10.0.0.1", true, 0), "too-many-handshakes");
  for (let i = 0; i < 3; i++) ticketOf(gate.admit("bob", "10.0.0.2", true, 0));
  assertEquals(gate.admit("bob", "10.0.0.3", true, 0), "too-many-handshakes");
  ticketOf(gate.admit("bob", "10.0.0.3", false, 0));
  ticketOf(gate.admit("bob", "10.0.0.1", true, 1000));
});

Deno.test("Admission does not let one address use up the handshakes of all others", () => {
  const gate = admission({ maxConnections: 1000, maxPerAddress: 1000 });
  for (let i = 0; i < 1000; i++) gate.admit("bob", "10.0.0.1", true, 0);
  for (let i = 0; i < 3; i++) ticketOf(gate.admit("bob", "10.0.0.2", true, 0));
});

Deno.test("Admission counts nothing for a connection that it refuses", () => {
  const gate = admission({ maxPerAddress: 1, handshakesPerAddress: 1 });
  const ticket = ticketOf(gate.admit("bob", "10.0.0.1", true, 0));
  for (let i = 0; i < 50; i++) {
    assertEquals(gate.admit("bob", "10.0.0.1", true, 0), "too-many-of-address");
  }
  gate.release(ticket);
  assertEquals([gate.connections, gate.connectionsOf("bob")], [0, 0]);
  assertEquals(gate.admit("bob", "10.0.0.1", true, 0), "too-many-handshakes");
  assertEquals([gate.connections, gate.connectionsOf("bob")], [0, 0]);
  ticketOf(gate.admit("bob", "10.0.0.1", true, 1000));
});
