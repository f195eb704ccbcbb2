// The environment names of coffer's options: those of the original programs stay, every new option
// has COFFER_ and its own name (specification 14.6), and each may be read.

import { assert, assertEquals } from "@std/assert";
import { CLIENT } from "../../cmd/coffer-client/args.ts";
import * as companion from "../../cmd/coffer-companion/args.ts";
import { SERVER } from "../../cmd/coffer-server/args.ts";
import { type Command, longName } from "../../lib/cli/mod.ts";
import { programFlags } from "../support/program.ts";

/** What the original programs read; null: an option of theirs that has no variable. */
const ORIGINAL: Readonly<Record<string, string | null>> = {
  "coffer-server --certificate": "COFFER_SERVER_CERTIFICATE",
  "coffer-server --secrets": "COFFER_SERVER_SECRETS",
  "coffer-server --address": "COFFER_SERVER_ADDRESS",
  "coffer-client --server-address": "COFFER_SERVER_ADDRESS",
  "coffer-client --certificate": "COFFER_CLIENT_CERTIFICATE",
  "coffer-companion --yaml": null,
  "coffer-companion --out": null,
};

const COMMANDS: readonly Command[] = [SERVER, CLIENT, ...Object.values(companion)];

/** The variables that a program may read; undefined: all. */
function readable(program: string): string[] | undefined {
  const flag = programFlags(program).find((word) => word.startsWith("--allow-env"));
  return flag?.split("=")[1]?.split(",");
}

for (const { name, options } of COMMANDS) {
  Deno.test(`${name}: every option has the variable that the specification names`, () => {
    const [program = ""] = name.split(" ");
    const mayRead = readable(program);
    for (const [key, option] of Object.entries(options)) {
      const long = longName(key);
      const own = `COFFER_${long.toUpperCase().replaceAll("-", "_")}`;
      const original = ORIGINAL[`${program} --${long}`];
      assertEquals(option.env ?? null, original === undefined ? own : original, `--${long}`);
      assert(option.env === undefined || mayRead?.includes(option.env) !== false, option.env);
    }
  });
}
