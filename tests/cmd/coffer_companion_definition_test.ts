// `coffer-companion`: its commands on whole definitions, row by row of the tables in their help.

import { assertEquals, assertMatch } from "@std/assert";
import * as args from "../../cmd/coffer-companion/args.ts";
import { compute, openDefinition } from "../../lib/coffer/mod.ts";
import { x25519Node } from "../../lib/coffer/keys/x25519_node.ts";
import { definition, keyPair, utf8 } from "../support/coffer.ts";
import {
  CANARY,
  fetchSecrets,
  idOf,
  onCofferStage,
  smallDefinition,
  testOnCofferStages,
} from "../support/coffer_stage.ts";
import { namesIn } from "../support/folder.ts";
import { testOutcomes } from "../support/outcomes.ts";
import { allCases, keyCases, onSmall, OPEN, openingCases } from "../support/companion_cases.ts";

testOutcomes(args.CHECK, {
  "no errors": {
    "a sealed one": onSmall(["check", "-c", "server.key", "secrets.sealed"]),
    "a plain one with warnings": async (stage) => {
      await stage.write(
        "a.toml",
        `[g.web]\nid = "${idOf("web")}"\nPW = "${CANARY}"\n[g.db]\nid = "${idOf("db")}"\n` +
          `PW = "other"\n"a=b" = 1\n`,
      );
      const ended = await stage.companion(["check", "a.toml"]);
      assertMatch(
        ended.stdout,
        /^a\.toml:6:1: "PW" has another value in line 3, in the same group/,
      );
      assertMatch(ended.stdout, /a\.toml:7:1: .*equals sign/);
      return ended;
    },
  },
  ...allCases(["check", "-c", "server.key", "secrets.sealed"]),
}, testOnCofferStages);

const ENCRYPT = ["encrypt", "-c", "server.key", "-y", "a.toml", "-o", "a.sealed"];

testOutcomes(args.ENCRYPT, {
  "sealed": {
    "with the names of the original": async (stage) => {
      await stage.key("server");
      await stage.write("a.toml", smallDefinition());
      const ended = await stage.companion(ENCRYPT);
      const sealed = await Deno.readFile(stage.at("a.sealed"));
      assertEquals(sealed.length, smallDefinition().length + 48);
      const opened = compute(openDefinition(sealed, keyPair("server")), x25519Node);
      assertEquals(opened.toml, utf8(smallDefinition()));
      return ended;
    },
    "with --recipient and --toml": async (stage) => {
      await stage.write("a.toml", smallDefinition());
      return await stage.companion(
        ["encrypt", "--recipient", idOf("server"), "--toml", "a.toml", "--out", "a.sealed"],
      );
    },
    "with --from": async (stage) => {
      await stage.key("server");
      await stage.key("app");
      await stage.write("a.toml", smallDefinition());
      const ended = await stage.companion([...ENCRYPT, "--from", "app.key"]);
      const sealed = await Deno.readFile(stage.at("a.sealed"));
      const opened = compute(openDefinition(sealed, keyPair("server")), x25519Node);
      assertEquals(opened.origin?.companion, keyPair("app").publicKey);
      return ended;
    },
  },
  ...keyCases(["encrypt", "-c", "server.key", "-y", "a.toml", "-o", "a.sealed"]),
  "definition with errors": {
    "nothing is written": async (stage) => {
      await stage.key("server");
      await stage.write("a.toml", `a = "${CANARY}"\n`);
      const ended = await stage.companion(ENCRYPT);
      assertEquals(namesIn(stage.folder), ["a.toml", "server.key"]);
      return ended;
    },
  },
  "--out names a key file": {
    "the server's own": async (stage) => {
      await stage.key("server");
      await stage.write("a.toml", smallDefinition());
      const ended = await stage.companion([...ENCRYPT.slice(0, -1), "server.key"]);
      assertEquals((await Deno.readFile(stage.at("server.key"))).length, 92);
      return ended;
    },
  },
}, testOnCofferStages);

