/**
 * From the two files to what is served.
 *
 * @module
 */

import { EXIT, ExitFault, type OptionValues } from "../../lib/cli/mod.ts";
import {
  checkDefinition,
  computeAsync,
  type Definition,
  type DefinitionOrigin,
  formatId,
  formatProblem,
  type KeyPair,
  loadDefinition,
  type NamedKey,
  openDefinition,
  requireDistinctKeys,
  x25519Web,
} from "../../lib/coffer/mod.ts";
import { loadKeyFile, withDefinition } from "../../lib/coffer/program.ts";
import { statLink, withFile } from "../../lib/files/mod.ts";
import type { Logger } from "../../lib/log/mod.ts";
import type { SERVER } from "./args.ts";

/** Options of `coffer-server`. */
export type ServerOptions = OptionValues<typeof SERVER.options>;

/** Where key and definition lie. */
export interface SourcePaths {
  /** The key file. */
  readonly certificate: string;
  /** The sealed definition. */
  readonly secrets: string;
}

/** What was loaded. */
export interface Loaded {
  /** The server's pair. */
  readonly server: KeyPair;
  /** Who has which secrets. */
  readonly definition: Definition;
  /** Who sealed it and when, if that can be told. */
  readonly origin: DefinitionOrigin | undefined;
}

/** The files, named by options or put by the service manager into its folder of credentials. */
export function findSources(
  options: ServerOptions,
  credentials: string | undefined,
): SourcePaths {
  const pick = (given: string | undefined, name: "certificate" | "secrets") => {
    if (given !== undefined) return given;
    if (credentials !== undefined && credentials !== "") return `${credentials}/${name}`;
    throw new ExitFault(
      EXIT.usage,
      `Missing option --${name}`,
      'Run "coffer-server --help" for all options',
    );
  };
  return {
    certificate: pick(options.certificate, "certificate"),
    secrets: pick(options.secrets, "secrets"),
  };
}

/**
 * Reads, opens and checks both files.
 *
 * @param running What is served now, on a reload.
 * @throws {FileFault | CofferFault} when anything is wrong; nothing has changed then.
 */
export async function load(
  paths: SourcePaths,
  options: ServerOptions,
  log: Logger,
  running?: Loaded,
): Promise<Loaded> {
  const server = await loadServerKey(paths.certificate, options, log, running);
  const companions = options.companionKey.flat();
  const otherKeys: readonly NamedKey[] = [
    { owner: "the server", publicKey: server.publicKey },
    ...companions.map((publicKey) => ({ owner: "a companion", publicKey })),
  ];
  for (const companion of otherKeys.slice(1)) {
    requireDistinctKeys([otherKeys[0] as NamedKey, companion]);
  }
  const { secrets } = paths;
  const file = await withFile("read", secrets, () => Deno.readFile(secrets));
  return await withDefinition(secrets, async () => {
    const trust = { companions, notBefore: running?.origin?.time };
    const { toml, origin } = await computeAsync(openDefinition(file, server, trust), x25519Web);
    const definition = loadDefinition(toml, { otherKeys });
    toml.fill(0);
    for (const warning of checkDefinition(definition)) log.warn(formatProblem(secrets, warning));
    return { server, definition, origin };
  });
}

async function loadServerKey(
  path: string,
  options: ServerOptions,
  log: Logger,
  running: Loaded | undefined,
): Promise<KeyPair> {
  // Deleted after the first load on the user's wish: the key goes on, the definition may be new.
  const isGone = options.deleteAfterLoad && running !== undefined &&
    await statLink(path) === undefined;
  if (isGone) return running.server;
  const { pair, readableByOthers } = await loadKeyFile(path);
  const isCredential = path.startsWith("/run/credentials/"); // the manager guards the folder
  if (readableByOthers && !isCredential) {
    log.warn("the key file can be read by others than its owner", { path });
  }
  return pair;
}

/** Removes what was loaded; what is gone already is fine. */
export async function removeSources(paths: SourcePaths, log: Logger): Promise<void> {
  for (const path of [paths.certificate, paths.secrets]) {
    if (await statLink(path) === undefined) continue;
    await withFile("remove", path, () => Deno.remove(path));
    log.info("removed after loading", { path });
  }
}

/** What is served, in words for log and `--check`; no value and no key's name is in it. */
export function describeLoaded(
  { server, definition, origin }: Loaded,
): Readonly<Record<string, unknown>> {
  const entries = definition.clients.reduce((sum, client) => sum + client.entries.size, 0);
  return {
    server: formatId(server.publicKey),
    clients: definition.clients.length,
    entries,
    companion: origin && formatId(origin.companion),
    sealed: origin && new Date(Number(origin.time) * 1000).toISOString(),
  };
}
