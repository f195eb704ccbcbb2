/**
 * `coffer-companion`: keys and definitions of coffer.
 *
 * @module
 */

import { runnable, runProgram } from "../../lib/cli/mod.ts";
import * as args from "./args.ts";

const status = await runProgram({
  name: "coffer-companion",
  summary: "make keys; seal, open, check and change definitions",
  commands: [
    runnable(args.CERTIFICATE, async () => (await import("./keys.ts")).makeCertificate),
    runnable(args.ID, async () => (await import("./keys.ts")).showId),
    runnable(args.INFO, async () => (await import("./keys.ts")).showKeys),
    runnable(args.CHECK, async () => (await import("./check.ts")).check),
    runnable(args.ENCRYPT, async () => (await import("./encrypt.ts")).encrypt),
    runnable(args.DECRYPT, async () => (await import("./decrypt.ts")).decrypt),
    runnable(args.LIST, async () => (await import("./list.ts")).list),
    runnable(args.GET, async () => (await import("./get.ts")).get),
    runnable(args.SET, async () => (await import("./set.ts")).set),
    runnable(args.UNSET, async () => (await import("./set.ts")).unset),
    runnable(args.EDIT, async () => (await import("./edit.ts")).edit),
    runnable(args.DIFF, async () => (await import("./diff.ts")).diff),
    runnable(args.CONVERT, async () => (await import("./convert.ts")).convert),
    runnable(args.ROTATE, async () => (await import("./rotate.ts")).rotate),
  ],
  examples: [
    ["A key for the server, and one for a client", "coffer-companion certificate server.key"],
    ["What to write into the definition", "coffer-companion id web.key"],
    [
      "Seal a definition for the server",
      "coffer-companion encrypt -c server.key -y secrets.toml -o secrets.sealed",
    ],
    [
      "Change one value in it",
      "coffer-companion set DB_PASSWORD --client web -c server.key -s secrets.sealed",
    ],
  ],
}, Deno.args);
Deno.exit(status);
