/**
 * The body of a reply before it is sealed: a CBOR list of keys and typed values (spec sections 9
 * and 14.2).
 *
 * @module
 */

import { CborFault, type CborItem, decodeCbor, encodeCbor } from "../../cbor/mod.ts";
import { decodeValue, encodeValue, type ValueEncoding } from "./value_codec.ts";
import { CofferFault } from "../fault.ts";
import { unwrapText } from "./tagged.ts";
import type { Secrets, SecretValue } from "./value.ts";

/** The list, in the order of the secrets. */
export function encodeEntries(secrets: Secrets, encoding: ValueEncoding): Uint8Array<ArrayBuffer> {
  const items = Array.from(secrets, ([key, value]): CborItem => ({
    type: "array",
    items: [{ type: "text", value: key }, encodeValue(value, encoding)],
  }));
  return encodeCbor({ type: "array", items });
}

/**
 * Reads a list. Entries are pairs, or maps of `key` and `value`; of a repeated key the last value
 * counts, as for the original.
 *
 * @throws {CofferFault} with `bad-reply`; no key or value is quoted.
 */
export function decodeEntries(bytes: Uint8Array): Secrets {
  let list = readItem(bytes);
  while (list.type === "tag") list = list.item;
  if (list.type !== "array") throw fault("not a list");
  const secrets = new Map<string, SecretValue>();
  list.items.forEach((item, index) => {
    const [key, value] = splitEntry(item, index);
    const name = unwrapText(key);
    if (name === undefined) throw fault(`key of entry ${index} is not a text`);
    const decoded = decodeValue(value);
    if ("reason" in decoded) throw fault(`value of entry ${index}: ${decoded.reason}`);
    secrets.set(name.text, decoded.value);
  });
  return secrets;
}

function readItem(bytes: Uint8Array): CborItem {
  try {
    return decodeCbor(bytes);
  } catch (error) {
    if (error instanceof CborFault) throw fault("not CBOR");
    throw error;
  }
}

function splitEntry(item: CborItem, index: number): readonly [CborItem, CborItem] {
  if (item.type === "array") {
    const [key, value] = item.items;
    if (key !== undefined && value !== undefined && item.items.length === 2) return [key, value];
    throw fault(`entry ${index} has ${item.items.length} elements instead of 2`);
  }
  if (item.type === "map" && item.pairs.length === 2) {
    const named = new Map(item.pairs.map(([name, held]) => [unwrapText(name)?.text, held]));
    const [key, value] = [named.get("key"), named.get("value")];
    if (key !== undefined && value !== undefined) return [key, value];
  }
  throw fault(`entry ${index} is neither a pair nor a map of key and value`);
}

function fault(state: string): CofferFault {
  return new CofferFault("bad-reply", `Cannot read the reply: ${state}`);
}
