/**
 * The handshake (section 4).
 *
 * @module
 */

import type { BackendPoint } from "./points.ts";
import type { Player } from "../player.ts";
import { describePacket, describeResponse, QUIET_MS } from "../side.ts";
import { request, text } from "../common/bytes.ts";
import { answersUnknown } from "../common/unknown_points.ts";
import { Blocked, Failure } from "../verdict.ts";
import type { Stage } from "../stage.ts";
import { equalConstantTime } from "../../../../lib/bytes/mod.ts";
import {
  API_MAJOR,
  API_MINOR,
  type ApiVersion,
  MAX_AGENT_BYTES,
} from "../../../../lib/triba/mod.ts";

async function staysQuiet(player: Player, when: string): Promise<void> {
  if (!await player.line.hears(QUIET_MS)) return;
  const seen = player.line.ended ? player.describe("ended") : `${player.line.waiting} bytes`;
  throw new Failure(`no byte ${when}`, seen);
}

/** The backend's answer in step 9. */
async function versionOf(stage: Stage, play: Parameters<Stage["upgraded"]>[0] = {}): Promise<
  ApiVersion
> {
  const player = await stage.upgraded({ ...play, handshake: "versioned" });
  await player.exchangeVersions();
  if (player.version !== undefined) return player.version;
  throw new Failure("the response ApiVersion", "Error unknown_request: a core takes it as API 0.0");
}

const FRESH_KEYS: BackendPoint = {
  id: "H04",
  title: "Makes new keys for every connection",
  section: "4",
  level: "should",
  advice: "Make the key pair from the system's random source after the start, and store it nowhere",
  needs: "H03",
  run: async (stage) => {
    const players = [await stage.connect(), await stage.connect()] as const;
    for (const player of players) await player.exchangeKeys();
    if (equalConstantTime(players[0].backendKey, players[1].backendKey)) {
      throw new Failure("another public key in each run", "the same one in two runs");
    }
  },
};

const VERSION_POINTS: readonly BackendPoint[] = [
  {
    id: "H09",
    title: "Answers ApiVersion with ApiVersion",
    section: "4.2, 7.1",
    level: "should",
    advice:
      "Answer, or at least say Error unknown_request: cores must be told of a backend that closes (handshake plain)",
    needs: "H06",
    run: async (stage) => {
      const { major, minor } = await versionOf(stage);
      if (major !== API_MAJOR) {
        throw new Failure(`major version ${API_MAJOR}`, `API ${major}.${minor}`);
      }
    },
  },
  {
    id: "H11",
    title: "Claims no feature that the core did not list",
    section: "4.2, 7.1",
    level: "should",
    advice: "Answer with the part of the core's list that you will use",
    needs: "H09",
    run: async (stage) => {
      const { features } = await versionOf(stage, { features: ["typing", "telepathy-2"] });
      const surplus = features.filter((name) => name !== "typing" && name !== "telepathy-2");
      if (surplus.length > 0) throw new Failure("only listed features", surplus.join(", "));
    },
  },
  {
    id: "H12",
    title: "Calls itself NAME/VERSION in at most 64 bytes",
    section: "7.1",
    level: "should",
    advice: "Shorten the agent of ApiVersion",
    needs: "H09",
    run: async (stage) => {
      const { agent } = await versionOf(stage);
      const length = new TextEncoder().encode(agent).length;
      if (/^[^\s/\p{Cc}]+\/[^\s\p{Cc}]+$/u.test(agent) && length <= MAX_AGENT_BYTES) return;
      throw new Failure("such as my-backend/1.2", `${length} bytes, ${JSON.stringify(agent)}`);
    },
  },
  {
    id: "H13",
    title: "Talks to a core of a later minor version, with a field that it does not know",
    section: "4.2, 7.3",
    level: "should",
    advice: "Compare major versions only, take the lower minor one, pass over surplus elements",
    needs: "H09",
    run: async (stage) => {
      const version = [API_MAJOR, API_MINOR + 7, "core/9", ["typing"], "later"];
      await (await stage.open({ version, handshake: "versioned" })).settle();
    },
  },
];

