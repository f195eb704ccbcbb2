/**
 * The handshake as a core must lead it (section 4).
 *
 * @module
 */

import type { BackendPlayer } from "./backend_player.ts";
import type { CoreStage } from "./core_stage.ts";
import type { CorePoint } from "./points.ts";
import { describePacket, QUIET_MS } from "../side.ts";
import { Failure, Skipped } from "../verdict.ts";
import { equalConstantTime } from "../../../../lib/bytes/mod.ts";
import { API_MAJOR, MAX_AGENT_BYTES, SEALED_1 } from "../../../../lib/triba/mod.ts";

/** Two runs, each after step 5. */
async function twice(stage: CoreStage): Promise<readonly [BackendPlayer, BackendPlayer]> {
  return [await stage.keyed(), await stage.keyed()];
}

async function opensAndAnswers(player: BackendPlayer): Promise<void> {
  await player.open();
  const seen = await player.responsePacket(player.request("Ping"));
  if (typeof seen === "string") throw new Failure("an answer to Ping", player.describe(seen));
}

/** A core that does step 9. */
async function versioned(stage: CoreStage): Promise<BackendPlayer> {
  const player = await stage.open();
  if (player.version !== undefined) return player;
  throw new Skipped("The core leaves the version exchange out, as it may be told to");
}

