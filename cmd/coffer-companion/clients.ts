/**
 * Clients as users name them.
 *
 * @module
 */

import { equalConstantTime } from "../../lib/bytes/mod.ts";
import { EXIT, ExitFault } from "../../lib/cli/mod.ts";
import { type DefinedClient, type Definition, formatId, readId } from "../../lib/coffer/mod.ts";
import { escapeControls } from "../../lib/log/mod.ts";

/** How a client is called: its place in the definition, or its id where that is the root. */
export function nameOf(client: DefinedClient): string {
  return client.path.length === 0 ? formatId(client.publicKey) : client.path.join(".");
}

/**
 * The clients that were named; with none named, the only one that there is.
 *
 * @throws {ExitFault} when a name fits none, or several.
 */
export function findClients(
  definition: Definition,
  names: readonly string[],
): readonly DefinedClient[] {
  if (names.length > 0) return names.map((name) => findClient(definition, name));
  const [only, other] = definition.clients;
  if (only !== undefined && other === undefined) return [only];
  throw new ExitFault(EXIT.usage, "Missing option --client", hintOf(definition));
}

function findClient(definition: Definition, name: string): DefinedClient {
  const { clients } = definition;
  const read = readId(name);
  const found = [
    clients.filter(({ publicKey }) => "key" in read && equalConstantTime(publicKey, read.key)),
    clients.filter((client) => nameOf(client) === name),
    clients.filter(({ path }) => path.at(-1) === name),
  ].find((matches) => matches.length > 0) ?? [];
  const [client] = found;
  if (client !== undefined && found.length === 1) return client;
  const state = client === undefined ? "there is none" : `there are ${found.length}`;
  throw new ExitFault(
    EXIT.failed,
    `Cannot tell client "${escapeControls(name)}": ${state} of this name`,
    hintOf(definition),
  );
}

function hintOf({ clients }: Definition): string {
  if (clients.length === 0) return "The definition has no clients";
  return `Clients are ${clients.map((client) => escapeControls(nameOf(client))).join(", ")}`;
}
