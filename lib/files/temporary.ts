/**
 * Files and folders that appear under their name only when they are complete: written as
 * `.NAME.sallyport-XXXXXX` beside the target, then put in place in one step.
 *
 * @module
 */

import { escapeControls } from "../log/mod.ts";
import { FileFault, toFileFault, withFile } from "./fault.ts";
import { MAX_NAME_BYTES } from "./names.ts";

const SUFFIX_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789";
const SUFFIX_LENGTH = 6;
/** Tries before giving up on finding a free name; 36^6 names make a second try rare. */
const ATTEMPTS = 8;

/** The folder of a path, and the last part. */
export function splitPath(path: string): { readonly folder: string; readonly name: string } {
  const trimmed = path.replace(/(?<=.)\/+$/, "");
  const at = trimmed.lastIndexOf("/");
  if (at < 0) return { folder: ".", name: trimmed };
  return { folder: trimmed.slice(0, at) || "/", name: trimmed.slice(at + 1) };
}

function temporaryPath(target: string): string {
  const { folder, name } = splitPath(target);
  const random = crypto.getRandomValues(new Uint8Array(SUFFIX_LENGTH));
  const letters = Array.from(random, (byte) => SUFFIX_LETTERS[byte % SUFFIX_LETTERS.length]);
  const suffix = `.sallyport-${letters.join("")}`;
  return `${folder}/.${shorten(name, MAX_NAME_BYTES - suffix.length - 1)}${suffix}`;
}

/** Cuts a name to a number of bytes without splitting a character. */
function shorten(name: string, most: number): string {
  let bytes = new TextEncoder().encode(name).length;
  let letters = [...name];
  while (bytes > most) {
    bytes -= new TextEncoder().encode(letters.at(-1)).length;
    letters = letters.slice(0, -1);
  }
  return letters.join("");
}

async function createUnder<T>(target: string, create: (path: string) => Promise<T>): Promise<T> {
  for (let attempt = 1;; attempt++) {
    const path = temporaryPath(target);
    try {
      return await create(path);
    } catch (error) {
      if (error instanceof Deno.errors.AlreadyExists && attempt < ATTEMPTS) continue;
      throw toFileFault(error, "create a file for", target);
    }
  }
}

/** A file that is being written; dispose of it on every way out. */
export class TemporaryFile implements AsyncDisposable {
  readonly #path: string;
  readonly #file: Deno.FsFile;
  #open = true;
  #placed = false;

  private constructor(path: string, file: Deno.FsFile) {
    this.#path = path;
    this.#file = file;
  }

  /**
   * Creates an empty file beside the target.
   *
   * @param mode Permissions of the file, before the umask.
   * @throws {FileFault} when that is not possible.
   */
  static async create(target: string, mode: number): Promise<TemporaryFile> {
    return await createUnder(target, async (path) => {
      const file = await Deno.open(path, { createNew: true, read: true, write: true, mode });
      return new TemporaryFile(path, file);
    });
  }

  /** Where it is until it is put in place. */
  get path(): string {
    return this.#path;
  }

  /**
   * Appends all of the bytes.
   *
   * @throws {FileFault} with code `full` when there is no room.
   */
  write(bytes: Uint8Array): void {
    try {
      // Synchronous on purpose: for regular files it is twice as fast as the asynchronous form.
      for (let done = 0; done < bytes.length;) done += this.#file.writeSync(bytes.subarray(done));
    } catch (error) {
      throw toFileFault(error, "write", this.#path);
    }
  }

  /**
   * Gives the file its name. Without `overwrite` nothing that exists is replaced.
   *
   * @throws {FileFault} with code `exists` if something has that name meanwhile.
   */
  async place(target: string, overwrite: boolean): Promise<void> {
    this.#close();
    if (overwrite) {
      await withFile("replace", target, () => Deno.rename(this.#path, target));
    } else {
      await placeNew(this.#path, target);
    }
    this.#placed = true;
  }

  /** Closes the file and, unless it was put in place, removes it. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#close();
    if (!this.#placed) await removeIfThere(this.#path);
  }

  #close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#file.close();
  }
}

/** `link` then `remove`, since rename replaces silently; rename where links are not supported. */
async function placeNew(path: string, target: string): Promise<void> {
  try {
    await Deno.link(path, target);
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) throw toFileFault(error, "create", target);
    return await placeWithoutLinks(path, target);
  }
  await withFile("remove", path, () => Deno.remove(path));
}

async function placeWithoutLinks(path: string, target: string): Promise<void> {
  const reserved = await withFile(
    "create",
    target,
    () => Deno.open(target, { createNew: true, write: true }),
  );
  reserved.close();
  try {
    await Deno.rename(path, target);
  } catch (error) {
    await removeIfThere(target); // the empty file that held the name
    throw toFileFault(error, "create", target);
  }
}

/** A folder that is being filled; dispose of it on every way out. */
export class TemporaryFolder implements AsyncDisposable {
  readonly #path: string;
  #placed = false;

  private constructor(path: string) {
    this.#path = path;
  }

  /**
   * Creates an empty folder of mode 0700 beside the target.
   *
   * @throws {FileFault} when that is not possible.
   */
  static async create(target: string): Promise<TemporaryFolder> {
    return await createUnder(target, async (path) => {
      await Deno.mkdir(path, { mode: 0o700 });
      return new TemporaryFolder(path);
    });
  }

  /** Where it is until it is put in place. */
  get path(): string {
    return this.#path;
  }

  /**
   * Gives a folder inside of it (or itself) the target's name; nothing that exists is replaced.
   *
   * @throws {FileFault} with code `exists` if something has that name meanwhile.
   */
  async place(inside: string, target: string): Promise<void> {
    // The empty folder reserves the name; rename then replaces just that, and fails if it was filled.
    await withFile("create", target, () => Deno.mkdir(target));
    try {
      await Deno.rename(inside, target);
    } catch (error) {
      await removeEmptyFolder(target);
      throw toFileFault(error, "create", target);
    }
    this.#placed = inside === this.#path;
  }

  /** Removes the folder and all that is left in it, unless it was itself put in place. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#placed) await removeIfThere(this.#path);
  }
}

/** The name that was reserved; somebody else may have put something into it, which then stays. */
async function removeEmptyFolder(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    const code = toFileFault(error, "remove", path).code;
    if (code !== "missing" && code !== "failed") throw error;
  }
}

async function removeIfThere(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    const fault = toFileFault(error, "remove", path);
    if (fault.code !== "missing") throw fault;
  }
}

/**
 * Refuses a target that exists, without following a link.
 *
 * @throws {FileFault} with code `exists`.
 */
export async function requireFree(target: string): Promise<void> {
  const found = await statLink(target);
  if (found !== undefined) throw exists(target, found);
}

/**
 * Refuses a target that a file cannot replace: a folder.
 *
 * @throws {FileFault} with code `exists`.
 */
export async function requireReplaceable(target: string): Promise<void> {
  const found = await statLink(target);
  if (found?.isDirectory) throw exists(target, found);
}

function exists(target: string, found: Deno.FileInfo): FileFault {
  const kind = found.isDirectory ? "a folder" : found.isSymlink ? "a link" : "a file";
  const shown = escapeControls(target);
  return new FileFault("exists", `Cannot create "${shown}": ${kind} of this name exists already`);
}

/** What is at a path, a link not followed; undefined if nothing is. */
export async function statLink(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.lstat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw toFileFault(error, "look at", path);
  }
}
