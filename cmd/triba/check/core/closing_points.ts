/**
 * Faults of a backend after which a core closes and goes on (section 8, F01 to F15).
 *
 * @module
 */

import type { BackendPlayer } from "./backend_player.ts";
import type { CoreStage } from "./core_stage.ts";
import type { CorePoint } from "./points.ts";
import { inSession, TAMPERED } from "../common/breaking_points.ts";
import { describePacket, QUIET_MS } from "../side.ts";
import { Blocked, Failure, Skipped } from "../verdict.ts";
import {
  encodeRequest,
  ID_BYTES,
  KEY_BYTES,
  MAX_HANDSHAKE_PAYLOAD_BYTES,
} from "../../../../lib/triba/mod.ts";

type Play = (stage: CoreStage) => Promise<void>;

function row(
  id: string,
  title: string,
  advice: string,
  run: Play,
  needs = "H10",
  level: CorePoint["level"] = "should",
): CorePoint {
  return { id, title, section: "8", level, advice, needs, run };
}

/** The core must not end when a connection does. */
async function survives(player: BackendPlayer): Promise<void> {
  await player.line.close();
  await player.expectCore();
}

async function refusesUnknownId(stage: CoreStage): Promise<void> {
  const player = await stage.connect();
  player.line.send(crypto.getRandomValues(new Uint8Array(ID_BYTES)));
  const { line } = player;
  await line.until(() => line.waiting > 0 || line.ended, stage.manner.patienceMs);
  if (line.waiting > 0) throw new Failure("no byte, and the end", `${line.waiting} bytes`);
  if (!line.ended) throw new Failure("the end of the connection", player.describe("late"));
  await player.expectCore();
}

async function refusesUsedId(stage: CoreStage): Promise<void> {
  const player = await stage.open();
  await player.line.close();
  await player.trial.exit(QUIET_MS);
  let line: Awaited<ReturnType<BackendPlayer["reconnect"]>>;
  try {
    line = await player.reconnect();
  } catch {
    throw new Skipped("The core's socket is gone with its backend");
  }
  line.send(player.id);
  await line.until(() => line.waiting > 0 || line.ended, stage.manner.patienceMs);
  const { waiting, ended } = line;
  await line.close();
  if (waiting > 0) throw new Failure("no byte, and the end", `${waiting} bytes`);
  if (!ended) throw new Failure("the end of the connection", player.describe("late"));
}

async function endsBoth(stage: CoreStage): Promise<void> {
  const player = await stage.keyed();
  const second = await player.reconnect();
  second.send(player.id);
  const { patienceMs } = stage.manner;
  const ends = await player.line.until(() => player.line.ended, patienceMs) &&
    await second.until(() => second.ended, patienceMs);
  await second.close();
  if (!ends) throw new Failure("the end of both connections", "one that stays");
  await player.expectCore();
}

async function keepsFirst(stage: CoreStage): Promise<void> {
  const player = await stage.open();
  const second = await player.reconnect();
  second.send(player.id);
  const ended = await second.until(() => second.ended, stage.manner.patienceMs);
  await second.close();
  if (!ended) throw new Failure("the end of the second connection", "one that stays");
  const seen = await player.responsePacket(player.request("Ping"));
  if (typeof seen === "string") {
    throw new Failure("an answer on the first connection", player.describe(seen));
  }
}

async function refusesKey(stage: CoreStage): Promise<void> {
  const player = await stage.connect({ alterKey: (key) => key.set(new Uint8Array(KEY_BYTES)) });
  try {
    await player.exchangeKeys();
  } catch (error) {
    if (!(error instanceof Blocked) || !player.line.ended) throw error;
    return await player.expectCore();
  }
  throw new Failure("the end of the connection, and no nonce", "a nonce");
}

function inHandshake(
  id: string,
  title: string,
  advice: string,
  because: string,
  at: "keyed" | "upgraded",
  send: (player: BackendPlayer) => void,
): CorePoint {
  const run: Play = async (stage) => {
    const player = await stage[at]();
    const offence = player.nextId;
    send(player);
    await player.expectEnd(because, offence);
  };
  return row(id, title, advice, run, at === "keyed" ? "H06" : "H07");
}

/** Answers the core's next request of this name in the handshake with something that must end it. */
function answering(
  id: string,
  title: string,
  advice: string,
  because: string,
  name: "ApiVersion" | "HandshakeSuccess",
  body: Parameters<BackendPlayer["respond"]>[1],
): CorePoint {
  return row(id, title, advice, async (stage) => {
    const player = await stage.upgraded();
    while (true) {
      const seen = await player.nextRequest();
      if (typeof seen === "string") throw new Failure(name, player.describe(seen));
      const { packet } = seen;
      if (packet.name === name) {
        player.respond(packet.id, body);
        return await expectNoOpening(player, because);
      }
      if (packet.name !== "ApiVersion") {
        throw new Skipped(`The core does not send ${name}, as it may be told to`);
      }
      player.answerVersion(packet);
    }
  });
}