testOutcomes(args.DECRYPT, {
  "opened": {
    "the project's own sample of 2020": async (stage) => {
      await stage.recorded("project-sample");
      await Deno.rename(await stage.key("project-server"), stage.at("server.key"));
      const ended = await stage.companion(["decrypt", ...OPEN]);
      assertEquals(ended.stdout, definition("project-sample").toml);
      return { ...ended, stdout: "TOML" };
    },
    "into a file": async (stage) => {
      await stage.sealed(smallDefinition());
      const words = ["decrypt", ...OPEN, "-o", "opened.toml"];
      const ended = await stage.companion(words);
      assertEquals(await Deno.readTextFile(stage.at("opened.toml")), smallDefinition());
      assertEquals((Deno.statSync(stage.at("opened.toml")).mode ?? 0) & 0o777, 0o600);
      assertEquals((await stage.companion(words)).code, 1, "not twice without --force");
      assertEquals((await stage.companion([...words, "--force"])).code, 0);
      return { ...ended, stdout: "TOML" };
    },
  },
  ...keyCases(["decrypt", ...OPEN]),
  "definition with errors": {
    "is opened all the same, to be mended; check names them": async (stage) => {
      await stage.sealed(`a = "x"\n`);
      assertEquals((await stage.companion(["decrypt", ...OPEN])).stdout, `a = "x"\n`);
      return await stage.companion(["check", ...OPEN]);
    },
  },
  "definition for another key, or damaged": openingCases(["decrypt", ...OPEN])[
    "definition for another key, or damaged"
  ],
}, testOnCofferStages);

testOutcomes(args.LIST, allCases(["list", ...OPEN]), testOnCofferStages);

testOutcomes(args.GET, {
  "found": {
    "a number": onSmall(["get", "PORT", "--client", "db", ...OPEN], {}, ({ stdout }) => {
      assertEquals(stdout, "5432\n");
    }),
    "by id": onSmall(["get", "PORT", "--client", idOf("db"), "--exact", ...OPEN], {}, (ended) => {
      assertEquals(ended.stdout, "5432");
    }),
  },
  "no such client": { "a typo": onSmall(["get", "PORT", "--client", "bd", ...OPEN]) },
  "no such entry": { "a typo": onSmall(["get", "PROT", "--client", "db", ...OPEN]) },
  ...allCases(["get", "PORT", "--client", "db", ...OPEN]),
}, testOnCofferStages);

testOutcomes(args.DIFF, {
  "different": {
    "names only": async (stage) => {
      await stage.sealed(smallDefinition());
      await stage.write(
        "new.toml",
        `[site]\nid = "${idOf("web")}"\nTOKEN = "new ${CANARY}"\nB = 1\n` +
          `[app]\nid = "${idOf("app")}"\nX = 1\n`,
      );
      const ended = await stage.companion(
        ["diff", "-c", "server.key", "secrets.sealed", "new.toml"],
      );
      assertEquals(ended.stdout, "~ site TOKEN\n+ site B\n+ app\n+ app X\n- db\n");
      return ended;
    },
  },
  ...allCases(["diff", "-c", "server.key", "secrets.sealed", "secrets.sealed"]),
}, testOnCofferStages);

