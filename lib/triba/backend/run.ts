/**
 * A backend as a process: what it was started with (section 3), its one connection, and the exit
 * code with which it ends (section 8).
 *
 * @module
 */

import { wipe } from "../../bytes/mod.ts";
import { statLink } from "../../files/mod.ts";
import type { Logger } from "../../log/mod.ts";
import { NetFault } from "../../net/mod.ts";
import type { ByteOrder } from "../channel/frame.ts";
import type { PacketForm } from "../channel/packet.ts";
import { EXIT_CODES } from "../constants.ts";
import { exitCodeOf, TribaFault } from "../fault.ts";
import { parseIdArgument } from "../id.ts";
import type { Backend } from "./handler.ts";
import { runBackendSession } from "./session.ts";
import { connectSocket, findSocketAddress, ownArguments } from "./socket_address.ts";
import { type ReadInput, readSpawnSecret } from "./spawn_secret.ts";

/** What a backend's process was started with, and how it wants to talk. */
export interface BackendProcess {
  /** The arguments from argv[1] on: the id, perhaps the socket, then the backend's own. */
  readonly args: readonly string[];
  /** Value of an environment variable. */
  readonly environment: (name: string) => string | undefined;
  /** `NAME/VERSION` of the backend, for the core's log. */
  readonly agent: string;
  /** Where to log to; the core shows standard error. */
  readonly log: Logger;
  /** Order of the size's bytes, `big` unless given. */
  readonly byteOrder?: ByteOrder | undefined;
  /** How its first packet is written, `compact` unless given; then as the core does. */
  readonly form?: PacketForm | undefined;
  /** Ends the backend as if the core had asked for it: SIGTERM. */
  readonly signal?: AbortSignal | undefined;
  /** Reads standard input, if not that of this process. */
  readonly readInput?: ReadInput | undefined;
}

/**
 * Runs a backend until its core ends it; resolves to the exit code, with which the process should
 * end at once, as handlers may still run. What went wrong is in the log.
 *
 * @param create Makes the backend from its own arguments, before anything is connected. It throws
 * {@linkcode TribaFault} `usage` or `configuration` where they are wrong.
 */
export async function runBackend(
  create: (args: readonly string[]) => Backend | Promise<Backend>,
  process: BackendProcess,
): Promise<number> {
  const fault = await runToEnd(create, process).catch((error: unknown) => {
    if (error instanceof TribaFault || error instanceof NetFault) return error;
    throw error;
  });
  if (fault === undefined) {
    process.log.info("stopped");
    return EXIT_CODES.stopped;
  }
  process.log.error(fault.message);
  return fault instanceof NetFault ? EXIT_CODES.unavailable : exitCodeOf(fault);
}

async function runToEnd(
  create: (args: readonly string[]) => Backend | Promise<Backend>,
  process: BackendProcess,
): Promise<TribaFault | undefined> {
  const { args: [idArgument, ...rest], environment, agent, log, byteOrder, form } = process;
  if (idArgument === undefined) {
    const state = "there is none; a core gives it";
    throw new TribaFault("id-argument", `Cannot read the id in the first argument: ${state}`);
  }
  const id = parseIdArgument(idArgument);
  const address = await findSocketAddress({
    environment,
    argument: rest[0],
    uid: () => Deno.uid(),
    look: statLink,
  });
  const backend = await create(ownArguments(rest, environment));
  const readInput = process.readInput ?? ((into) => Deno.stdin.read(into));
  const spawnSecret = await readSpawnSecret(environment("TRIBA_SEAL"), readInput);
  try {
    const stream = await connectSocket(address);
    const settings = { id, agent, byteOrder, form, spawnSecret };
    return await runBackendSession(stream, backend, { settings, log, signal: process.signal });
  } finally {
    if (spawnSecret !== undefined) wipe(spawnSecret);
  }
}
