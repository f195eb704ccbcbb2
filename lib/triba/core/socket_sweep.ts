/**
 * Removes what cores left that were killed: folders with a socket on which nobody listens
 * (section 3.2).
 *
 * @module
 */

import { statLink } from "../../files/mod.ts";

/** A folder without a socket is younger than this while a core makes one in it, in milliseconds. */
const MAKING_MS = 60_000;

/** Which folders to look at. */
export interface SweepOptions {
  /** Where they are. */
  readonly parent: string;
  /** How their names begin. */
  readonly prefix: string;
  /** Whose they are; others' are left alone. */
  readonly owner: number | null;
  /** One that is not looked at: our own. */
  readonly except: string;
}

/** Sweeps once. What cannot be looked at or removed stays: it is somebody else's, or in use. */
export async function sweepSocketFolders(options: SweepOptions): Promise<void> {
  const { parent, prefix, owner, except } = options;
  for (const entry of await list(parent)) {
    const folder = `${parent}/${entry.name}`;
    if (!entry.isDirectory || !entry.name.startsWith(prefix) || folder === except) continue;
    try {
      const found = await statLink(folder);
      if (found?.isDirectory && found.uid === owner) await sweep(folder, found);
    } catch {
      continue; // swept by another core meanwhile, or in use after all
    }
  }
}

async function sweep(folder: string, found: Deno.FileInfo): Promise<void> {
  const path = `${folder}/s`;
  const socket = await statLink(path);
  if (socket === undefined) {
    const age = Date.now() - (found.mtime?.getTime() ?? Date.now());
    if (age > MAKING_MS) await Deno.remove(folder); // fails if there is anything in it
    return;
  }
  if (!socket.isSocket || !await refuses(path)) return;
  await Deno.remove(path);
  await Deno.remove(folder);
}

async function refuses(path: string): Promise<boolean> {
  try {
    const connection = await Deno.connect({ transport: "unix", path });
    connection.close();
    return false;
  } catch (error) {
    return error instanceof Deno.errors.ConnectionRefused;
  }
}

async function list(folder: string): Promise<Deno.DirEntry[]> {
  try {
    return await Array.fromAsync(Deno.readDir(folder));
  } catch {
    return []; // may be entered, but not listed
  }
}
