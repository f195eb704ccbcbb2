/**
 * What a user named for sending: files and folders below it, links followed only inside of it.
 *
 * @module
 */

import { FileFault, withFile } from "./fault.ts";
import { splitPath } from "./temporary.ts";

/** Most entries of one tree: a bound for trees that links make larger than they are. */
const MAX_ENTRIES = 1_000_000;

/** A file or folder to be sent. */
export interface TreeEntry {
  /** Names from the root down; empty for the root itself. */
  readonly path: readonly string[];
  /** Folders come before what is in them. */
  readonly kind: "file" | "folder";
  /** Size in bytes; 0 for a folder. */
  readonly size: number;
  /** Where to read it. */
  readonly source: string;
}

/** Why something below a root is left out. */
export type SkipReason =
  | "link out of the folder"
  | "loop of links"
  | "broken link"
  | "neither file nor folder"
  | "hidden"
  | "name is not UTF-8";

/** A tree as it will be sent. */
export interface Tree {
  /** The name that it travels under. */
  readonly name: string;
  /** All entries, sorted by name within each folder. */
  readonly entries: readonly TreeEntry[];
  /** What is left out. */
  readonly skipped: readonly { readonly source: string; readonly reason: SkipReason }[];
}

/** How a tree is read. */
export interface WalkOptions {
  /** Whether names that begin with a dot are taken; the roots always are. */
  readonly hidden: boolean;
}

/**
 * Reads what is at some paths. One path is its own root; several travel as one folder that is named
 * after what holds them all.
 *
 * @throws {FileFault} when a path does not exist, cannot be read, or two have the same name.
 */
export async function readTree(paths: readonly string[], options: WalkOptions): Promise<Tree> {
  const walk = new Walk(options);
  const roots = await Promise.all(paths.map(realPath));
  if (roots.length === 1) {
    const root = roots[0] as string;
    const named = splitPath(paths[0] as string).name;
    const isName = named !== "." && named !== ".." && named !== "" && named !== "/";
    await walk.addRoot(root, []);
    return { name: isName ? named : splitPath(root).name, ...walk.result };
  }
  walk.addFolder("", []);
  const names = paths.map((path, i) => {
    const { name } = splitPath(path);
    return name === "." || name === ".." ? splitPath(roots[i] as string).name : name;
  });
  for (const [i, name] of names.entries()) {
    const twin = names.indexOf(name);
    if (twin < i) {
      throw new FileFault(
        "name",
        `Cannot send "${paths[twin]}" and "${paths[i]}" together: both are called "${name}"`,
      );
    }
    await walk.addRoot(roots[i] as string, [name]);
  }
  return { name: commonParentName(roots), ...walk.result };
}

function realPath(path: string): Promise<string> {
  return withFile("read", path, () => Deno.realPath(path));
}

function commonParentName(paths: readonly string[]): string {
  const [first = [], ...others] = paths.map((path) => path.split("/").slice(0, -1));
  const differs = (part: string, i: number) => others.some((other) => other[i] !== part);
  const at = first.findIndex(differs);
  const shared = at < 0 ? first : first.slice(0, at);
  return shared.at(-1) || "files";
}

class Walk {
  readonly #hidden: boolean;
  readonly #entries: TreeEntry[] = [];
  readonly #skipped: { source: string; reason: SkipReason }[] = [];

  constructor({ hidden }: WalkOptions) {
    this.#hidden = hidden;
  }

  get result(): Pick<Tree, "entries" | "skipped"> {
    return { entries: this.#entries, skipped: this.#skipped };
  }

  addFolder(source: string, path: readonly string[]): void {
    this.#add({ path, kind: "folder", size: 0, source });
  }

  async addRoot(root: string, path: readonly string[]): Promise<void> {
    const info = await withFile("read", root, () => Deno.stat(root));
    if (!info.isFile && !info.isDirectory) {
      throw new FileFault("not-a-file", `Cannot send "${root}": neither file nor folder`);
    }
    await this.#enter(root, path, info, root, [root]);
  }

  /** `chain` holds the real paths of the folders that lead here: a link back to one is a loop. */
  async #enter(
    source: string,
    path: readonly string[],
    info: Deno.FileInfo,
    root: string,
    chain: readonly string[],
  ): Promise<void> {
    if (info.isFile) {
      this.#add({ path, kind: "file", size: info.size, source });
      return;
    }
    this.addFolder(source, path);
    const children = await withFile("read", source, () => Array.fromAsync(Deno.readDir(source)));
    children.sort((a, b) => a.name < b.name ? -1 : 1);
    for (const child of children) {
      await this.#enterChild(child, `${source}/${child.name}`, [...path, child.name], root, chain);
    }
  }

  async #enterChild(
    child: Deno.DirEntry,
    source: string,
    path: readonly string[],
    root: string,
    chain: readonly string[],
  ): Promise<void> {
    if (child.name.startsWith(".") && !this.#hidden) return this.#skip(source, "hidden");
    if (child.name.includes("\ufffd") && await isMissing(source)) {
      return this.#skip(source, "name is not UTF-8");
    }
    if (!child.isSymlink) {
      if (!child.isFile && !child.isDirectory) return this.#skip(source, "neither file nor folder");
      const info = await withFile("read", source, () => Deno.lstat(source));
      const longer = child.isDirectory ? [...chain, source] : chain;
      return await this.#enter(source, path, info, root, longer);
    }
    if (await isMissing(source)) return this.#skip(source, "broken link");
    const real = await realPath(source);
    if (real !== root && !real.startsWith(`${root}/`)) {
      return this.#skip(source, "link out of the folder");
    }
    if (chain.includes(real)) return this.#skip(source, "loop of links");
    const info = await withFile("read", source, () => Deno.stat(real));
    if (!info.isFile && !info.isDirectory) return this.#skip(source, "neither file nor folder");
    await this.#enter(real, path, info, root, [...chain, real]);
  }

  #add(entry: TreeEntry): void {
    if (this.#entries.length >= MAX_ENTRIES) {
      throw new FileFault("failed", `Cannot send more than ${MAX_ENTRIES} files and folders`);
    }
    this.#entries.push(entry);
  }

  #skip(source: string, reason: SkipReason): void {
    this.#skipped.push({ source, reason });
  }
}

async function isMissing(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return false;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.FilesystemLoop) {
      return true;
    }
    return false; // opening it will say what is wrong
  }
}
