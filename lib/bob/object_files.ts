/**
 * The objects of a received directory as files in a temporary folder, and the directory that they
 * become (section 7.2 of the protocol document).
 *
 * @module
 */

import { checkName, decodeName, requireSpace, withFile } from "../files/mod.ts";
import {
  type DirectoryTree,
  type ObjectSink,
  type ObjectStore,
  type StoredObject,
  walkDirectory,
} from "../git/mod.ts";
import { escapeControls } from "../log/mod.ts";
import { BobFault } from "./fault.ts";

/** Smaller objects do not ask for the free space; running out of it is noticed all the same. */
const LARGE_BYTES = 1024 * 1024;
const FILE_MODE = 0o644;
const FOLDER_MODE = 0o755;

/** Keeps objects as numbered files. */
export class ObjectFiles implements ObjectStore<number> {
  readonly #folder: string;
  readonly #onBytes: (count: number) => void;
  readonly #used = new Map<number, string>();
  #count = 0;

  /** The folder exists and is empty; `onBytes` is told of everything written. */
  constructor(folder: string, onBytes: (count: number) => void) {
    this.#folder = folder;
    this.#onBytes = onBytes;
  }

  /** Begins an object. */
  async create(size: number): Promise<ObjectSink<number>> {
    if (size >= LARGE_BYTES) await requireSpace(this.#folder, size);
    const id = this.#count++;
    const path = this.#pathOf(id);
    const file = await withFile(
      "create",
      path,
      () => Deno.openSync(path, { createNew: true, write: true, mode: FILE_MODE }),
    );
    return {
      write: async (chunk) => {
        await withFile("write", path, () => {
          for (let done = 0; done < chunk.length;) done += file.writeSync(chunk.subarray(done));
        });
        this.#onBytes(chunk.length);
      },
      finish: () => {
        file.close();
        return id;
      },
      abort: () => file.close(),
    };
  }

  /** Opens a finished object. */
  async open(id: number): Promise<StoredObject> {
    const path = this.#pathOf(id);
    const file = await withFile("read", path, () => Deno.openSync(path));
    return {
      size: file.statSync().size,
      read: (offset, into) => {
        file.seekSync(offset, Deno.SeekMode.Start);
        return file.readSync(into) ?? 0;
      },
      close: () => file.close(),
    };
  }

  /**
   * Turns the objects into the directory, in a new folder; each object is moved to its first place
   * and copied to others.
   *
   * @throws {BobFault} with code `hostile-name`.
   * @throws {FileFault} when there is no room.
   */
  async build(tree: DirectoryTree<number>, into: string): Promise<void> {
    await withFile("create", into, () => Deno.mkdirSync(into, { mode: FOLDER_MODE }));
    for (const { path, node } of walkDirectory(tree.root)) {
      const target = `${into}/${path.map(requireName).join("/")}`;
      await withFile("create", target, () => {
        if (node.type === "directory") Deno.mkdirSync(target, { mode: FOLDER_MODE });
        else this.#putAt(node.object, target);
      });
    }
  }

  #putAt(id: number, target: string): void {
    const first = this.#used.get(id);
    if (first !== undefined) return Deno.copyFileSync(first, target);
    Deno.renameSync(this.#pathOf(id), target);
    this.#used.set(id, target);
  }

  #pathOf(id: number): string {
    return `${this.#folder}/${id}`;
  }
}

/**
 * A received name as text, if it may be created (section 10.11).
 *
 * @throws {BobFault} with code `hostile-name`.
 */
export function requireName(bytes: Uint8Array): string {
  const name = decodeName(bytes);
  const refusal = name === undefined ? "not UTF-8" : checkName(name, Deno.build.os === "windows");
  if (name !== undefined && refusal === undefined) return name;
  const shown = escapeControls((name ?? new TextDecoder().decode(bytes)).slice(0, 200));
  throw new BobFault("hostile-name", `Cannot create "${shown}": the name is ${refusal}`);
}
