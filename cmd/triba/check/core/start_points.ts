/**
 * How a core starts a backend (section 3).
 *
 * @module
 */

import type { CoreStage } from "./core_stage.ts";
import type { CorePoint } from "./points.ts";
import { Failure, Skipped } from "../verdict.ts";
import { equalConstantTime } from "../../../../lib/bytes/mod.ts";
import { formatIdArgument, SPAWN_SECRET_BYTES } from "../../../../lib/triba/mod.ts";

const PRIVATE_MODE = 0o700;
const VERSION_BYTE = 6;

async function folderOf(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.lstat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Checks that a folder is this user's alone. */
async function expectPrivate(path: string): Promise<void> {
  const found = await folderOf(path);
  const mode = (found?.mode ?? 0) & 0o777;
  if (found?.isDirectory && mode === PRIVATE_MODE) return;
  const seen = found === undefined ? "no such folder" : `mode ${mode.toString(8).padStart(4, "0")}`;
  throw new Failure(`a folder of mode 0700 at ${JSON.stringify(path)}`, seen);
}

async function usesFreshIds(stage: CoreStage): Promise<void> {
  const players = [await stage.connect(), await stage.connect()] as const;
  if (equalConstantTime(players[0].id, players[1].id)) {
    throw new Failure("another id for each start", "the same id in two runs");
  }
}

/** Points about the start. */
export const CORE_START_POINTS: readonly CorePoint[] = [
  {
    id: "H01",
    title: "Starts the backend with an id of 16 bytes as first argument, in base64",
    section: "3.1",
    level: "must",
    advice:
      "Run {backend} with the id behind it; the core has to start it by itself, without a user",
    run: async (stage) => void await stage.connect(),
  },
  {
    id: "I01",
    title: "Writes the id in the standard alphabet with padding, 24 characters",
    section: "3.1",
    level: "should",
    advice: "Other backends may read no other form",
    needs: "H01",
    run: async (stage) => {
      const { id, run: { args: [argument = ""] } } = await stage.connect();
      if (argument !== formatIdArgument(id)) {
        throw new Failure("24 characters ending in ==", `${argument.length} characters`);
      }
    },
  },
  {
    id: "I02",
    title: "Uses another id for every start, a UUID of version 4",
    section: "3.1",
    level: "should",
    advice: "Take 122 bits from the system's random source",
    needs: "H01",
    run: async (stage) => {
      await usesFreshIds(stage);
      const { id } = await stage.connect();
      const version = (id[VERSION_BYTE] as number) >> 4;
      if (version !== 4) throw new Failure("version 4", `version ${version}`);
    },
  },
  {
    id: "I03",
    title: "Names the socket in TRIBA_SOCKET and passes no second argument for it",
    section: "3.2",
    level: "should",
    advice: "A strict backend may refuse an argument; none can trip over a variable",
    needs: "H01",
    run: async (stage) => {
      const { run: { socket } } = await stage.connect();
      if (socket === "") throw new Failure("the variable TRIBA_SOCKET", "none");
    },
  },
  {
    id: "I04",
    title: "Keeps the socket in a folder that nobody else can enter",
    section: "3.2, 11",
    level: "should",
    advice: "Make a fresh folder of mode 0700; the id alone is no secret",
    needs: "I03",
    run: async (stage) => {
      const { run: { socket } } = await stage.connect();
      if (socket.startsWith("@")) {
        throw new Failure("a path", "an abstract socket, which everybody can connect to");
      }
      await expectPrivate(socket.slice(0, socket.lastIndexOf("/")));
    },
  },
  {
    id: "I05",
    title: "Gives the backend a private folder in TRIBA_STATE",
    section: "3.3",
    level: "should",
    advice: "A folder of mode 0700 for each backend, the same one at every start",
    needs: "H01",
    run: async (stage) => await expectPrivate((await stage.connect()).run.state),
  },
  {
    id: "I06",
    title: "Keeps its own environment from the backend",
    section: "3.3",
    level: "should",
    advice: "Clear the environment and pass the variables of section 3.3 on",
    needs: "H01",
    run: async (stage) => {
      const { run: { leaks } } = await stage.connect();
      if (leaks) throw new Failure("variables of section 3.3", "TRIBA_CHECK_MARK of the core");
    },
  },
  {
    id: "S01",
    title: "Writes a spawn secret of 32 bytes in base64 and a line feed to standard input",
    section: "10",
    level: "may",
    advice: "Exactly 45 bytes, together with TRIBA_SEAL=stdin",
    needs: "H01",
    run: async (stage) => {
      const { run: { secret } } = await stage.connect();
      if (secret === undefined) {
        throw new Skipped(
          "The core does not demand sealing of this backend: TRIBA_SEAL is not set",
        );
      }
      if (secret.length !== SPAWN_SECRET_BYTES) {
        throw new Failure("base64 of 32 bytes", `${secret.length} bytes, or no base64`);
      }
    },
  },
];
