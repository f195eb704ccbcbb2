// `coffer-companion`: its commands on key files, row by row of the tables in their help; usage.

import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { decodeHex } from "@std/encoding/hex";
import * as args from "../../cmd/coffer-companion/args.ts";
import { compute, decodeKeyFile } from "../../lib/coffer/mod.ts";
import { x25519Node } from "../../lib/coffer/keys/x25519_node.ts";
import { type CertificateVectors, readVectors } from "../support/coffer.ts";
import {
  idOf,
  onCofferStage,
  smallDefinition,
  testOnCofferStages,
} from "../support/coffer_stage.ts";
import { namesIn } from "../support/folder.ts";
import { testOutcomes } from "../support/outcomes.ts";
import { HAS_TERMINALS } from "../support/program.ts";
import { keyCases, OPEN } from "../support/companion_cases.ts";

testOutcomes(args.CERTIFICATE, {
  "written": {
    "a new key": async (stage) => {
      const ended = await stage.companion(["certificate", "new.key"]);
      const file = await Deno.readFile(stage.at("new.key"));
      assertEquals([file.length, (Deno.statSync(stage.at("new.key")).mode ?? 0) & 0o777], [
        92,
        0o600,
      ]);
      compute(decodeKeyFile(file), x25519Node);
      const id = await stage.companion(["id", "new.key"]);
      assertEquals(ended.stdout, `saved new.key ${id.stdout}`);
      return ended;
    },
    "another one with --force": async (stage) => {
      const before = await Deno.readFile(await stage.key("web", 0o644));
      const ended = await stage.companion(["certificate", "--force", "web.key"]);
      assertNotEquals(await Deno.readFile(stage.at("web.key")), before);
      assertEquals((Deno.statSync(stage.at("web.key")).mode ?? 0) & 0o777, 0o600);
      return ended;
    },
  },
  "the file exists": {
    "a key": async (stage) => {
      const before = await Deno.readFile(await stage.key("web"));
      const ended = await stage.companion(["certificate", "web.key"]);
      assertEquals(await Deno.readFile(stage.at("web.key")), before);
      return ended;
    },
  },
}, testOnCofferStages);

testOutcomes(args.ID, keyCases(["id", "server.key"]), testOnCofferStages);

testOutcomes(args.INFO, keyCases(["info", "server.key"]), testOnCofferStages);

Deno.test("coffer-companion id: every recorded key file, and every variant, with its outcome", () =>
  onCofferStage(async (stage) => {
    const { certificates, readerVariants } = readVectors<CertificateVectors>("certificates.json");
    for (const { name, fileHex, id } of certificates.slice(0, 2)) {
      await stage.write(`${name}.key`, decodeHex(fileHex));
      assertEquals((await stage.companion(["id", `${name}.key`])).stdout, `${id}\n`);
    }
    const ourRefusals = ["array", "index-keys", "int-array", "mismatch"];
    const refused = readerVariants.filter(({ id }) => ourRefusals.includes(id));
    assertEquals(refused.length, ourRefusals.length);
    for (const { id, fileHex } of refused) {
      await stage.write("variant.key", decodeHex(fileHex));
      assertEquals((await stage.companion(["id", "variant.key"])).code, 1, id);
    }
  }));

Deno.test("coffer-companion info: as the original prints it; on a terminal the secret key only when asked for", () =>
  onCofferStage(async (stage) => {
    await stage.key("web");
    const [publicKey, secretKey] = [idOf("web"), /^Secret Key: [0-9A-F]{64}\r?$/m];
    const piped = await stage.companion(["info", "web.key"]);
    assertMatch(piped.stdout, new RegExp(`^Public Key: ${publicKey}\nSecret Key: `));
    if (!HAS_TERMINALS) return;
    const shown = await stage.companion(["info", "web.key"], { terminal: true });
    assertMatch(shown.stdout, new RegExp(`Public Key: ${publicKey}`));
    assert(!secretKey.test(shown.stdout));
    const asked = await stage.companion(["info", "--show-secret", "web.key"], { terminal: true });
    assertMatch(asked.stdout, secretKey);
  }));

Deno.test("coffer-companion: usage faults end with 2 and touch nothing", () =>
  onCofferStage(async (stage) => {
    await stage.sealed(smallDefinition());
    const before = await Deno.readFile(stage.at("secrets.sealed"));
    const lines: readonly (readonly string[])[] = [
      [],
      ["frobnicate"],
      ["set", ...OPEN],
      ["set", "A", ...OPEN],
      ["get", "A", "-s", "secrets.sealed", "--client", "web"],
      ["encrypt", "-y", "definition.toml", "-o", "x"],
      ["rotate", ...OPEN],
      ["convert", ...OPEN],
      ["list"],
      ["edit", "--certificate"],
    ];
    for (const words of lines) {
      const ended = await stage.companion(words);
      assertEquals([ended.code, ended.stdout], [2, ""], words.join(" "));
    }
    assertEquals(await Deno.readFile(stage.at("secrets.sealed")), before);
    assertEquals(namesIn(stage.folder), ["secrets.sealed", "server.key"]);
  }));
