/**
 * `coffer-companion certificate`, `id` and `info`: key files.
 *
 * @module
 */

import { Console, EXIT, type OptionValues } from "../../lib/cli/mod.ts";
import {
  computeAsync,
  encodeKeyFile,
  formatId,
  KEY_BYTES,
  makeKeyPair,
  x25519Web,
} from "../../lib/coffer/mod.ts";
import { writeSecretFile } from "../../lib/files/mod.ts";
import type { CERTIFICATE, ID, INFO } from "./args.ts";
import { withExitFaults } from "./faults.ts";
import { loadKey, random } from "./source.ts";

/** Makes a key pair. */
export function makeCertificate(
  options: OptionValues<typeof CERTIFICATE.options>,
  operands: readonly string[],
): Promise<number> {
  return withExitFaults(async () => {
    const path = operands[0] as string;
    const pair = await computeAsync(makeKeyPair(random(KEY_BYTES)), x25519Web);
    const file = encodeKeyFile(pair);
    await writeSecretFile(path, file, options.force);
    file.fill(0);
    pair.secretKey.fill(0);
    const id = formatId(pair.publicKey);
    new Console({ quiet: false, json: options.json }).result(`saved ${path} ${id}`, { path, id });
    return EXIT.done;
  });
}

/** Shows the public key. */
export function showId(
  options: OptionValues<typeof ID.options>,
  operands: readonly string[],
): Promise<number> {
  return withExitFaults(async () => {
    const path = operands[0] as string;
    const { publicKey, secretKey } = await loadKey(path);
    secretKey.fill(0);
    const id = formatId(publicKey);
    new Console({ quiet: false, json: options.json }).result(id, { path, id });
    return EXIT.done;
  });
}

/** Shows both keys, the secret one on a terminal only when asked to. */
export function showKeys(
  options: OptionValues<typeof INFO.options>,
  operands: readonly string[],
): Promise<number> {
  return withExitFaults(async () => {
    const { publicKey, secretKey } = await loadKey(operands[0] as string);
    const console = new Console({ quiet: false, json: false });
    console.print(`Public Key: ${formatId(publicKey)}`);
    if (options.showSecret || !Deno.stdout.isTerminal()) {
      console.print(`Secret Key: ${formatId(secretKey)}`);
    } else {
      console.note("The secret key is shown on a terminal with --show-secret only");
    }
    secretKey.fill(0);
    return EXIT.done;
  });
}
