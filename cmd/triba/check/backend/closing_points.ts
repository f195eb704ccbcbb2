/**
 * Faults after which a backend closes: keys, sizes, tags, order (section 8, F01 to F14).
 *
 * @module
 */

import type { BackendPoint } from "./points.ts";
import { inSession, TAMPERED } from "../common/breaking_points.ts";
import { join } from "../common/bytes.ts";
import { describeEnd, type Player } from "../player.ts";
import { Blocked, Failure } from "../verdict.ts";
import type { Stage } from "../stage.ts";
import type { MsgpackValue } from "../../../../lib/msgpack/mod.ts";
import {
  encodeResponse,
  KEY_BYTES,
  MAX_HANDSHAKE_PAYLOAD_BYTES,
} from "../../../../lib/triba/mod.ts";

type Play = (stage: Stage) => Promise<void>;

function row(
  id: string,
  title: string,
  advice: string,
  run: Play,
  needs = "H10",
  level: BackendPoint["level"] = "should",
): BackendPoint {
  return { id, title, section: "8", level, advice, needs, run };
}

/** Waits for the process to end after its connection has. */
async function expectExit(stage: Stage, player: Player): Promise<void> {
  if (await player.trial.exit(stage.manner.patienceMs) !== undefined) return;
  throw new Failure("the end of the process", describeEnd(player.trial));
}

/** Closes the connection, and the process must end. */
async function endsWhenClosed(stage: Stage, player: Player): Promise<void> {
  await player.line.close();
  await expectExit(stage, player);
}

/** A public key of order 8. */
const LOW_ORDER = "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800";

async function refusesKey(stage: Stage, key: Uint8Array): Promise<void> {
  const player = await stage.connect({ alterKey: (own) => own.set(key) });
  const expected = "the end of the connection, and no packet";
  try {
    await player.exchangeKeys();
  } catch (error) {
    if (error instanceof Blocked && player.line.ended) return;
    throw error;
  }
  await player.line.take(5, stage.manner.patienceMs); // a packet would begin with them
  if (!player.line.ended) throw new Failure(expected, "a key, and then a packet");
}

/** Sends something after step 7 or 8 that must end the connection. */
function inHandshake(
  id: string,
  title: string,
  advice: string,
  because: string,
  at: "beforeUpgrade" | "upgraded",
  send: (player: Player) => void,
): BackendPoint {
  const run: Play = async (stage) => {
    const player = await stage[at]();
    const offence = player.nextId;
    send(player);
    await player.expectEnd(because, offence);
  };
  return row(id, title, advice, run, "H06");
}

function answerUpgrade(player: Player, body: MsgpackValue, req?: number): void {
  const upgrade = player.seen[0]?.packet.id as number;
  player.respond(req ?? upgrade, body);
}

/** Points about faults that end a connection. */
export const CLOSING_POINTS: readonly BackendPoint[] = [
  row(
    "F01.1",
    "Ends when the core closes right after the id",
    "Exit; the id is used up, so do not connect again",
    async (stage) => await endsWhenClosed(stage, await stage.connect()),
    "H01",
  ),
  row(
    "F01.2",
    "Ends when the core closes inside the handshake",
    "Exit; the id is used up, so do not connect again",
    async (stage) => {
      const player = await stage.connect();
      await player.exchangeKeys();
      await endsWhenClosed(stage, player);
    },
    "H03",
  ),
  row(
    "F05",
    "Ends when the connection is reset",
    "Take reset and broken pipe as the end of the stream, without a trace of the stack",
    async (stage) => {
      const player = await stage.connect();
      await player.exchangeKeys();
      await player.line.hears(stage.manner.patienceMs); // what is unread makes it a reset
      await endsWhenClosed(stage, player);
    },
    "H03",
  ),
  row(
    "F06.1",
    "Closes when the core's key is zero",
    "Refuse a shared secret of 32 zero bytes, as your X25519 may do by itself",
    async (stage) => await refusesKey(stage, new Uint8Array(KEY_BYTES)),
    "H03",
  ),
  row(
    "F06.2",
    "Closes when the core's key is of low order",
    "Refuse a shared secret of 32 zero bytes, as your X25519 may do by itself",
    async (stage) => await refusesKey(stage, Uint8Array.fromHex(LOW_ORDER)),
    "H03",
  ),
  inHandshake(
    "F07.4",
    "Closes at a size above 65,536 while the session is not open",
    "Use the smaller limit up to step 11",
    "65,536 bytes is the limit before the session is open",
    "beforeUpgrade",
    (player) => player.size(MAX_HANDSHAKE_PAYLOAD_BYTES + 1),
  ),
  inHandshake(
    "F08.3",
    "Closes at a first packet whose tag does not verify",
    TAMPERED,
    "the tag does not verify",
    "beforeUpgrade",
    (player) => player.payload(new Uint8Array(32)),
  ),
  row(
    "F10.3",
    "Closes when the core's first id is neither 0 nor 1",
    "Accept 0 or 1 as the first id and nothing else",
    async (stage) => {
      const player = await stage.beforeUpgrade({ firstId: 2 });
      answerUpgrade(player, "Success");
      const id = player.request("HandshakeSuccess");
      await player.expectEnd("the first id is 2", id);
    },
    "H06",
  ),
  inSession(
    "F11.2",
    "Closes at a second response to the same request",
    "Take a request off the list when its response is there",
    "request 0 has its response",
    (side) => side.respond(side.seen[0]?.packet.id as number, "Success"),
  ),
  inHandshake(
    "F11.3",
    "Closes when step 8 answers another request",
    "Compare req with the id of your request",
    "no such request waits",
    "beforeUpgrade",
    (player) => answerUpgrade(player, "Success", 1_000_000),
  ),
  inSession(
    "F12.1",
    "Closes at a packet of the handshake in the open session",
    "HandshakeSuccess and ApiVersion have their place in the handshake only",
    "the handshake is over",
    (side) => side.request("HandshakeSuccess"),
  ),
  inHandshake(
    "F12.2",
    "Closes at a request that comes before the session is open",
    "Take ApiVersion and HandshakeSuccess there, and answer what you do not know",
    "the session is not open",
    "upgraded",
    (player) => player.request("ListRooms"),
  ),
  inSession(
    "F12.3",
    "Closes at a request that belongs to backends",
    "A packet of your own that comes back decrypts: the name shows it",
    "Status is a request of the backend",
    (side) => side.request({ Status: "Online" }),
  ),
  inHandshake(
    "F13",
    "Closes when step 8 answers with Error",
    "There is no session without the upgrade",
    "the upgrade is refused",
    "beforeUpgrade",
    (player) => answerUpgrade(player, { Error: ["denied", "Refused by the check"] }),
  ),
  inHandshake(
    "F14.1",
    "Closes when step 8 answers with a variant that does not belong there",
    "Expect Success",
    "Rooms does not answer the upgrade",
    "beforeUpgrade",
    (player) => answerUpgrade(player, { Rooms: [] }),
  ),
  inHandshake(
    "F09.13",
    "Closes at a first packet with bytes behind its value",
    "Read strictly: end the connection at whatever is no packet",
    "bytes are left over",
    "beforeUpgrade",
    (player) => {
      const upgrade = player.seen[0]?.packet.id as number;
      player.plaintext(join(encodeResponse(player.nextId, upgrade, "Success"), 0xc0));
    },
  ),
];