/** Points about the handshake. */
export const CORE_HANDSHAKE_POINTS: readonly CorePoint[] = [
  {
    id: "H02",
    title: "Takes the backend's connection, and sends nothing before the id",
    section: "3.2, 4 step 1",
    level: "must",
    advice: "Listen before you start the backend; wait for 16 bytes",
    needs: "H01",
    run: async (stage) => {
      const { line } = await stage.connect();
      if (await line.hears(3 * QUIET_MS)) throw new Failure("silence", `${line.waiting} bytes`);
    },
  },
  {
    id: "H03",
    title: "Sends a public key of 32 bytes when it has the id",
    section: "4 step 3",
    level: "must",
    advice: "Send the raw 32 bytes of X25519, without a size",
    needs: "H02",
    run: async (stage) => {
      const player = await stage.connect();
      player.line.send(player.id);
      const key = await player.line.take(32, stage.manner.patienceMs);
      if (key === undefined) throw new Failure("32 bytes", `${player.line.waiting} bytes`);
      if (await player.line.hears(QUIET_MS)) {
        throw new Failure("nothing more before the backend's key", `${player.line.waiting} bytes`);
      }
    },
  },
  {
    id: "H04",
    title: "Makes new keys for every connection",
    section: "4",
    level: "should",
    advice: "Make the key pair when the id is there, and store it nowhere",
    needs: "H06",
    run: async (stage) => {
      const [first, second] = await twice(stage);
      if (equalConstantTime(first.coreKey, second.coreKey)) {
        throw new Failure("another public key in each run", "the same one in two runs");
      }
    },
  },
  {
    id: "H05",
    title: "Makes a new nonce for every connection",
    section: "4",
    level: "should",
    advice: "Take 12 bytes from the system's random source",
    needs: "H06",
    run: async (stage) => {
      const [first, second] = await twice(stage);
      if (equalConstantTime(first.nonce, second.nonce)) {
        throw new Failure("another nonce in each run", "the same one in two runs");
      }
    },
  },
  {
    id: "H06",
    title: "Sends a nonce of 12 bytes when it has the backend's key",
    section: "4 step 5",
    level: "must",
    advice: "Send the 12 bytes without a size; packets begin behind them",
    needs: "H03",
    run: async (stage) => void await stage.keyed(),
  },
  {
    id: "H07",
    title: "Answers HandshakeUpgradeConnection with Success, in a packet that opens",
    section: "4 step 8, 5",
    level: "must",
    advice:
      "Key: raw output of X25519. Nonce: that of step 5. No associated data. Size: big-endian, ciphertext and tag",
    needs: "H06",
    run: async (stage) => void await stage.upgraded(),
  },
  {
    id: "H10",
    title: "Opens the session with HandshakeSuccess, and answers requests behind step 11",
    section: "4 step 10",
    level: "must",
    advice: "After step 8, or after the version exchange, send HandshakeSuccess and await Success",
    needs: "H07",
    run: async (stage) => await opensAndAnswers(await stage.connect()),
  },
  {
    id: "H08",
    title: "Bears with a backend that sends its key together with the id",
    section: "4",
    level: "should",
    advice: "Keep what a read returned beyond 16 bytes for the next step",
    needs: "H06",
    run: async (stage) => {
      const player = await stage.connect();
      player.line.send(new Uint8Array([...player.id, ...player.id, ...player.id]));
      const bytes = await player.line.take(32 + 12, stage.manner.patienceMs);
      if (bytes !== undefined) return;
      throw new Failure("key and nonce, 44 bytes", `${player.line.waiting} bytes`);
    },
  },
  {
    id: "H09",
    title: "Goes on without the version when the backend does not know the request",
    section: "4.2",
    level: "should",
    advice: "After Error unknown_request send HandshakeSuccess; such a backend has API 0.0",
    needs: "H10",
    run: async (stage) => {
      const player = await stage.connect({ plain: true });
      if (player.run.secret !== undefined) throw new Skipped("The core demands sealing");
      await opensAndAnswers(player);
    },
  },
  {
    id: "H11",
    title: "Says its version, and calls itself NAME/VERSION in at most 64 bytes",
    section: "4.2, 7.1",
    level: "should",
    advice: "ApiVersion holds major, minor, agent and features in this order",
    needs: "H10",
    run: async (stage) => {
      const { version } = await versioned(stage);
      const { major = 0, agent = "" } = version ?? {};
      if (major !== API_MAJOR) throw new Failure(`major version ${API_MAJOR}`, String(major));
      const length = new TextEncoder().encode(agent).length;
      if (/^[^\s/\p{Cc}]+\/[^\s\p{Cc}]+$/u.test(agent) && length <= MAX_AGENT_BYTES) return;
      throw new Failure("such as my-core/1.2", `${length} bytes, ${JSON.stringify(agent)}`);
    },
  },
  {
    id: "H12",
    title: "Takes the backend's first packet with id 1",
    section: "6.2",
    level: "should",
    advice: "Accept 0 or 1 as the first id, as the document names no start",
    needs: "H10",
    run: async (stage) => await opensAndAnswers(await stage.connect({ firstId: 1 })),
  },
  {
    id: "H13",
    title: "Takes the tagged form",
    section: "6.1",
    level: "should",
    advice: "A map of one entry from Request or Response to the packet",
    needs: "H10",
    run: async (stage) => await opensAndAnswers(await stage.connect({ form: "tagged" })),
  },
  {
    id: "H14",
    title: "Closes when the backend claims a feature that was not listed",
    section: "7.1, 10",
    level: "should",
    advice: "The answer holds a part of the core's list, or the backend is confused",
    needs: "H10",
    run: async (stage) => {
      const player = await stage.upgraded();
      const seen = await player.nextRequest();
      if (typeof seen === "string" || seen.packet.name !== "ApiVersion") {
        throw new Skipped("The core leaves the version exchange out, as it may be told to");
      }
      player.respond(seen.packet.id, { ApiVersion: [1, 0, "triba-check/1", ["telepathy-2"]] });
      const next = await player.nextRequest();
      if (next === "ended") return await player.expectCore();
      const state = typeof next === "string" ? player.describe(next) : describePacket(next.packet);
      throw new Failure("the end of the connection", state);
    },
  },
  {
    id: "S02",
    title: "Seals the session that it demands to be sealed",
    section: "10",
    level: "may",
    advice:
      "HKDF-SHA-256 with the secret as salt; new keys right behind the ApiVersion response; nonce: 4 zero bytes and the id",
    needs: "S01",
    run: async (stage) => {
      const player = await stage.connect();
      await opensAndAnswers(player);
      if (player.version?.features.includes(SEALED_1)) return;
      throw new Failure(`${SEALED_1} in the core's list`, "a list without it");
    },
  },
  {
    id: "S03",
    title: "Closes when sealing is demanded and the backend does not list it",
    section: "10",
    level: "may",
    advice: "Under require nothing less will do",
    needs: "S02",
    run: async (stage) => {
      const player = await stage.upgraded();
      const seen = await player.nextRequest();
      if (typeof seen === "string") throw new Failure("ApiVersion", player.describe(seen));
      player.respond(seen.packet.id, { ApiVersion: [1, 0, "triba-check/1", []] });
      await player.expectEnd("sealing is demanded");
    },
  },
];