testOutcomes(args.CONVERT, {
  "converted": {
    "sealed, and served": async (stage) => {
      const seed = `[clients]\nweb = "${idOf("web").toLowerCase()}"\n[web]\nTOKEN = "${CANARY}"\n` +
        `N = 7\nF = 1.5\nB = true\n`;
      await stage.sealed(seed);
      const ended = await stage.companion(["convert", ...OPEN, "-o", "original.sealed"]);
      const { toml } = compute(
        openDefinition(await Deno.readFile(stage.at("original.sealed")), keyPair("server")),
        x25519Node,
      );
      const text = new TextDecoder().decode(toml);
      assertMatch(text, new RegExp(`^\\[web\\]\nid = "${idOf("web")}"\n`));
      await Deno.rename(stage.at("original.sealed"), stage.at("secrets.sealed"));
      const { port } = await stage.serve();
      assertEquals([...(await fetchSecrets(port, "web")).keys()], ["TOKEN", "N", "F", "B"]);
      return ended;
    },
    "plain, with a warning": async (stage) => {
      await stage.write("a.toml", `[w]\nid = "${idOf("web").toLowerCase()}"\nA = " x "\n`);
      const ended = await stage.companion(["convert", "a.toml"]);
      assertMatch(ended.stderr, /^a\.toml:3:1: "A": white space/);
      assertEquals(ended.stdout, `[w]\nid = "${idOf("web")}"\nA = " x "\n`);
      return { ...ended, stdout: "saved - -" };
    },
  },
  ...allCases(["convert", ...OPEN, "-o", "original.sealed"]),
}, testOnCofferStages);

Deno.test("coffer-companion convert: what an original server would change or end over is refused at once", () =>
  onCofferStage(async (stage) => {
    await stage.write(
      "a.toml",
      `[w]\nid = "${idOf("web")}"\nD = 2020-01-19\nI = 2147483648\nF = 0.1\nS = "${CANARY}"\n` +
        `[e]\nid = "${idOf("db")}"\n`,
    );
    const ended = await stage.companion(["convert", "a.toml", "-o", "b.toml"]);
    assertEquals(ended.code, 1);
    const places = [...ended.stderr.matchAll(/a\.toml:(\d+):/g)].map(([, line]) => Number(line));
    assertEquals(places, [3, 4, 5, 8]);
    assertEquals(namesIn(stage.folder), ["a.toml"]);
  }));

testOutcomes(args.ROTATE, {
  "sealed again": {
    "to a new key file": onSmall(["rotate", ...OPEN, "--to", "server.key"]),
    "to a public key, elsewhere": onSmall(
      ["rotate", ...OPEN, "--recipient", idOf("stranger"), "-o", "rotated"],
      {},
      async (_, stage) => {
        const sealed = await Deno.readFile(stage.at("rotated"));
        const opened = compute(openDefinition(sealed, keyPair("stranger")), x25519Node);
        assertEquals(opened.toml, utf8(smallDefinition()));
      },
    ),
    "in the form that names the companion": async (stage) => {
      const from = ["--from", await stage.key("app")];
      await stage.sealed(smallDefinition(), "app");
      const words = ["rotate", ...OPEN, "--recipient", idOf("stranger")];
      const without = await stage.companion(words);
      assertEquals(without.code, 2);
      assertMatch(without.stderr, /names the companion/);
      const ended = await stage.companion([...words, ...from]);
      const sealed = await Deno.readFile(stage.at("secrets.sealed"));
      const trust = { companions: [keyPair("app").publicKey] };
      compute(openDefinition(sealed, keyPair("stranger"), trust), x25519Node);
      return ended;
    },
  },
  ...allCases(["rotate", ...OPEN, "--recipient", idOf("stranger")]),
}, testOnCofferStages);

Deno.test("coffer-companion list: clients, names and types, as text and as JSON", () =>
  onCofferStage(async (stage) => {
    await stage.sealed(smallDefinition());
    const text = await stage.companion(["list", ...OPEN]);
    assertEquals(
      text.stdout,
      `web ${idOf("web")}\n  TOKEN String\ndb ${idOf("db")}\n  PORT Integer\n`,
    );
    const json = await stage.companion(["list", "--json", ...OPEN]);
    assertEquals(json.stdout.trim().split("\n").map((line) => JSON.parse(line))[1], {
      client: "db",
      id: idOf("db"),
      entries: [{ key: "PORT", type: "Integer" }],
    });
  }));
