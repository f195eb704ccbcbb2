// What the tests of the commands of `coffer-companion` share: rows that all tables have.

import { assert, assertMatch } from "@std/assert";
import { compute, loadDefinition, openDefinition, secretsOf } from "../../lib/coffer/mod.ts";
import { x25519Node } from "../../lib/coffer/keys/x25519_node.ts";
import { keyPair } from "./coffer.ts";
import { CANARY, type CofferStage, smallDefinition } from "./coffer_stage.ts";
import type { Variant } from "./outcomes.ts";
import type { Ended, StartOptions } from "./program.ts";

export type Case = Variant<CofferStage>;

export const OPEN = ["-c", "server.key", "-s", "secrets.sealed"];

/** For `edit`, which opens what has errors, to be mended. */
const QUIET_EDITOR = { env: { EDITOR: "true" } };

/** The rows that all commands on a key file or a sealed definition share. */
export function keyCases(words: readonly string[]) {
  return {
    "file missing or unreadable": {
      "missing": (stage: CofferStage) => stage.companion(words, QUIET_EDITOR),
    },
    "key file writable by others": {
      "by all": async (stage: CofferStage) => {
        await stage.sealed(smallDefinition());
        await stage.key("server", 0o606);
        return await stage.companion(words, QUIET_EDITOR);
      },
    },
    "key file damaged, halves that do not match": {
      "every variant that ours refuses": async (stage: CofferStage) => {
        await stage.sealed(smallDefinition());
        await stage.write("server.key", "no key file");
        return await stage.companion(words, QUIET_EDITOR);
      },
    },
  } as const;
}

/** The rows that all commands on a definition share, beside those. */
export function openingCases(words: readonly string[]) {
  return {
    "definition with errors": {
      "two at once": async (stage: CofferStage) => {
        await stage.sealed(`a = "${CANARY}"\n[b]\nid = "${CANARY}"\n`);
        const ended = await stage.companion(words, QUIET_EDITOR);
        assertMatch(ended.stderr, /secrets\.sealed:1:1: .*\n.*secrets\.sealed:3:6: /);
        return ended;
      },
    },
    "definition for another key, or damaged": {
      "another key": async (stage: CofferStage) => {
        await stage.sealed(smallDefinition());
        await Deno.rename(await stage.key("stranger"), stage.at("server.key"));
        return await stage.companion(words, QUIET_EDITOR);
      },
    },
  } as const;
}

export function allCases(words: readonly string[]) {
  return { ...keyCases(words), ...openingCases(words) };
}

/** Runs a command on the small definition, sealed. */
export function onSmall(
  words: readonly string[],
  options: StartOptions = {},
  check: (ended: Ended, stage: CofferStage) => void | Promise<void> = () => {},
): Case {
  return async (stage) => {
    await stage.sealed(smallDefinition());
    const ended = await stage.companion(words, options);
    await check(ended, stage);
    return ended;
  };
}

/** The entries of a client in a sealed file. */
export async function entriesOf(stage: CofferStage, name: string, file = "secrets.sealed") {
  const sealed = await Deno.readFile(stage.at(file));
  const { toml } = compute(openDefinition(sealed, keyPair("server")), x25519Node);
  const client = loadDefinition(toml).clients.find(({ path }) => path.join(".") === name);
  assert(client !== undefined, `there is ${name}`);
  return secretsOf(client);
}
