import { assert, assertEquals } from "@std/assert";
import { decodeHex, encodeHex } from "@std/encoding/hex";
import {
  GuessBudget,
  ReceiverMachine,
  SecurePeerMachine,
  SenderMachine,
} from "../../../lib/bob/mod.ts";
import { createServer } from "../../../lib/spoke/mod.ts";
import { cuts } from "../../support/chunks.ts";
import { given } from "../spoke/support.ts";
import { Probe } from "./probe.ts";
import { bytesOf, type Session, sessionOf, SESSIONS, type SessionStep } from "./sessions.ts";

const ascii = new TextEncoder();
const SALT_AT = 6 + 18; // in the sender's first packet: behind the header, at the end of `public`
/** Enough to see every state of the exchange cut; the other sessions differ in their values. */
const CUT_EVERYWHERE = "session-file-nonce12";

function senderOf(session: Session): Probe<ReturnType<SenderMachine["start"]>["events"][number]> {
  const salt = bytesOf(session, "sender/main", "peer->relay").slice(SALT_AT, SALT_AT + 16);
  const server = createServer({
    password: ascii.encode(session.sender_password),
    randomBytes: given(salt, decodeHex(session.y)),
  });
  return new Probe(new SenderMachine({ server, guesses: new GuessBudget(1) }));
}

function receiverOf(session: Session) {
  const machine = new ReceiverMachine({
    password: ascii.encode(session.receiver_password),
    guesses: new GuessBudget(1),
    randomBytes: given(decodeHex(session.x)),
  });
  return { machine, probe: new Probe(machine) };
}

/** What the relay sends on a main connection: up to the user's answer, and after it. */
function phasesOf(session: Session): [Uint8Array, Uint8Array] {
  const phases: [string, string] = ["", ""];
  let phase: 0 | 1 = 0;
  for (const { link, direction, bytes = "" } of session.steps) {
    if (link !== "receiver/main") continue;
    if (direction === "peer->relay" && /^30303031306[12]$/.test(bytes)) phase = 1; // 0a, 0b
    if (direction === "relay->peer") phases[phase] += bytes;
  }
  return [decodeHex(phases[0]), decodeHex(phases[1])];
}

function waysToCut(session: Session, bytes: Uint8Array) {
  const ways = cuts(bytes);
  return session.name === CUT_EVERYWHERE ? ways : ways.take(2);
}

const OUTCOMES: Readonly<Record<string, "accepted" | "refused" | "failed">> = {
  "session-file-nonce12": "accepted",
  "session-file-nonce20": "accepted",
  "session-directory-nonce12": "accepted",
  "session-wrong-password": "failed",
  "session-refused": "refused",
};

for (const session of SESSIONS) {
  const { name } = session;
  const outcome = OUTCOMES[name];
  const uid = 2;
  const receiver = { uid, identity: session.receiver_identity };
  const sender = { uid: 1, identity: session.sender_identity };
  const keys = [session.key_client, session.key_server];

  Deno.test(`SenderMachine sends what the recorded sender sent: ${name}`, () => {
    const incoming = bytesOf(session, "sender/main", "relay->peer");
    for (const cut of waysToCut(session, incoming)) {
      const probe = senderOf(session);
      probe.feed(...cut.chunks);
      const sent = encodeHex(bytesOf(session, "sender/main", "peer->relay"));
      assertEquals(probe.takeBytes(), sent, cut.name);
      const events = probe.takeEvents();
      const last = events.at(-1);
      if (outcome === "accepted") {
        assert(last?.type === "accepted");
        assertEquals([encodeHex(last.keys.clientKey), encodeHex(last.keys.serverKey)], keys);
        assertEquals(String.fromCharCode(...last.identity), receiver.identity);
      }
      assertEquals(
        events.map(({ type }) => type),
        outcome === "failed"
          ? ["registered", "failed"]
          : ["registered", "agreed", ...(outcome === "accepted" ? ["accepted"] : [])],
      );
      assertEquals(probe.done, outcome === "accepted");
    }
  });

  Deno.test(`ReceiverMachine sends what the recorded receiver sent: ${name}`, () => {
    const [before, after] = phasesOf(session);
    const run = (first: Iterable<Uint8Array>, second: Iterable<Uint8Array>, cut: string) => {
      const { machine, probe } = receiverOf(session);
      probe.feed(...first);
      const told = probe.takeTold();
      const counts = told.findLast(({ type }) => type === "senders");
      const failed = outcome === "failed" ? 1 : 0;
      assertEquals(counts, { type: "senders", waiting: 1, failed });
      const question = told.find(({ type }) => type === "agreed");
      assertEquals(question, failed === 1 ? undefined : { type: "agreed", ...sender });
      if (outcome === "accepted") probe.apply(machine.accept(1, probe.now));
      if (outcome === "refused") probe.apply(machine.refuse(1, probe.now));
      probe.feed(...second);
      const sent = encodeHex(bytesOf(session, "receiver/main", "peer->relay"));
      assertEquals(probe.takeBytes(), sent, cut);
      const [last] = probe.takeEvents();
      assertEquals(last?.type, outcome === "failed" ? undefined : outcome, cut);
      assertEquals(probe.done, outcome !== "failed");
      if (last?.type !== "accepted") return;
      assertEquals([encodeHex(last.keys.clientKey), encodeHex(last.keys.serverKey)], keys);
      assertEquals(String.fromCharCode(...last.identity), sender.identity);
    };
    for (const cut of waysToCut(session, before)) run(cut.chunks, [after], cut.name);
    for (const cut of waysToCut(session, after)) run([before], cut.chunks, cut.name);
  });
}

Deno.test("SecurePeerMachine sends the recorded lines and opens the pipe", async (t) => {
  const ends = [["sender/secure", "receiver_identity"], ["receiver/secure", "sender_identity"]];
  for (const { name } of SESSIONS.filter(({ records }) => records !== undefined)) {
    const session = sessionOf(name);
    for (const [link, field] of ends as [SessionStep["link"], "sender_identity"][]) {
      await t.step(`${name}, ${link}`, () => {
        const [line] = session.steps.filter((step) =>
          step.link === link && step.direction === "peer->relay"
        );
        const incoming = bytesOf(session, link, "relay->peer");
        for (const cut of cuts(incoming).take(20)) {
          const probe = new Probe(new SecurePeerMachine(ascii.encode(session[field]), 5000));
          assertEquals(probe.takeBytes(), line?.bytes);
          const used = cut.chunks.findIndex((_, count) => {
            probe.feed(cut.chunks[count] as Uint8Array);
            return probe.done;
          });
          const [event] = probe.takeEvents();
          assert(event?.type === "open", cut.name);
          const rest = cut.chunks.slice(used + 1).map(encodeHex).join("");
          assertEquals(encodeHex(event.received) + rest, encodeHex(incoming.subarray(2)));
        }
      });
    }
  }
});
