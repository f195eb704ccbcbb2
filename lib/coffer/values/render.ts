/**
 * Variables as text for other programs (spec 14.2): JSON, a systemd environment file, shell
 * assignments.
 *
 * @module
 */

import { toEnvironment } from "./environment.ts";
import { CofferFault, quote } from "../fault.ts";
import { formatValue, type Secrets, type SecretValue } from "./value.ts";

const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/;
const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER);
/** Code points that are no characters: with one of them systemd refuses the whole file. */
const NO_CHARACTER = /\p{Noncharacter_Code_Point}/u;

/** The forms of output. */
export type OutputFormat = "env" | "json" | "shell";

/**
 * The variables in one of the forms, with a line end.
 *
 * @param authenticated As for {@linkcode toEnvironment}; JSON is no environment and holds any name.
 * @throws {CofferFault} with `bad-variable` for what the form cannot hold.
 */
export function renderVariables(
  variables: Secrets,
  format: OutputFormat,
  authenticated: boolean,
): string {
  if (format === "json") return renderJson(variables);
  const assign = format === "env" ? assignEnvironmentFile : assignShell;
  return Array.from(toEnvironment(variables, authenticated), ([name, text]) => {
    if (!IDENTIFIER.test(name)) throw fault(name, "its name is no identifier");
    return assign(name, text);
  }).join("");
}

/** One object on one line. What JSON's readers would change is a string. */
function renderJson(variables: Secrets): string {
  const members = Array.from(
    variables,
    ([name, secret]) => `${JSON.stringify(name)}: ${jsonValue(secret)}`,
  );
  return `{${members.join(", ")}}\n`;
}

function jsonValue(secret: SecretValue): string {
  const text = formatValue(secret);
  const exact = secret.type === "Boolean" ||
    (secret.type === "Integer" && secret.value >= -MAX_SAFE && secret.value <= MAX_SAFE) ||
    (secret.type === "Float" && Number.isFinite(secret.value));
  return exact ? text : JSON.stringify(text);
}

/** systemd's `EnvironmentFile=`: in double quotes a backslash takes the meaning off four signs. */
function assignEnvironmentFile(name: string, text: string): string {
  if (NO_CHARACTER.test(text)) {
    throw fault(name, "its value holds a code point that is no character");
  }
  return `${name}="${text.replace(/["\\`$]/g, "\\$&")}"\n`;
}

/** Exported, since what reads the output wants to hand the variables on. */
function assignShell(name: string, text: string): string {
  return `export ${name}='${text.replaceAll("'", "'\\''")}'\n`;
}

function fault(name: string, state: string): CofferFault {
  return new CofferFault("bad-variable", `Cannot write entry ${quote(name)}: ${state}`);
}
