/**
 * `coffer-companion edit`.
 *
 * @module
 */

import {
  confirm,
  Console,
  EXIT,
  ExitFault,
  LineInput,
  type OptionValues,
} from "../../lib/cli/mod.ts";
import { CofferFault } from "../../lib/coffer/mod.ts";
import type { EDIT } from "./args.ts";
import { withExitFaults } from "./faults.ts";
import { PrivateFolder, runEditor } from "./editor.ts";
import {
  companionFor,
  loadSource,
  openSource,
  readFile,
  saveSource,
  type Source,
} from "./source.ts";

/** What editors tell the syntax by. */
const FILE_NAME = "definition.toml";

/** Opens a definition in an editor until it has no errors, then seals it again. */
export function edit(options: OptionValues<typeof EDIT.options>): Promise<number> {
  return withExitFaults(async () => {
    const source = await openSource(options);
    await companionFor(source, options.from); // before anything is typed
    using folder = await PrivateFolder.create(FILE_NAME, source.toml);
    const toml = await editUntilRight(source, `${folder.path}/${FILE_NAME}`);
    const console = new Console({ quiet: false, json: false });
    if (toml.length === source.toml.length && toml.every((byte, at) => byte === source.toml[at])) {
      console.note("Nothing has changed");
      return EXIT.done;
    }
    const size = await saveSource(source, toml, options.from);
    console.result(`saved ${source.path} ${size}`, {});
    return EXIT.done;
  });
}

async function editUntilRight(source: Source, file: string): Promise<Uint8Array> {
  const console = new Console({ quiet: false, json: false });
  while (true) {
    await runEditor(file);
    const toml = await readFile(file);
    try {
      await loadSource(source, toml);
      return toml;
    } catch (error) {
      if (!(error instanceof CofferFault)) throw error;
      if (!Deno.stdin.isTerminal()) throw error;
      console.error(error.message);
      if (await confirm(console, new LineInput(), "Go on editing?")) continue;
      throw new ExitFault(EXIT.failed, `Nothing was written to "${source.path}"`);
    }
  }
}
