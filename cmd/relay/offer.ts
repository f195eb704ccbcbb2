/**
 * What the paths on the command line make: a file, a folder, or what standard input holds.
 *
 * @module
 */

import { type OfferedDocument, offerFile, offerFolder } from "../../lib/bob/mod.ts";
import { type Console, count, EXIT, ExitFault, formatSize } from "../../lib/cli/mod.ts";
import {
  checkName,
  readTree,
  toFileFault,
  type Tree,
  type TreeEntry,
  withFile,
} from "../../lib/files/mod.ts";
import { escapeControls } from "../../lib/log/mod.ts";
import type { SendValues } from "./send.ts";

const CHUNK_BYTES = 256 * 1024;
/** This many of what is left out are named; the rest is counted. */
const MOST_NAMED = 5;

/** A document, and what must be removed after it was sent. */
export interface Offered extends AsyncDisposable {
  /** The document. */
  readonly document: OfferedDocument;
}

/**
 * Looks at everything that is to be sent, before anybody is told of it.
 *
 * @throws {FileFault} when something cannot be read.
 * @throws {ExitFault} when the command line makes no sense.
 */
export async function offer(
  paths: readonly string[],
  options: SendValues,
  console: Console,
  signal: AbortSignal,
): Promise<Offered> {
  if (paths.includes("-")) return await offerInput(paths, options, console, signal);
  if (options.name !== undefined) {
    throw new ExitFault(EXIT.usage, "Option --name is for standard input: give - as the path");
  }
  const tree = await readTree(paths, { hidden: !options.noHidden });
  reportSkipped(console, tree);
  const [only] = tree.entries;
  const document = only?.kind === "file"
    ? await offerOne(tree.name, only)
    : await offerTree(tree, console, signal);
  const size = formatSize(document.bytes);
  const what = document.kind === "file" ? size : `${count(document.files, "file")}, ${size}`;
  console.note(`Offering "${escapeControls(document.name)}" (${what})`);
  if (document.kind === "folder") console.note("Permissions, times and links do not travel");
  return { document, [Symbol.asyncDispose]: () => Promise.resolve() };
}

/** Opened once now: nobody is to wait for a file that cannot be read. */
async function offerOne(name: string, { source, size }: TreeEntry): Promise<OfferedDocument> {
  (await withFile("read", source, () => Deno.open(source))).close();
  return offerFile(name, source, size);
}

async function offerTree(
  tree: Tree,
  console: Console,
  signal: AbortSignal,
): Promise<OfferedDocument> {
  const total = tree.entries.reduce((sum, { size }) => sum + size, 0);
  const progress = console.progress("Reading", total);
  try {
    return await offerFolder(tree, (bytes) => {
      signal.throwIfAborted();
      progress.add(bytes);
    });
  } finally {
    progress.finish();
  }
}

/** The protocol names the size first, so what standard input holds goes to a file before. */
async function offerInput(
  paths: readonly string[],
  { name }: SendValues,
  console: Console,
  signal: AbortSignal,
): Promise<Offered> {
  if (paths.length > 1) {
    throw new ExitFault(EXIT.usage, "Standard input (-) cannot be sent together with other paths");
  }
  if (name === undefined || checkName(name) !== undefined) {
    const hint = "For example: relay send --name notes.tar -";
    const reason = name === undefined ? "has no name" : `cannot be called that: ${checkName(name)}`;
    throw new ExitFault(EXIT.usage, `What standard input holds ${reason}`, hint);
  }
  const folder = await withFile(
    "keep standard input in",
    "$TMPDIR",
    () => Deno.makeTempDir({ prefix: "sallyport-" }),
  );
  const dispose = () => Deno.remove(folder, { recursive: true });
  try {
    const source = `${folder}/input`;
    const size = await spool(source, console, signal);
    console.note(`Offering "${escapeControls(name)}" (${formatSize(size)})`);
    return { document: offerFile(name, source, size), [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

async function spool(path: string, console: Console, signal: AbortSignal): Promise<number> {
  const progress = console.progress("Reading standard input", undefined);
  const buffer = new Uint8Array(CHUNK_BYTES);
  const ended = new Promise<null>((resolve) =>
    signal.addEventListener("abort", () => resolve(null))
  );
  try {
    using file = Deno.openSync(path, { createNew: true, write: true, mode: 0o600 });
    while (true) {
      const read = await Promise.race([Deno.stdin.read(buffer), ended]);
      signal.throwIfAborted();
      if (read === null) return progress.bytes;
      for (let done = 0; done < read;) done += file.writeSync(buffer.subarray(done, read));
      progress.add(read);
    }
  } catch (error) {
    signal.throwIfAborted();
    throw toFileFault(error, "keep standard input in", path);
  } finally {
    progress.finish();
  }
}

function reportSkipped(console: Console, { skipped }: Tree): void {
  for (const { source, reason } of skipped.slice(0, MOST_NAMED)) {
    console.note(`Left out: "${escapeControls(source)}" (${reason})`);
  }
  const more = skipped.length - MOST_NAMED;
  if (more > 0) console.note(`Left out: ${more} more`);
}
