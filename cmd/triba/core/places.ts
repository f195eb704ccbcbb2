/**
 * Where the configuration and the state are unless the command line says.
 *
 * @module
 */

import { EXIT, ExitFault } from "../../../lib/cli/mod.ts";
import { statLink } from "../../../lib/files/mod.ts";

const NAME = "triba.toml";
const SYSTEM_CONFIG = `/etc/sallyport/${NAME}`;

/** Variables of the environment. */
export type Environment = Readonly<Record<string, string>>;

/** The configuration: the user's own if it is there, else the system's. */
export async function findConfig(
  given: string | undefined,
  environment: Environment,
): Promise<string> {
  if (given !== undefined) return given;
  const folder = underHome(environment, "XDG_CONFIG_HOME", ".config");
  const own = folder === undefined ? undefined : `${folder}/sallyport/${NAME}`;
  if (own !== undefined && await statLink(own) !== undefined) return own;
  if (await statLink(SYSTEM_CONFIG) !== undefined) return SYSTEM_CONFIG;
  const places = own === undefined ? SYSTEM_CONFIG : `${own} nor ${SYSTEM_CONFIG}`;
  throw new ExitFault(
    EXIT.usage,
    `Cannot find a configuration: there is neither ${places}`,
    "Name one with --config; triba core --help shows an example",
  );
}

/** The folder of what backends keep. */
export function findState(given: string | undefined, environment: Environment): string {
  if (given !== undefined) return given;
  const managed = environment["STATE_DIRECTORY"]?.split(":", 1)[0];
  if (managed !== undefined && managed !== "") return managed;
  const folder = underHome(environment, "XDG_STATE_HOME", ".local/state");
  if (folder !== undefined) return `${folder}/sallyport/triba`;
  throw new ExitFault(
    EXIT.usage,
    "Cannot find a folder for the state: neither XDG_STATE_HOME nor HOME is set",
    "Name one with --state",
  );
}

function underHome(environment: Environment, name: string, inside: string): string | undefined {
  const given = environment[name];
  if (given?.startsWith("/")) return given; // relative ones are to be ignored, says the standard
  const home = environment["HOME"];
  return home === undefined || home === "" ? undefined : `${home}/${inside}`;
}
