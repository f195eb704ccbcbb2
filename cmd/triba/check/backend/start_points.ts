/**
 * How a backend finds its id and its core (section 3).
 *
 * @module
 */

import { encodeBase64 } from "@std/encoding/base64";
import { encodeHex } from "@std/encoding/hex";
import type { Launch } from "../trial.ts";
import type { BackendPoint } from "./points.ts";
import { describeEnd, Player } from "../player.ts";
import { Blocked, Failure } from "../verdict.ts";
import type { Stage } from "../stage.ts";
import { EXIT_CODES } from "../../../../lib/triba/mod.ts";

/** Starts a backend in an unusual way and waits for its id. */
async function finds(stage: Stage, launch: Launch): Promise<void> {
  const trial = await stage.start(launch);
  try {
    await Player.connect(trial, stage.manner, {});
  } catch (error) {
    if (error instanceof Blocked) throw error.failure;
    throw error;
  }
}

function found(
  id: string,
  title: string,
  section: string,
  advice: string,
  launch: Launch,
): BackendPoint {
  return {
    id,
    title,
    section,
    level: "should",
    advice,
    needs: "H01",
    run: (stage) => finds(stage, launch),
  };
}

/** The 36 characters of a UUID. */
function formatUuid(id: Uint8Array): string {
  return encodeHex(id).replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** An id whose base64 has letters that differ between the alphabets; that of the spawn stays. */
function toUrlSafe(id: Uint8Array): string {
  id.set([0xfb, 0xff, 0xbf], 0);
  return encodeBase64(id).replaceAll("+", "-").replaceAll("/", "_");
}

const REFUSED_ARGUMENTS = ["AAAA", "+-AAAAAAAAAAAAAAAAAAAA==", "AAAAAAAAAAAAAAAAAAAAAB=="];

async function refusesArguments(stage: Stage): Promise<void> {
  for (const argument of REFUSED_ARGUMENTS) {
    const trial = await stage.start({ spellId: () => argument });
    const status = await trial.exit(stage.manner.patienceMs);
    const expected = `exit with ${EXIT_CODES.usage} for the id ${JSON.stringify(argument)}`;
    const connected = trial.connections === 0 ? "" : "it connects; ";
    if (connected !== "" || status?.code !== EXIT_CODES.usage) {
      throw new Failure(expected, connected + describeEnd(trial));
    }
  }
}

/** Points about the start. */
export const START_POINTS: readonly BackendPoint[] = [
  {
    id: "H01",
    title: "Connects to the core's socket and shows the id of its first argument as 16 bytes",
    section: "3.1, 3.2, 4 step 1",
    level: "must",
    advice:
      "Connect to TRIBA_SOCKET and send the decoded argument; do not wait for standard input or anything else",
    run: async (stage) => void await stage.connect(),
  },
  found(
    "I01",
    "Reads the id without padding",
    "3.1",
    "Accept base64 of 22 characters",
    { spellId: (id) => encodeBase64(id).replaceAll("=", "") },
  ),
  found(
    "I02",
    "Reads the id in the URL-safe alphabet",
    "3.1",
    "Accept - and _ for + and /",
    { spellId: toUrlSafe },
  ),
  found(
    "I03",
    "Reads the id as base64 of the text of a UUID",
    "3.1",
    "Accept base64 of 36 characters such as 00112233-4455-4677-8899-aabbccddeeff",
    { spellId: (id) => encodeBase64(formatUuid(id)) },
  ),
  {
    id: "I04",
    title: "Ends with 64 when its first argument is no id",
    section: "3.1, 8",
    level: "should",
    advice: "Refuse other lengths, mixed alphabets and unused bits that are not zero",
    needs: "H01",
    run: refusesArguments,
  },
  found(
    "I05",
    "Takes the socket from its second argument where there is no variable",
    "3.2",
    "Look at TRIBA_SOCKET, then at argv[2] if it begins with / or @",
    { tell: "argument" },
  ),
  found(
    "I06",
    "Finds the socket in XDG_RUNTIME_DIR",
    "3.2",
    "Look for $XDG_RUNTIME_DIR/trinitrix/triba.sock",
    { tell: "runtime-folder" },
  ),
  found(
    "I07",
    "Connects to an abstract socket, whose name begins with @",
    "3.2",
    "Replace the @ by a NUL byte in the address",
    { tell: "abstract" },
  ),
];
