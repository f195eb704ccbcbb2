/**
 * The extension sealed-1 (section 10).
 *
 * @module
 */

import type { BackendPoint } from "./points.ts";
import { describeEnd, type Play, type Player } from "../player.ts";
import { describeResponse } from "../side.ts";
import { Failure } from "../verdict.ts";
import type { Stage } from "../stage.ts";
import {
  encodeRequest,
  EXIT_CODES,
  SEALED_1,
  SPAWN_LINE_BYTES,
  SPAWN_SECRET_BYTES,
} from "../../../../lib/triba/mod.ts";

async function openSealed(stage: Stage, play: Play = {}): Promise<Player> {
  return await stage.open({ secret: await stage.secret(), ...play });
}

async function expectPings(player: Player): Promise<void> {
  for (let i = 0; i < 3; i++) {
    const response = await player.response(player.request("Ping"));
    if (response.type !== "Success") throw new Failure("Success", describeResponse(response));
  }
}

function seal(
  id: string,
  title: string,
  advice: string,
  run: (stage: Stage) => Promise<void>,
  needs = "S02",
): BackendPoint {
  return { id, title, section: "10", level: "may", advice, needs, run };
}

async function refusesInput(stage: Stage): Promise<void> {
  await stage.secret();
  const input = new TextEncoder().encode("A".repeat(SPAWN_LINE_BYTES - 2) + "!\n");
  const trial = await stage.start({ input });
  const status = await trial.exit(stage.manner.patienceMs);
  if (status?.code === EXIT_CODES.protocol && trial.connections === 0) return;
  const connected = trial.connections === 0 ? "" : "it connects; ";
  throw new Failure("exit code 76 and no connection", connected + describeEnd(trial));
}

/** Points about sealed-1. */
export const SEAL_POINTS: readonly BackendPoint[] = [
  seal(
    "S01",
    "Does not list sealed-1 when it was given no secret",
    "Look for TRIBA_SEAL=stdin; without it never return sealed-1",
    async (stage) => {
      const player = await stage.upgraded({ features: [SEALED_1] });
      await player.exchangeVersions();
      if (player.version?.features.includes(SEALED_1)) {
        throw new Failure("no sealed-1 in the answer", "sealed-1, though TRIBA_SEAL is not set");
      }
    },
    "H06",
  ),
  seal(
    "S02",
    "Opens a sealed session, and both directions work in it",
    "HKDF-SHA-256 with the secret as salt; new keys right behind the ApiVersion response; nonce: 4 zero bytes and the id",
    async (stage) => await expectPings(await openSealed(stage)),
    "H10",
  ),
  seal(
    "S03",
    "Ends when its spawn demands sealing and the core leaves the version exchange out",
    "With TRIBA_SEAL=stdin nothing less will do",
    async (stage) => {
      const player = await stage.upgraded({ secret: await stage.secret() });
      const id = player.request("HandshakeSuccess");
      await player.expectEnd("sealing is demanded", id);
    },
  ),
  seal(
    "S04",
    "Ends when its spawn demands sealing and the core does not list sealed-1",
    "With TRIBA_SEAL=stdin nothing less will do",
    async (stage) => {
      const player = await stage.upgraded({ secret: await stage.secret() });
      player.request({ ApiVersion: [1, 0, "triba-check/1", []] });
      const id = player.request("HandshakeSuccess");
      await player.expectEnd("sealing is demanded", id);
    },
  ),
  seal(
    "S05",
    "Ends when the core has another secret",
    "HandshakeSuccess comes under the new keys: it must not open under others",
    async (stage) => {
      const usedSecret = crypto.getRandomValues(new Uint8Array(SPAWN_SECRET_BYTES));
      const player = await stage.upgraded({ secret: await stage.secret(), usedSecret });
      await player.exchangeVersions();
      player.request("HandshakeSuccess");
      if (await player.line.until(() => player.line.ended, stage.manner.patienceMs)) return;
      throw new Failure("the end of the connection", describeEnd(player.trial));
    },
  ),
  seal(
    "S06",
    "Ends at a packet that comes a second time",
    "Make the nonce from the id that you expect",
    async (stage) => {
      const player = await openSealed(stage);
      const last = player.nextId++;
      const payload = player.seal(encodeRequest(last, "Ping", player.form), last);
      player.payload(payload);
      player.payload(payload);
      await player.responsePacket(last);
      await player.expectEnd("the packet is a copy", last + 1);
    },
  ),
  seal(
    "S07",
    "Ends when the id inside a packet is not the one that its nonce was made of",
    "Compare them after opening",
    async (stage) => {
      const player = await openSealed(stage);
      const id = player.nextId;
      player.payload(player.seal(encodeRequest(id + 1, "Ping", player.form), id));
      await player.expectEnd("the id inside differs", id + 1);
    },
  ),
  seal(
    "S08",
    "Derives keys from the public keys as they came, top bit included",
    "Use the 32 bytes of the wire in the derivation",
    async (stage) => {
      const alterKey = (key: Uint8Array) => {
        key[31] = (key[31] as number) | 0x80;
      };
      await expectPings(await openSealed(stage, { alterKey }));
    },
  ),
  seal(
    "S09",
    "Exits with 76 and does not connect when standard input holds no secret",
    "Read exactly 45 bytes before you connect; refuse what is not base64 of 32 bytes and a line feed",
    refusesInput,
  ),
];
