/**
 * `coffer-companion set` and `unset`: one entry of one or several clients.
 *
 * @module
 */

import { promptSecret } from "@std/cli/prompt-secret";
import { Console, EXIT, ExitFault, type OptionValues } from "../../lib/cli/mod.ts";
import {
  type DefinedClient,
  loadDefinition,
  type SecretValue,
  setEntry,
  unsetEntry,
} from "../../lib/coffer/mod.ts";
import type { SET, UNSET } from "./args.ts";
import { findClients, nameOf } from "./clients.ts";
import { withExitFaults } from "./faults.ts";
import { loadSource, openSource, readAll, saveSource, type Source, textOf } from "./source.ts";

type SetOptions = OptionValues<typeof SET.options>;

/** Sets one entry to what standard input says. */
export function set(options: SetOptions, operands: readonly string[]): Promise<number> {
  return withExitFaults(async () => {
    const key = operands[0] as string;
    if (key === "id" || key === "") throw new ExitFault(EXIT.usage, `Cannot set "${key}"`);
    const source = await openSource(options);
    const clients = findClients(await loadSource(source), options.client);
    const value = toValue(await readValue(options.exact), options.type);
    const toml = clients.reduce(
      (text, { publicKey }) => setEntry(text, publicKey, key, value),
      textOf(source),
    );
    await save(source, toml, options.from, `set ${key} for`, clients);
    return EXIT.done;
  });
}

/** Takes one entry away. */
export function unset(
  options: OptionValues<typeof UNSET.options>,
  operands: readonly string[],
): Promise<number> {
  return withExitFaults(async () => {
    const key = operands[0] as string;
    const source = await openSource(options);
    const clients = findClients(await loadSource(source), options.client);
    const toml = clients.reduce(
      (text, { publicKey }) => unsetEntry(text, publicKey, key),
      textOf(source),
    );
    await save(source, toml, options.from, `unset ${key} for`, clients);
    return EXIT.done;
  });
}

async function save(
  source: Source,
  toml: string,
  from: string | undefined,
  done: string,
  clients: readonly DefinedClient[],
): Promise<void> {
  await saveSource(source, new TextEncoder().encode(toml), from);
  const console = new Console({ quiet: false, json: false });
  for (const client of clients) console.result(`${done} ${nameOf(client)}`, {});
}

/** A single line loses its line feed, which `echo` has added; several lines are kept as they are. */
async function readValue(exact: boolean): Promise<string> {
  if (Deno.stdin.isTerminal()) {
    const typed = promptSecret("Value:", { mask: "" });
    if (typed === null) throw new ExitFault(EXIT.failed, "No value was given");
    return typed;
  }
  const bytes = await readAll();
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new ExitFault(EXIT.usage, "Cannot use the value: not UTF-8");
  } finally {
    bytes.fill(0);
  }
  if (exact) return text;
  return text.indexOf("\n") === text.length - 1 ? text.replace(/\r?\n$/, "") : text;
}

/** The value of a type, read by the rules of TOML itself; the message does not quote it. */
function toValue(text: string, type: SetOptions["type"]): SecretValue {
  if (type === "String") return { type, value: text };
  const id = "00".repeat(31) + "42"; // any client will do
  try {
    if (text.trim() === "" || /[\n#]/.test(text)) throw new RangeError("not one literal");
    const probe = `id = "${id}"\nvalue = ${text}\n`;
    const { clients } = loadDefinition(new TextEncoder().encode(probe));
    const value = clients[0]?.entries.get("value")?.value;
    if (value?.type === type) return value;
  } catch {
    // Whatever is wrong with it, its reason could tell of the value.
  }
  throw new ExitFault(EXIT.usage, `Cannot use the value: it is no ${type} as TOML writes it`);
}
