/**
 * `coffer-companion encrypt`.
 *
 * @module
 */

import { Console, EXIT, ExitFault, type OptionValues } from "../../lib/cli/mod.ts";
import { loadDefinition, type NamedKey } from "../../lib/coffer/mod.ts";
import { withDefinition } from "../../lib/coffer/program.ts";
import type { ENCRYPT } from "./args.ts";
import { withExitFaults } from "./faults.ts";
import {
  loadKey,
  readAll,
  readFile,
  replaceFile,
  seal,
  SEALED_FILE_MODE,
  writeOutput,
} from "./source.ts";

type Options = OptionValues<typeof ENCRYPT.options>;

/** Seals a definition that has no errors. */
export function encrypt(options: Options): Promise<number> {
  return withExitFaults(async () => {
    const { yaml, out } = options;
    if (yaml === undefined) throw missing("--yaml", "It names the definition; --toml is the same");
    if (out === undefined) throw missing("--out", "It names the sealed file; - is standard output");
    const serverKey = await readServerKey(options);
    const companion = options.from === undefined ? undefined : await loadKey(options.from);
    const toml = yaml === "-" ? await readAll() : await readFile(yaml);
    if (!options.noCheck) {
      const otherKeys: readonly NamedKey[] = [
        { owner: "the server", publicKey: serverKey },
        ...companion === undefined
          ? []
          : [{ owner: "the companion", publicKey: companion.publicKey }],
      ];
      await withDefinition(yaml, () => loadDefinition(toml, { otherKeys }));
    }
    const sealed = await seal(toml, { serverKey, companion });
    toml.fill(0);
    if (out === "-") {
      writeOutput(sealed);
      return EXIT.done;
    }
    await replaceFile(out, sealed, SEALED_FILE_MODE);
    new Console({ quiet: false, json: false }).result(`saved ${out} ${sealed.length}`, {});
    return EXIT.done;
  });
}

async function readServerKey({ certificate, recipient }: Options): Promise<Uint8Array> {
  if (recipient !== undefined && certificate !== undefined) {
    throw new ExitFault(EXIT.usage, "Cannot use both --certificate and --recipient");
  }
  if (recipient !== undefined) return recipient;
  if (certificate === undefined) {
    throw missing("--certificate", "Or give the server's public key with --recipient");
  }
  return (await loadKey(certificate)).publicKey;
}

function missing(option: string, hint: string): ExitFault {
  return new ExitFault(EXIT.usage, `Missing option ${option}`, hint);
}
