/**
 * How a core ends and restarts its backends (section 9).
 *
 * @module
 */

import type { BackendPlayer } from "./backend_player.ts";
import type { CoreStage } from "./core_stage.ts";
import type { CorePoint } from "./points.ts";
import { Failure } from "../verdict.ts";
import { equalConstantTime } from "../../../../lib/bytes/mod.ts";
import { EXIT_CODES, parseIdArgument } from "../../../../lib/triba/mod.ts";

/** The first restart comes after a second, give or take a fifth; then some for starting it. */
const RESTART_MS = 3_000;
/** Less than the delay of a first restart. */
const AT_ONCE_MS = 500;

/** Ends a backend: its process first, as a core may signal one whose stream has ended. */
async function crash(stage: CoreStage, player: BackendPlayer, code: number): Promise<void> {
  await player.trial.endRun(player.run, code, stage.manner.patienceMs);
  await player.line.close();
}

async function restarts(stage: CoreStage): Promise<void> {
  const player = await stage.open();
  await crash(stage, player, 1);
  const { patienceMs } = stage.manner;
  const again = await player.trial.run(2, Math.max(patienceMs, RESTART_MS));
  if (again === undefined) throw new Failure("a second start of the backend", player.describeEnd());
  const id = parseIdArgument(again.args[0] ?? "");
  if (equalConstantTime(id, player.id)) throw new Failure("a new id", "the same one");
  await player.trial.endRun(again, 1, patienceMs);
}

async function waitsBeforeRestart(stage: CoreStage): Promise<void> {
  const player = await stage.open();
  await crash(stage, player, 1);
  const again = await player.trial.run(2, AT_ONCE_MS);
  if (again !== undefined) throw new Failure("a delay of about 1 s", "a restart at once");
}

function staysEnded(id: string, code: number, what: string): CorePoint {
  return {
    id,
    title: `Does not start a backend again that ended with ${code}`,
    section: "9.2",
    level: "should",
    advice: `${what}: starting it again changes nothing; tell the user`,
    needs: "H10",
    run: async (stage) => {
      const player = await stage.open();
      await crash(stage, player, code);
      const again = await player.trial.run(2, RESTART_MS);
      if (again !== undefined) throw new Failure("no second start", "a second start");
    },
  };
}

/** Asks the core to end while its session is open; the backend does as it is told. */
async function shutDown(stage: CoreStage): Promise<{ player: BackendPlayer; asked: boolean }> {
  const player = await stage.open();
  player.trial.ask();
  let asked = false;
  while (true) {
    const seen = await player.next();
    if (seen === "late") {
      throw new Failure("Shutdown, or the end of the stream", player.describe(seen));
    }
    if (seen === "ended") return { player, asked };
    const { packet } = seen;
    if (packet.kind !== "request") continue;
    if (packet.name !== "Shutdown") {
      player.respond(packet.id, { Error: ["unavailable", "The session ends"] });
      continue;
    }
    asked = true;
    player.respond(packet.id, "Success");
    await player.line.flush();
    await crash(stage, player, EXIT_CODES.stopped);
    return { player, asked };
  }
}

/** Points about the end. */
export const CORE_END_POINTS: readonly CorePoint[] = [
  {
    id: "L01",
    title: "Ends its backend when it ends: by Shutdown, or by closing the stream",
    section: "9.1",
    level: "should",
    advice: "On SIGTERM send Shutdown to backends that told their version, then wait",
    needs: "H10",
    run: async (stage) => {
      const { player, asked } = await shutDown(stage);
      if (player.version !== undefined && !asked) {
        throw new Failure("Shutdown first, as the version was exchanged", "the end of the stream");
      }
    },
  },
  {
    id: "L02",
    title: "Ends after its backend has, and leaves no socket",
    section: "3.2, 9.1",
    level: "should",
    advice: "Remove socket and folder on every way out",
    needs: "H10",
    run: async (stage) => {
      const { player } = await shutDown(stage);
      const { trial, run } = player;
      if (await trial.exit(stage.manner.patienceMs) === undefined) {
        throw new Failure("the end of the core", player.describeEnd());
      }
      if (run.socket.startsWith("/") && await exists(run.socket)) {
        throw new Failure("no socket", `${JSON.stringify(run.socket)} is still there`);
      }
    },
  },
  {
    id: "L03",
    title: "Ends a backend whose stream ended and whose process lives",
    section: "9.1",
    level: "should",
    advice: "SIGTERM, and SIGKILL after 2 s",
    needs: "H10",
    run: async (stage) => {
      const player = await stage.open();
      await player.line.close();
      if (await player.trial.isGone(player.run, stage.manner.patienceMs)) return;
      throw new Failure("a signal to the process", "it runs on");
    },
  },
  {
    id: "R01",
    title: "Starts a backend again that ended without being asked, with a new id",
    section: "9.2",
    level: "should",
    advice: "Wait 1 s, twice as long each time, at most 60 s",
    needs: "H10",
    run: restarts,
  },
  {
    id: "R02",
    title: "Waits before it starts a backend again",
    section: "9.2",
    level: "should",
    advice: "Wait 1 s, twice as long each time, at most 60 s",
    needs: "H10",
    run: waitsBeforeRestart,
  },
  staysEnded("R03", EXIT_CODES.usage, "It refuses its arguments"),
  staysEnded("R04", EXIT_CODES.protocol, "It found a fault of the protocol"),
];

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
