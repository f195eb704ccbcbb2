// Transfers between programs, or between one program and a peer that a test plays.

import { assertEquals } from "@std/assert";
import { createHash } from "node:crypto";
import type { Generation } from "../../lib/bob/mod.ts";
import { type Channel, playSender } from "./bob_peers.ts";
import { type Ended, HAS_TERMINALS, type Program, type StartOptions } from "./program.ts";
import type { Stage } from "./relay_stage.ts";

/** The code of tests in which codes do not matter. */
export const CODE = "lusabag-gutihuz";
/** The same for programs: nobody else on the machine sees it. */
export const WITH_CODE: StartOptions = { env: { SALLYPORT_CODE: CODE } };
/** Why nobody can be asked at a terminal here, if so. */
export const NO_TERMINAL = HAS_TERMINALS ? undefined : "no script of util-linux";

/** What a played sender sends, and how the receiver is started. */
export interface PlayedSending {
  readonly pieces: readonly Uint8Array[];
  readonly wire?: Generation;
  readonly args?: readonly string[];
  readonly options?: StartOptions;
  /** How many pieces to send; all unless given. */
  readonly first?: number;
  /** What happens then, while both are there. */
  readonly then?: (receiver: Program, channel: Channel) => Promise<void> | void;
}

/** Runs a receiver to its end against a sender that is played. */
export async function receivePlayed(stage: Stage, sending: PlayedSending): Promise<Ended> {
  const { pieces, wire, args = [], options = {}, first = pieces.length, then } = sending;
  await using sender = playSender(stage.relay, CODE);
  const receiver = stage.receive([...args, CODE], options);
  const channel = await sender.channel();
  // A receiver that has seen enough does not read the rest.
  const written = channel.write(pieces.slice(0, first), wire).catch(() => {});
  await then?.(receiver, channel);
  const ended = await receiver.ended();
  await written;
  return ended;
}

/** A receiver at some other relay. */
export function receiveAt(stage: Stage, relay: string): Program {
  return stage.start(["receive", "--relay", relay, "--yes"], { ...WITH_CODE, cwd: stage.out });
}

/** Both sides of a transfer, started at the same time with the same code; both must succeed. */
export async function transfer(
  stage: Stage,
  send: readonly string[],
  receive: readonly string[] = [],
  options: StartOptions = {},
): Promise<{ readonly sent: Ended; readonly received: Ended }> {
  const sender = stage.send(send, { ...WITH_CODE, ...options });
  return await bothDone(sender, stage.receive(receive, WITH_CODE));
}

/** Waits for both ends, which must be good ones. */
export async function bothDone(
  sender: Program,
  receiver: Program,
): Promise<{ readonly sent: Ended; readonly received: Ended }> {
  const [sent, received] = [await sender.ended(), await receiver.ended()];
  assertEquals([sent.code, received.code], [0, 0], `${sent.stderr}\n${received.stderr}`);
  return { sent, received };
}

/** Two programs in the middle of a transfer that takes a while: a relay of its own slows it down. */
export async function startSlowTransfer(
  stage: Stage,
): Promise<{ readonly sender: Program; readonly receiver: Program }> {
  const relay = await stage.serve(["--max-rate", "1M"]);
  await stage.writeZeros("zeros", 64 * 1024 * 1024);
  const words = ["send", "--relay", relay.address, "--no-compress", "zeros"];
  const sender = stage.start(words, { ...WITH_CODE, cwd: stage.in });
  const receiver = receiveAt(stage, relay.address);
  await receiver.waitFor("stderr", /Receiving "zeros"/);
  return { sender, receiver };
}

/** A code that a sender made. */
export async function codeOf(sender: Program): Promise<string> {
  const [, code = ""] = await sender.waitFor("stdout", /^code (\S+)$/m);
  return code;
}

/** A short name of some content. */
export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Bytes without a pattern that compression could use. */
export function noise(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += 65_536) {
    crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  }
  return bytes;
}

/** A folder `box` with everything that travels; gives all that is in it. */
export async function makeBox(stage: Stage): Promise<Record<string, string>> {
  await Deno.mkdir(`${stage.in}/box/deep/er`, { recursive: true });
  await Deno.mkdir(`${stage.in}/box/empty`);
  await stage.write("box/one", "the same");
  await stage.write("box/deep/two", "the same");
  await stage.write("box/deep/er/three", "x".repeat(200_000));
  await stage.write("box/nothing", "");
  await stage.write("box/.hidden", "seen by few");
  await stage.write("box/ÄÖ ü\u{1f600}.txt", "names of all kinds");
  return stage.tree(stage.in);
}
