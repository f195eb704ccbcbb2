/**
 * The socket that backends connect to: one for each run of a core, in a fresh folder that nobody
 * else can enter (section 3.2).
 *
 * @module
 */

import { encodeHex } from "@std/encoding/hex";
import { FileFault, statLink, toFileFault, withFile } from "../../files/mod.ts";
import { type Listening, listenUnix } from "../../net/mod.ts";
import { sweepSocketFolders } from "./socket_sweep.ts";

/** Bytes of the longest path that a socket's address holds. */
export const MAX_SOCKET_PATH_BYTES = 107;
/** Folder of all cores' sockets inside the user's runtime folder; prefix of those elsewhere. */
export const SOCKET_FOLDER_NAME = "trinitrix";
/** Name of the socket inside its folder, short because addresses are. */
export const SOCKET_NAME = "s";

/** What the listener needs below the socket's folder while it binds: a private folder of its own. */
const BIND_BYTES = "/.sallyport-0123456789abcdef/s".length;
const PRIVATE_MODE = 0o700;
const RANDOM_BYTES = 4;
/** Tries before giving up on finding a free name; 2^32 names make a second try rare. */
const ATTEMPTS = 8;

/** Where a socket may be made. */
export interface CoreSocketOptions {
  /** `XDG_RUNTIME_DIR`, if the environment has it. */
  readonly runtimeFolder?: string | undefined;
  /** Where temporary folders go, if not where the system puts them. */
  readonly temporaryFolder?: string | undefined;
}

/** A socket that backends connect to. */
export interface CoreSocket {
  /** Its path: the value of `TRIBA_SOCKET`. */
  readonly path: string;
  /** Accepts the connections. */
  readonly listener: Listening;
  /** Stops listening and removes socket and folder; harmless if repeated. */
  close(): void;
}

/**
 * Listens in a fresh folder of mode 0700: inside the runtime folder, or a temporary one where that
 * is missing, another user's, or too long. Folders of this user that a dead core left are removed.
 *
 * @throws {FileFault} if no folder can be made, with `name` if its path is too long for a socket.
 * @throws {NetFault} if the socket cannot be bound.
 */
export async function openCoreSocket(options: CoreSocketOptions = {}): Promise<CoreSocket> {
  const folder = await makeRuntimeFolder(options.runtimeFolder) ??
    await makeTemporaryFolder(options.temporaryFolder);
  const path = `${folder}/${SOCKET_NAME}`;
  let listener: Listening;
  try {
    listener = await listenUnix(path);
  } catch (error) {
    await Deno.remove(folder, { recursive: true });
    throw error;
  }
  let open = true;
  const close = () => {
    if (!open) return;
    open = false;
    listener.close();
    Deno.removeSync(folder);
  };
  return { path, listener, close };
}

/** A fresh folder inside the user's runtime folder; undefined where that is not to be used. */
async function makeRuntimeFolder(runtime: string | undefined): Promise<string | undefined> {
  if (runtime === undefined || !runtime.startsWith("/")) return undefined;
  const parent = `${runtime.replace(/\/+$/, "")}/${SOCKET_FOLDER_NAME}`;
  if (!fits(`${parent}/${makeName()}`)) return undefined;
  const owner = (await statLink(runtime))?.uid;
  try {
    if (await statLink(parent) === undefined) await Deno.mkdir(parent, { mode: PRIVATE_MODE });
    const folder = await makeFolder((name) => `${parent}/${name}`);
    // Who owns what this process makes is who it runs as; no permission is needed to ask.
    const self = (await Deno.lstat(folder)).uid;
    const own = await statLink(parent);
    if (owner === self && own?.isDirectory && own.uid === self) {
      await Deno.chmod(parent, PRIVATE_MODE);
      await sweepSocketFolders({ parent, prefix: "", owner: self, except: folder });
      return folder;
    }
    await Deno.remove(folder);
  } catch (error) {
    const { code } = toFileFault(error, "create a folder in", parent);
    if (code === "full") throw error;
    // Anything else: no such folder, or one that is not ours to write to.
  }
  return undefined;
}

async function makeTemporaryFolder(temporary: string | undefined): Promise<string> {
  const parent = temporary ?? await systemTemporaryFolder();
  const folder = await withFile(
    "create a folder in",
    parent,
    () => makeFolder((name) => `${parent}/${SOCKET_FOLDER_NAME}-${name}`),
  );
  if (fits(folder)) {
    const owner = (await Deno.lstat(folder)).uid;
    const prefix = `${SOCKET_FOLDER_NAME}-`;
    await sweepSocketFolders({ parent, prefix, owner, except: folder });
    return folder;
  }
  await Deno.remove(folder);
  throw new FileFault(
    "name",
    `Cannot create a socket in "${parent}": its path would be longer than ${MAX_SOCKET_PATH_BYTES} bytes, set TMPDIR to a shorter one`,
  );
}

/** The system's folder is where it makes temporary ones. */
async function systemTemporaryFolder(): Promise<string> {
  const made = await withFile("create a folder in", "TMPDIR", () => Deno.makeTempDir());
  await Deno.remove(made);
  return made.slice(0, made.lastIndexOf("/")) || "/";
}

/** Makes a folder that was not there before, for this user alone. */
async function makeFolder(at: (name: string) => string): Promise<string> {
  for (let attempt = 1;; attempt++) {
    const path = at(makeName());
    try {
      await Deno.mkdir(path, { mode: PRIVATE_MODE });
      return path;
    } catch (error) {
      if (!(error instanceof Deno.errors.AlreadyExists) || attempt === ATTEMPTS) throw error;
    }
  }
}

function makeName(): string {
  return encodeHex(crypto.getRandomValues(new Uint8Array(RANDOM_BYTES)));
}

function fits(folder: string): boolean {
  return new TextEncoder().encode(folder).length + BIND_BYTES <= MAX_SOCKET_PATH_BYTES;
}
