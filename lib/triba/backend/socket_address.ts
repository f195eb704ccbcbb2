/**
 * Where a backend finds its core (section 3.2): a path, or `@` and a name in Linux's abstract
 * namespace.
 *
 * @module
 */

import { type ByteStream, DenoStream, NetFault, toNetFault } from "../../net/mod.ts";

/** Permissions that the folder in `/tmp` must have exactly: there anybody could make one. */
const PRIVATE_MODE = 0o700;

/** What the search needs from outside. */
export interface AddressSources {
  /** Value of an environment variable. */
  readonly environment: (name: string) => string | undefined;
  /** argv[2]. */
  readonly argument: string | undefined;
  /** The user's number. */
  readonly uid: () => number | null;
  /** What is at a path, a link not followed; undefined if nothing is. */
  readonly look: (path: string) => Promise<Deno.FileInfo | undefined>;
}

/**
 * The arguments of the backend itself: what follows the id, without an address in front, which is
 * looked for only where the environment names none.
 *
 * @param args What follows the id.
 */
export function ownArguments(
  args: readonly string[],
  environment: (name: string) => string | undefined,
): readonly string[] {
  return !environment("TRIBA_SOCKET") && isAddress(args[0]) ? args.slice(1) : args;
}

/**
 * Looks for the core in the order of the document: `TRIBA_SOCKET`, argv[2], the folder of the
 * session, the user's own folder in `/tmp`. The result is a path, or `@` and a name.
 *
 * @throws {NetFault} `refused` if there is no socket, `denied` if the folder in `/tmp` is not safe.
 */
export async function findSocketAddress(sources: AddressSources): Promise<string> {
  const named = sources.environment("TRIBA_SOCKET");
  if (named) return named;
  const { argument } = sources;
  if (argument !== undefined && isAddress(argument)) return argument;
  const address = await findInSession(sources) ?? await findInTmp(sources);
  if (address !== undefined) return address;
  throw new NetFault(
    "refused",
    "Cannot find the core: TRIBA_SOCKET is not set, and no socket is at the usual places",
  );
}

/**
 * Connects to an address.
 *
 * @throws {NetFault} that names it.
 */
export async function connectSocket(address: string): Promise<ByteStream> {
  const path = address.startsWith("@") ? `\0${address.slice(1)}` : address;
  try {
    return new DenoStream(await Deno.connect({ transport: "unix", path }), "the core");
  } catch (error) {
    const action = `connect to the core at "${address}"`;
    // Deno 2.6 looks for the NUL while it checks permissions, and so wants all of them.
    if (!(error instanceof TypeError)) throw toNetFault(error, action);
    const state = "this runtime has no abstract names";
    throw new NetFault("denied", `Cannot ${action}: ${state}`, { cause: error });
  }
}

/** Only these two beginnings make an argument an address. */
function isAddress(argument: string | undefined): boolean {
  return argument !== undefined && /^[/@]/.test(argument);
}

async function findInSession(sources: AddressSources): Promise<string | undefined> {
  const folder = sources.environment("XDG_RUNTIME_DIR");
  if (!folder) return undefined;
  const path = `${folder}/trinitrix/triba.sock`;
  return await sources.look(path) === undefined ? undefined : path;
}

/** Anybody can make a folder in `/tmp`, so it must be the user's own and nobody else's to enter. */
async function findInTmp(sources: AddressSources): Promise<string | undefined> {
  const uid = sources.uid();
  const folder = `/tmp/trinitrix-${uid}`;
  const found = await sources.look(folder);
  if (found === undefined) return undefined;
  const mode = (found.mode ?? 0) & 0o7777;
  if (!found.isDirectory || uid === null || found.uid !== uid || mode !== PRIVATE_MODE) {
    throw new NetFault(
      "denied",
      `Cannot trust "${folder}": not a folder of this user's own with mode 0700`,
    );
  }
  const path = `${folder}/triba.sock`;
  return await sources.look(path) === undefined ? undefined : path;
}
