import { assert, assertEquals } from "@std/assert";
import { decodeHex } from "@std/encoding/hex";
import { RelayWorld, text } from "./relay_world.ts";
import { type Session, sessionOf, type SessionStep } from "./sessions.ts";

/** What ours sends beyond the recording, after everything that was recorded on that link. */
interface Difference {
  readonly session: string;
  readonly section: string;
  readonly why: string;
  readonly link: SessionStep["link"];
  readonly extra: string;
}

const differences: readonly Difference[] = JSON.parse(
  Deno.readTextFileSync(new URL("../../vectors/bob/relay-behaviour.json", import.meta.url)),
).sessions;
const LINKS = ["sender/main", "receiver/main", "sender/secure", "receiver/secure"] as const;

/** Peers as recorded; the relay is ours. Returns what each link got, and whether pairs joined. */
function replay(session: Session, cut: (bytes: Uint8Array) => Uint8Array[]) {
  const world = new RelayWorld();
  world.open("sender/main", { identity: session.sender_identity });
  world.open("receiver/main", { identity: session.receiver_identity });
  const received = new Map<string, string>(LINKS.map((link) => [link, ""]));
  const takeAll = () => {
    for (const name of world.names()) received.set(name, received.get(name) + world.take(name));
  };
  for (const { link, direction, bytes } of session.steps) {
    if (link.endsWith("/secure") && !world.names().includes(link)) {
      world.open(link, { port: "secure" });
    }
    if (direction === "relay->peer" || world.joined(link) !== undefined) continue;
    if (bytes === undefined) world.end(link);
    else world.send(link, ...cut(decodeHex(bytes)));
    takeAll();
  }
  return { world, received };
}

/** What the reference sent on a link; on the secure port up to the code, then bytes just pass. */
function expected(session: Session, link: SessionStep["link"]): string {
  const steps = session.steps.filter((step) =>
    step.link === link && step.direction === "relay->peer" && step.bytes !== undefined
  );
  const counted = link.endsWith("/secure") ? steps.slice(0, 1) : steps;
  const difference = differences.find((one) => one.session === session.name && one.link === link);
  return counted.map(({ bytes }) => text(decodeHex(bytes as string))).join("") +
    (difference?.extra ?? "");
}

for (
  const [name, agrees] of [
    ["session-file-nonce12", true],
    ["session-file-nonce20", true],
    ["session-directory-nonce12", true],
    ["session-wrong-password", false],
    ["session-refused", false],
  ] as const
) {
  Deno.test(`RelayMachine and SecureMachine replay ${name} however it is cut`, () => {
    const session = sessionOf(name);
    const longest = Math.max(
      ...session.steps
        .filter(({ link, direction }) => link.endsWith("/main") && direction === "peer->relay")
        .map(({ bytes }) => (bytes ?? "").length / 2),
    );
    const cuts: ((bytes: Uint8Array) => Uint8Array[])[] = [
      (bytes) => [bytes],
      (bytes) => Array.from(bytes, (byte) => Uint8Array.of(byte)),
    ];
    for (let at = 1; at < longest; at++) {
      cuts.push((bytes) => [bytes.subarray(0, at), bytes.subarray(at)]);
    }
    for (const cut of cuts) {
      const { world, received } = replay(session, cut);
      for (const link of LINKS) {
        if (!world.names().includes(link)) continue;
        assertEquals(received.get(link), expected(session, link), link);
      }
      for (const link of ["sender/main", "receiver/main"] as const) {
        assertEquals(world.closed(link), agrees ? "paired" : "ended");
      }
      assertEquals(world.names().length, agrees ? 4 : 2);
      if (agrees) assertEquals(world.joined("sender/secure"), "receiver/secure");
      assertEquals(world.main.connections + world.secure.connections + world.rooms.size, 0);
    }
  });
}

Deno.test("RelayMachine differs from the recorded sessions only where the data says so", () => {
  for (const { session, section, why, link, extra } of differences) {
    assert(section.length > 0 && why.length > 0 && extra.length > 0, session);
    const { received } = replay(sessionOf(session), (bytes) => [bytes]);
    assert(received.get(link)?.endsWith(extra), session);
  }
});