/** The end must come before the core opens the session. */
async function expectNoOpening(player: BackendPlayer, because: string): Promise<void> {
  const expected = `the end of the connection, because ${because}`;
  const seen = await player.nextRequest();
  if (seen === "ended") return await player.expectCore();
  if (seen === "late") throw new Failure(expected, player.describe(seen));
  throw new Failure(expected, describePacket(seen.packet));
}

const UNKNOWN_ID = "Close without a byte: who does not know the id learns nothing";
const CLOSE_AND_RESTART = "Close this connection and go on; other backends must not notice";

/** Points about faults that end a connection. */
export const CORE_CLOSING_POINTS: readonly CorePoint[] = [
  row(
    "F01",
    "Goes on when a backend goes away inside the handshake",
    CLOSE_AND_RESTART,
    async (stage) => await survives(await stage.keyed()),
    "H06",
  ),
  row(
    "F02.1",
    "Closes without a byte when it does not know the id",
    UNKNOWN_ID,
    refusesUnknownId,
    "H03",
    "must",
  ),
  row("F02.2", "Closes without a byte when the id was used", UNKNOWN_ID, refusesUsedId),
  row(
    "F03",
    "Closes both connections when the id comes twice before the session is open",
    "One of them may be an impostor: stop this backend",
    endsBoth,
    "H06",
  ),
  row(
    "F04",
    "Closes the second connection with the id of an open session, and keeps the first",
    "The second may be an impostor that came too late",
    keepsFirst,
  ),
  row(
    "F06",
    "Closes when the backend's key is zero",
    "Refuse a shared secret of 32 zero bytes",
    refusesKey,
    "H03",
  ),
  inHandshake(
    "F07.4",
    "Closes at a size above 65,536 while the session is not open",
    "Use the smaller limit up to step 11",
    "65,536 bytes is the limit before the session is open",
    "keyed",
    (player) => player.size(MAX_HANDSHAKE_PAYLOAD_BYTES + 1),
  ),
  inHandshake(
    "F08.3",
    "Closes at a first packet whose tag does not verify",
    TAMPERED,
    "the tag does not verify",
    "keyed",
    (player) => player.payload(new Uint8Array(32)),
  ),
  inHandshake(
    "F10.3",
    "Closes when the backend's first id is neither 0 nor 1",
    "Accept 0 or 1 as the first id and nothing else",
    "the first id is 2",
    "keyed",
    (player) => {
      player.nextId = 2;
      player.request("HandshakeUpgradeConnection");
    },
  ),
  inSession(
    "F11.2",
    "Closes at a second response to the same request",
    "Take a request off the list when its response is there",
    "this request has its response",
    (side) => {
      const success = side.seen.find(({ packet }) => packet.name === "HandshakeSuccess");
      side.respond(success?.packet.id ?? 0, "Success");
    },
  ),
  inSession(
    "F12.1",
    "Closes at a packet of the handshake in the open session",
    "HandshakeUpgradeConnection has its place in the handshake only",
    "the handshake is over",
    (side) => side.request("HandshakeUpgradeConnection"),
  ),
  inHandshake(
    "F12.2",
    "Closes at another request in place of HandshakeUpgradeConnection",
    "Expect step 7 there",
    "the connection is not upgraded",
    "keyed",
    (player) => player.plaintext(encodeRequest(player.nextId, { Status: "Online" })),
  ),
  inSession(
    "F12.3",
    "Closes at a request that belongs to cores",
    "A packet of your own that comes back decrypts: the name shows it",
    "ListRooms is a request of the core",
    (side) => side.request("ListRooms"),
  ),
  answering(
    "F13",
    "Closes when step 11 answers with Error",
    "There is no session without it",
    "the backend refuses the session",
    "HandshakeSuccess",
    { Error: ["denied", "Refused by the check"] },
  ),
  answering(
    "F14.1",
    "Closes when step 11 answers with a variant that does not belong there",
    "Expect Success",
    "Rooms does not answer HandshakeSuccess",
    "HandshakeSuccess",
    { Rooms: [] },
  ),
  answering(
    "F15.1",
    "Closes when step 9 answers with an Error other than unknown_request",
    "Only unknown_request means a backend without the version exchange",
    "the version is refused",
    "ApiVersion",
    { Error: ["internal", "Refused by the check"] },
  ),
  answering(
    "F15.2",
    "Closes when the backend has another major version",
    "Do not start it again: no restart will change it",
    "the major version differs",
    "ApiVersion",
    { ApiVersion: [2, 0, "triba-check/2", []] },
  ),
];
