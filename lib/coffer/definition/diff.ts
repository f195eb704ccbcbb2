/**
 * What is different between two definitions, in names only.
 *
 * @module
 */

import { Keyring } from "../keys/keyring.ts";
import { sameValue } from "../values/value.ts";
import type { DefinedClient, Definition } from "./definition.ts";

/** One difference. */
export interface Difference {
  /** What became of it: `+` is new, `-` is gone, `~` has another value. */
  readonly change: "+" | "-" | "~";
  /** The client, as the definition that has it names it. */
  readonly client: DefinedClient;
  /** The entry's key; undefined for a client that came or went as a whole. */
  readonly key: string | undefined;
}

/** All differences: by client in the order of the newer definition, then the clients that are gone. */
export function diffDefinitions(before: Definition, after: Definition): Difference[] {
  const [old, now] = [before, after].map(({ clients }) => {
    const ring = new Keyring<DefinedClient>();
    for (const client of clients) ring.set(client.publicKey, client);
    return ring;
  });
  const differences = after.clients.flatMap((client): Difference[] => {
    const earlier = old?.get(client.publicKey);
    const whole: Difference[] = earlier === undefined
      ? [{ change: "+", client, key: undefined }]
      : [];
    return whole.concat(diffEntries(earlier, client));
  });
  const gone = before.clients.filter(({ publicKey }) => now?.has(publicKey) !== true);
  return differences.concat(
    gone.map((client) => ({ change: "-", client, key: undefined })),
  );
}

function diffEntries(before: DefinedClient | undefined, after: DefinedClient): Difference[] {
  const differences: Difference[] = [];
  for (const [key, { value }] of after.entries) {
    const earlier = before?.entries.get(key)?.value;
    if (earlier === undefined) differences.push({ change: "+", client: after, key });
    else if (!sameValue(earlier, value)) differences.push({ change: "~", client: after, key });
  }
  for (const key of before?.entries.keys() ?? []) {
    if (!after.entries.has(key)) differences.push({ change: "-", client: after, key });
  }
  return differences;
}