/** Points about the handshake. */
export const HANDSHAKE_POINTS: readonly BackendPoint[] = [
  {
    id: "H02",
    title: "Waits for the core's key before it sends its own",
    section: "4",
    level: "should",
    advice: "Only so a closed connection after step 1 says clearly that the id was refused",
    needs: "H01",
    run: async (stage) => await staysQuiet(await stage.connect(), "after the id"),
  },
  {
    id: "H03",
    title: "Sends a public key of 32 bytes",
    section: "4 step 4",
    level: "must",
    advice: "Send the raw 32 bytes of X25519 as soon as the core's are there, without a size",
    needs: "H01",
    run: async (stage) => await (await stage.connect()).exchangeKeys(),
  },
  FRESH_KEYS,
  {
    id: "H05",
    title: "Sends packets that open: size, ciphertext and tag of AES-256-GCM-SIV",
    section: "4.1, 5",
    level: "must",
    advice:
      "Key: raw output of X25519. Nonce: that of step 5. No associated data. Size: big-endian, ciphertext and tag",
    needs: "H03",
    run: async (stage) => {
      try {
        await stage.beforeUpgrade();
      } catch (error) {
        if (!(error instanceof Blocked) || error.by !== "H06") throw error; // it opens, to something else
      }
    },
  },
  {
    id: "H06",
    title: "Begins with the request HandshakeUpgradeConnection",
    section: "4 step 7, 6.1",
    level: "must",
    advice: "Send MessagePack: an array of id and the name as a text",
    needs: "H05",
    run: async (stage) => void await stage.beforeUpgrade(),
  },
  {
    id: "H07",
    title: "Sends nothing more before the core has answered step 7",
    section: "4",
    level: "should",
    advice: "Do not send requests ahead while the session is not open",
    needs: "H06",
    run: async (stage) => await staysQuiet(await stage.beforeUpgrade(), "after step 7"),
  },
  {
    id: "H08",
    title: "Opens the session for a core that leaves the version exchange out",
    section: "4.2",
    level: "must",
    advice: "After step 8 take HandshakeSuccess as well as ApiVersion: the original has no step 9",
    needs: "H06",
    run: async (stage) => {
      const player = await stage.upgraded();
      const id = player.request("HandshakeSuccess");
      const seen = await player.responsePacket(id);
      if (typeof seen === "string") {
        throw new Failure("a response to HandshakeSuccess", player.describe(seen));
      }
      const { packet } = seen;
      if (packet.name !== "Success") throw new Failure("Success", describePacket(packet));
    },
  },
  ...VERSION_POINTS,
  {
    id: "H10",
    title: "Answers HandshakeSuccess with Success",
    section: "4 step 11",
    level: "must",
    advice: "Send a response whose req is the id of the core's request",
    needs: "H06",
    run: async (stage) => void await stage.open(),
  },
  {
    id: "H14",
    title: "Goes on when the core's first packet has id 1",
    section: "6.2",
    level: "should",
    advice: "Accept 0 or 1 as the first id, as the document names no start",
    needs: "H10",
    run: async (stage) => {
      const player = await stage.open({ firstId: 1 });
      const response = await player.response(player.request("Ping"));
      if (response.type === "Error" && response.code !== "unknown_request") {
        throw new Failure("an answer to Ping", describeResponse(response));
      }
    },
  },
  {
    id: "P05",
    title: "Answers in the form in which the core writes",
    section: "6.1",
    level: "should",
    advice: "Wrap packets into Request and Response exactly if the core's first packet is wrapped",
    needs: "H10",
    run: async (stage) => {
      for (const form of ["compact", "tagged"] as const) {
        const player = await stage.open({ form });
        await player.responsePacket(player.request("Ping"));
        const other = player.seen.slice(1).find(({ packet }) => packet.form !== form);
        if (other !== undefined) {
          throw new Failure(
            `the ${form} form`,
            `${describePacket(other.packet)}, ${other.packet.form}`,
          );
        }
      }
    },
  },
  {
    id: "F16.10",
    title: "Answers an unknown request in the handshake with Error unknown_request",
    section: "7.3, 8",
    level: "should",
    advice: "A later core may ask something else first; HandshakeSuccess follows",
    needs: "H06",
    run: async (stage) => {
      const player = await stage.upgraded();
      await answersUnknown(player, (id) => request(id, text("TribaCheck")));
      await player.confirm();
    },
  },
];
