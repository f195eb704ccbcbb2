/**
 * The configuration of a core as TOML. All errors are found in one go; none quotes a value, which
 * may be a secret.
 *
 * @module
 */

import {
  decodeTomlSource,
  parseToml,
  TableReader,
  TomlFault,
  type TomlProblem,
} from "../../toml/mod.ts";
import type { BackendSpec } from "../core/control.ts";
import { type ConfigContext, readBackend } from "./backend.ts";
import { type BridgeSpec, readBridge } from "./bridge.ts";
import { ConfigFault } from "./fault.ts";

export type { Builtin, ConfigContext } from "./backend.ts";
export type { BridgeEnd, BridgeSpec } from "./bridge.ts";

/** What a configuration says. */
export interface CoreConfig {
  /** The backends, in the order of the file. */
  readonly backends: readonly BackendSpec[];
  /** The bridges, in the order of the file. */
  readonly bridges: readonly BridgeSpec[];
}

/**
 * Reads a configuration.
 *
 * @param file TOML as UTF-8.
 * @throws {ConfigFault} with every problem: a syntax error alone, all others together.
 */
export function readCoreConfig(file: Uint8Array, context: ConfigContext): CoreConfig {
  const problems: TomlProblem[] = [];
  const root = new TableReader(parse(file), problems);
  const tables = root.tables("backends");
  if (!root.has("backends")) root.report('no backend: add a table "[backends.NAME]"');
  const backends = tables.flatMap(({ name, reader }) => readBackend(name, reader, context) ?? []);
  const names = new Set(tables.map(({ name }) => name));
  const bridges = root.tables("bridges")
    .flatMap(({ name, reader }) => readBridge(name, reader, names) ?? []);
  root.end();
  if (problems.length > 0) throw new ConfigFault(problems);
  return { backends, bridges };
}

function parse(file: Uint8Array): ReturnType<typeof parseToml> {
  try {
    return parseToml(decodeTomlSource(file));
  } catch (error) {
    if (!(error instanceof TomlFault)) throw error;
    throw new ConfigFault([{ ...error.at, reason: error.reason }]);
  }
}
