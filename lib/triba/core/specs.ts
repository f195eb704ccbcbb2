/**
 * Configurations of backends: what they must be, and when two are the same.
 *
 * @module
 */

import { isDeepStrictEqual } from "node:util";
import type { BackendSpec } from "./control.ts";
import { SPAWN_SECRET_BYTES } from "../constants.ts";
import { checkCoreSettings } from "../session/core_handshake.ts";

const NAME = /^[a-z0-9_-]{1,32}$/;

/**
 * Checks what is to be run.
 *
 * @throws {RangeError} for names that are wrong or there twice, for no command, and for settings
 *   that exclude each other.
 */
export function checkSpecs(specs: readonly BackendSpec[], agent: string): void {
  const names = new Set<string>();
  for (const { name, command, seal, handshake } of specs) {
    if (!NAME.test(name)) throw new RangeError(`Cannot use the name "${name}" for a backend`);
    if (names.has(name)) throw new RangeError(`Cannot have two backends "${name}"`);
    names.add(name);
    if (!command[0]) throw new RangeError(`Cannot start backend "${name}": no command`);
    checkCoreSettings({
      agent,
      handshake,
      spawnSecret: seal === "require" ? new Uint8Array(SPAWN_SECRET_BYTES) : undefined,
    });
  }
}

/** Deep equality; a field that is undefined is one that is not there. */
export function isSameSpec(a: BackendSpec, b: BackendSpec): boolean {
  const plain = (spec: BackendSpec): unknown => JSON.parse(JSON.stringify(spec));
  return isDeepStrictEqual(plain(a), plain(b));
}
