/**
 * How a backend ends, and what it leaves (sections 8 and 9).
 *
 * @module
 */

import { encodeHex } from "@std/encoding/hex";
import type { BackendPoint } from "./points.ts";
import { describeEnd, type Player } from "../player.ts";
import { describeResponse } from "../side.ts";
import { Failure } from "../verdict.ts";
import type { Stage } from "../stage.ts";
import { EXIT_CODES } from "../../../../lib/triba/mod.ts";

async function exitsWith(stage: Stage, player: Player, code: number): Promise<void> {
  const status = await player.trial.exit(stage.manner.patienceMs);
  if (status?.code === code) return;
  throw new Failure(`exit code ${code}`, describeEnd(player.trial));
}

async function closeAndExit(stage: Stage, player: Player, code: number): Promise<void> {
  await player.line.close();
  await exitsWith(stage, player, code);
}

function exit(
  id: string,
  title: string,
  needs: string,
  run: (stage: Stage) => Promise<void>,
): BackendPoint {
  const advice =
    "Cores decide by it whether to start the backend again: 0 stopped, 64 arguments, 69 core gone, 76 protocol, 77 id refused";
  return { id, title, section: "8", level: "should", advice, needs, run };
}

/** Points about the end. */
export const END_POINTS: readonly BackendPoint[] = [
  {
    id: "L01",
    title: "Ends when the stream ends while the session is open",
    section: "9.1",
    level: "should",
    advice: "The core may be dead: exit within 5 s",
    needs: "H10",
    run: async (stage) => {
      const player = await stage.open();
      await player.line.close();
      if (await player.trial.exit(stage.manner.patienceMs) !== undefined) return;
      throw new Failure("the end of the process", describeEnd(player.trial));
    },
  },
  {
    id: "L02",
    title: "Does not connect a second time",
    section: "9.1",
    level: "should",
    advice: "The id is used up: end, and the core starts another one",
    needs: "H10",
    run: async (stage) => {
      const player = await stage.open();
      await player.line.close();
      const second = await player.trial.line(2, stage.manner.patienceMs);
      if (second !== undefined) throw new Failure("one connection", "a second one");
    },
  },
  {
    id: "L03",
    title: "Answers Shutdown with Success, closes and exits with 0",
    section: "7.2, 8, 9.1",
    level: "should",
    advice: "Answer first; 5 s later the core ends the process with a signal",
    needs: "H10",
    run: async (stage) => {
      const player = await stage.open();
      const id = player.request("Shutdown");
      const response = await player.response(id);
      if (response.type === "Error" && response.code === "unknown_request") {
        throw new Failure("Success", describeResponse(response));
      }
      await player.expectEnd("Shutdown was answered");
      await exitsWith(stage, player, EXIT_CODES.stopped);
    },
  },
  {
    id: "L04",
    title: "Writes neither its id nor its secret to its standard streams",
    section: "9.3",
    level: "should",
    advice: "Logs are read by others: show the first 4 hex digits of an id at most",
    needs: "H10",
    run: async (stage) => {
      const player = await stage.open();
      await player.settle();
      await closeAndWait(stage, player);
      const { id, idArgument, process } = player.trial;
      const secrets = [idArgument, encodeHex(id), encodeHex(id).toUpperCase()];
      const line = process.lastLines.find((line) => secrets.some((text) => line.includes(text)));
      if (line !== undefined) throw new Failure("no id in the log", "a line that holds it");
    },
  },
  exit("X69.1", "Exits with 69 when the core closes inside the handshake", "H03", async (stage) => {
    const player = await stage.connect();
    await player.exchangeKeys();
    await closeAndExit(stage, player, EXIT_CODES.unavailable);
  }),
  exit(
    "X69.2",
    "Exits with 69 when the stream ends while the session is open",
    "H10",
    async (stage) => await closeAndExit(stage, await stage.open(), EXIT_CODES.unavailable),
  ),
  exit("X76", "Exits with 76 when the core breaks the protocol", "H10", async (stage) => {
    const player = await stage.open();
    player.plaintext(Uint8Array.of(0xc1));
    await exitsWith(stage, player, EXIT_CODES.protocol);
  }),
  exit(
    "X77",
    "Exits with 77 when the core closes right after the id",
    "H01",
    async (stage) => await closeAndExit(stage, await stage.connect(), EXIT_CODES.refused),
  ),
];

async function closeAndWait(stage: Stage, player: Player): Promise<void> {
  await player.line.close();
  await player.trial.exit(stage.manner.patienceMs);
  await player.trial.finish();
}
