/**
 * Definitions on disk: sealed or plain, read and written in the form that they have.
 *
 * @module
 */

import { Console, EXIT, ExitFault } from "../../lib/cli/mod.ts";
import {
  computeAsync,
  type Definition,
  type DefinitionOrigin,
  KEY_FILE_BYTES,
  type KeyPair,
  loadDefinition,
  MAGIC,
  type NamedKey,
  openDefinition,
  type RandomSource,
  requireDistinctKeys,
  sealAuthenticatedDefinition,
  sealDefinition,
  x25519Web,
} from "../../lib/coffer/mod.ts";
import { loadKeyFile, withDefinition } from "../../lib/coffer/program.ts";
import { SECRET_FILE_MODE, statLink, TemporaryFile, withFile } from "../../lib/files/mod.ts";

/** Randomness of the runtime. */
export const random: RandomSource = (length) => crypto.getRandomValues(new Uint8Array(length));

/** A definition that was read. */
export interface Source {
  /** Where it is. */
  readonly path: string;
  /** The definition. */
  readonly toml: Uint8Array;
  /** The server that it is sealed to; undefined for a plain one. */
  readonly server: KeyPair | undefined;
  /** Who sealed it, if it says so. */
  readonly origin: DefinitionOrigin | undefined;
  /** Keys of other roles, which no client may have. */
  readonly otherKeys: readonly NamedKey[];
}

/** Options that name a definition. */
export interface SourceOptions {
  /** The definition. */
  readonly secrets: string | undefined;
  /** The server's key file. */
  readonly certificate: string | undefined;
}

/** Loads a key and warns where others can read it. */
export async function loadKey(path: string): Promise<KeyPair> {
  const { pair, readableByOthers } = await loadKeyFile(path);
  if (readableByOthers) {
    new Console({ quiet: false, json: false })
      .note(`warning: "${path}" can be read by others than its owner (chmod 600)`);
  }
  return pair;
}

/** The definition that a command works on, from an option or a plain argument. */
export async function openSource(options: SourceOptions, operand?: string): Promise<Source> {
  const path = operand ?? options.secrets;
  if (path === undefined) {
    throw new ExitFault(EXIT.usage, "Missing option --secrets", "It names the definition");
  }
  const file = path === "-" ? await readAll() : await readFile(path);
  const server = options.certificate === undefined ? undefined : await loadKey(options.certificate);
  const otherKeys = server === undefined
    ? []
    : [{ owner: "the server", publicKey: server.publicKey }];
  if (looksPlain(file)) {
    return { path, toml: file, server: undefined, origin: undefined, otherKeys };
  }
  if (server === undefined) {
    throw new ExitFault(
      EXIT.usage,
      `Cannot read "${path}": it is sealed, or not UTF-8`,
      "Give the server's key file with --certificate",
    );
  }
  return await withDefinition(path, async () => ({
    path,
    ...await computeAsync(openDefinition(file, server), x25519Web),
    server,
    otherKeys,
  }));
}

/** A sealed file is random bytes from its beginning on, which are neither text nor free of NUL. */
function looksPlain(file: Uint8Array): boolean {
  if (MAGIC.every((byte, at) => file[at] === byte)) return false;
  if (file.includes(0)) return false;
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(file);
    return true;
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  }
}

/** What a source defines; its faults name the file and every problem. */
export function loadSource(source: Source, toml: Uint8Array = source.toml): Promise<Definition> {
  const { path, otherKeys } = source;
  return withDefinition(path, () => loadDefinition(toml, { otherKeys }));
}

/** A definition's text. */
export function textOf(source: Source): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(source.toml);
}

/** For whom a definition is sealed, and who says so. */
export interface SealOptions {
  /** The server's public key. */
  readonly serverKey: Uint8Array;
  /** The companion's pair, for the form that names it. */
  readonly companion: KeyPair | undefined;
}

/** Seals a definition. */
export async function seal(
  toml: Uint8Array,
  { serverKey, companion }: SealOptions,
): Promise<Uint8Array> {
  if (companion === undefined) {
    return await computeAsync(sealDefinition(toml, serverKey, random), x25519Web);
  }
  requireDistinctKeys([
    { owner: "the server", publicKey: serverKey },
    { owner: "the companion", publicKey: companion.publicKey },
  ]);
  const time = BigInt(Math.floor(Date.now() / 1000));
  const sealing = sealAuthenticatedDefinition(toml, serverKey, companion, time, random);
  return await computeAsync(sealing, x25519Web);
}

/** Who seals again: a definition that names its companion does not lose that unnoticed. */
export async function companionFor(
  source: Source,
  from: string | undefined,
): Promise<KeyPair | undefined> {
  if (from !== undefined) return await loadKey(from);
  if (source.origin === undefined) return undefined;
  throw new ExitFault(
    EXIT.usage,
    `Cannot seal "${source.path}" again: it names the companion that sealed it`,
    "Give the companion's key file with --from",
  );
}

/** Writes a definition back in the form that it had, in one step. */
export async function saveSource(
  source: Source,
  toml: Uint8Array,
  from: string | undefined,
): Promise<number> {
  const companion = await companionFor(source, from);
  const bytes = source.server === undefined
    ? toml
    : await seal(toml, { serverKey: source.server.publicKey, companion });
  const mode = source.server === undefined ? SECRET_FILE_MODE : SEALED_FILE_MODE;
  await replaceFile(source.path, bytes, mode);
  return bytes.length;
}

/** Permissions of a new file that is sealed, before the umask. */
export const SEALED_FILE_MODE = 0o644;

/**
 * Writes a file in one step; one that exists is replaced and keeps its permissions, unless it is a
 * key file.
 */
export async function replaceFile(path: string, bytes: Uint8Array, mode: number): Promise<void> {
  const isThere = await statLink(path) !== undefined;
  const target = isThere ? await withFile("replace", path, () => Deno.realPath(path)) : path;
  const old = isThere ? await withFile("replace", path, () => Deno.stat(target)) : undefined;
  if (old?.size === KEY_FILE_BYTES && (await Deno.readFile(target))[0] === KEY_FILE_START) {
    throw new ExitFault(
      EXIT.failed,
      `Cannot write "${path}": it is a key file`,
      "Choose another name",
    );
  }
  const kept = old?.mode === undefined || old.mode === null ? mode : old.mode & 0o777;
  await using file = await TemporaryFile.create(target, kept);
  file.write(bytes);
  if (isThere) await withFile("replace", path, () => Deno.chmod(file.path, kept));
  await file.place(target, true);
}

/** A CBOR map of two pairs. */
const KEY_FILE_START = 0xa2;

/** All of a file. */
export async function readFile(path: string): Promise<Uint8Array<ArrayBuffer>> {
  return await withFile("read", path, () => Deno.readFile(path));
}

/** All of standard input. */
export async function readAll(): Promise<Uint8Array<ArrayBuffer>> {
  return await new Response(Deno.stdin.readable).bytes();
}

/** Bytes on standard output, as they are. */
export function writeOutput(bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) done += Deno.stdout.writeSync(bytes.subarray(done));
}
