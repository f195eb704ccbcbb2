// A receiver that is registered at a relay, and senders that come to it.

import { assertEquals } from "@std/assert";
import {
  GuessBudget,
  type Packet,
  type ReceiverEvent,
  ReceiverMachine,
} from "../../../lib/bob/mod.ts";
import { Probe } from "./probe.ts";
import {
  bytesOfText,
  identityOf,
  makeHost,
  onlyPacket,
  PASSWORD,
  randomBytes,
} from "./strangers.ts";

const OWN_UID = 1; // only its identity matters

/** A receiver that has been registered. */
export function registered(most = 100, { known = true } = {}) {
  const guesses = new GuessBudget(most);
  const machine = new ReceiverMachine({ password: bytesOfText(PASSWORD), guesses, randomBytes });
  const probe = new Probe<ReceiverEvent>(machine);
  assertEquals(probe.takePackets(), [{ type: "hello-as-a-client", uid: 0 }]);
  if (known) {
    probe.feedPackets({ type: "client-identity", uid: 0, identity: identityOf(OWN_UID) });
    assertEquals(probe.takeTold(), [{ type: "registered", identity: "10.0.0.1:40001" }]);
  }
  return { guesses, machine, probe };
}

export type World = ReturnType<typeof registered>;

/** Announces a sender up to its packet 06, which is not fed yet. */
export function announce({ probe }: World, uid: number, password?: string) {
  const host = makeHost(uid, password);
  probe.feedPackets(host.announcement);
  const { reply, pending } = host.answer(onlyPacket(probe.takePackets(), "x-and-client-identity"));
  return { host, reply, pending };
}

/** The same up to the proof of the password; the sender's keys. */
export function prove(world: World, uid: number) {
  const { reply, pending } = announce(world, uid);
  world.probe.feedPackets(reply);
  return pending.receiveValidator(
    onlyPacket(world.probe.takePackets(), "client-validator").validator,
  );
}

/** The same up to the agreement; the events are left. */
export function agree(world: World, uid: number) {
  const keys = prove(world, uid);
  world.probe.takeTold();
  world.probe.feedPackets({ type: "agreement", uid });
  assertEquals(world.probe.takePackets(), []);
  return keys;
}

export function fail(world: World, uid: number) {
  world.probe.feedPackets(announce(world, uid, "wrong").reply);
  assertEquals(world.probe.takePackets(), [
    { type: "spoke-failure", uid, reason: "invalid-client-validator" },
  ]);
}

export function nameOf(uid: number) {
  return { uid, identity: String.fromCharCode(...identityOf(uid)) };
}

export function complaint(reason: "invalid-server" | "no-handshake", peer: number): Packet {
  return { type: "relay-failure", uid: 0, reason, peer };
}

export const failureOf = (uid: number): Packet => {
  return { type: "spoke-failure", uid, reason: "invalid-server-validator" };
};
export const closed = (peer: number): Packet => ({ type: "closed", uid: 0, peer });
export const DONE: Packet = { type: "done", uid: 0 };
