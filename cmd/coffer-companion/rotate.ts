/**
 * `coffer-companion rotate`.
 *
 * @module
 */

import { Console, EXIT, ExitFault, type OptionValues } from "../../lib/cli/mod.ts";
import { loadDefinition } from "../../lib/coffer/mod.ts";
import { withDefinition } from "../../lib/coffer/program.ts";
import type { ROTATE } from "./args.ts";
import { withExitFaults } from "./faults.ts";
import {
  companionFor,
  loadKey,
  openSource,
  replaceFile,
  seal,
  SEALED_FILE_MODE,
} from "./source.ts";

type Options = OptionValues<typeof ROTATE.options>;

/** Seals again, to another server key. */
export function rotate(options: Options): Promise<number> {
  return withExitFaults(async () => {
    const serverKey = await readNewKey(options);
    const source = await openSource(options);
    if (source.server === undefined) {
      throw new ExitFault(
        EXIT.usage,
        `Cannot rotate "${source.path}": it is not sealed`,
        'Seal it with "coffer-companion encrypt"',
      );
    }
    const otherKeys = [{ owner: "the server", publicKey: serverKey }];
    await withDefinition(source.path, () => loadDefinition(source.toml, { otherKeys }));
    const companion = await companionFor(source, options.from);
    const sealed = await seal(source.toml, { serverKey, companion });
    source.toml.fill(0);
    const out = options.out ?? source.path;
    await replaceFile(out, sealed, SEALED_FILE_MODE);
    new Console({ quiet: false, json: false }).result(`saved ${out} ${sealed.length}`, {});
    return EXIT.done;
  });
}

async function readNewKey({ to, recipient }: Options): Promise<Uint8Array> {
  if ((to === undefined) === (recipient === undefined)) {
    throw new ExitFault(
      EXIT.usage,
      to === undefined ? "Missing option --to" : "Cannot use both --to and --recipient",
      "Give the server's new key file with --to, or its public key with --recipient",
    );
  }
  return recipient ?? (await loadKey(to as string)).publicKey;
}
