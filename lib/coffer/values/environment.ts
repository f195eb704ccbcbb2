/**
 * From the entries of a shard to the variables of a program (spec 10.2 and 14.6).
 *
 * @module
 */

import { CofferFault, quote } from "../fault.ts";
import { formatValue, type Secrets, type SecretValue } from "./value.ts";

/** How the names of variables are made from keys. */
export interface VariableOptions {
  /** Only these keys, as the definition has them; each must be there. */
  readonly only?: readonly string[] | undefined;
  /** Cuts white space off both ends of keys and of String values, as the original does. */
  readonly trim?: boolean | undefined;
  /** Makes names upper case. */
  readonly upcase?: boolean | undefined;
  /** Put before each name. */
  readonly prefix?: string | undefined;
}

/** The property that the original's trimming goes by; `trim` of the language differs in two. */
const WHITE_SPACE = /\p{White_Space}/u;
const BLANK = /^\p{White_Space}*$/u;
/** Variables that make the dynamic loader run code. */
const LOADER_VARIABLE = /^(?:LD_|DYLD_)/;

/**
 * The entries under the names of variables.
 *
 * @throws {CofferFault} with `bad-variable` when a wanted key is missing, or two become one name.
 */
export function nameVariables(secrets: Secrets, options: VariableOptions): Secrets {
  const wanted = options.only === undefined ? secrets : pick(secrets, options.only);
  const trimmed = options.trim === true ? trimAll(wanted) : wanted;
  const variables = new Map<string, SecretValue>();
  for (const [key, value] of trimmed) {
    const name = (options.prefix ?? "") + (options.upcase === true ? key.toUpperCase() : key);
    if (variables.has(name)) throw fault(key, `another key becomes the same name ${quote(name)}`);
    variables.set(name, value);
  }
  return variables;
}

/**
 * The environment that a program gets.
 *
 * @param authenticated Whether the reply proved the server's key. If not, it could be anybody's,
 *   and variables that the loader obeys are refused.
 * @throws {CofferFault} with `bad-variable` for a name or value that cannot be in an environment.
 */
export function toEnvironment(variables: Secrets, authenticated: boolean): Map<string, string> {
  const environment = new Map<string, string>();
  for (const [name, secret] of variables) {
    if (BLANK.test(name)) throw fault(name, "its name is empty");
    if (name.includes("=")) throw fault(name, "its name holds an equals sign");
    if (name.includes("\0")) throw fault(name, "its name holds a NUL");
    if (!authenticated && LOADER_VARIABLE.test(name)) {
      throw fault(name, "it steers the loader, and the server's key was not proved");
    }
    const text = formatValue(secret);
    if (text.includes("\0")) throw fault(name, "its value holds a NUL");
    environment.set(name, text);
  }
  return environment;
}

/**
 * The value of one entry.
 *
 * @throws {CofferFault} with `bad-variable` when the key is missing.
 */
export function requireEntry(secrets: Secrets, key: string): SecretValue {
  const secret = secrets.get(key);
  if (secret === undefined) throw fault(key, "the server has no such key for this client");
  return secret;
}

/** A text without the white space at its ends; a pattern for the far end would be quadratic. */
export function trimWhiteSpace(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && WHITE_SPACE.test(text.charAt(start))) start++;
  while (end > start && WHITE_SPACE.test(text.charAt(end - 1))) end--;
  return text.slice(start, end);
}

function pick(secrets: Secrets, keys: readonly string[]): Secrets {
  for (const key of keys) requireEntry(secrets, key);
  return new Map(Array.from(secrets).filter(([key]) => keys.includes(key)));
}

/** Keys that become the same are the original's to decide: the last one counts. */
function trimAll(secrets: Secrets): Secrets {
  return new Map(Array.from(secrets, ([key, secret]) => [
    trimWhiteSpace(key),
    secret.type === "String" ? { ...secret, value: trimWhiteSpace(secret.value) } : secret,
  ]));
}

function fault(key: string, state: string): CofferFault {
  return new CofferFault("bad-variable", `Cannot use entry ${quote(key)}: ${state}`);
}
