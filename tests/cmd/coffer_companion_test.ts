// `coffer-companion`: what can happen to each command, row by row of the table in its help, and what
// the commands do to files.

import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { decodeHex } from "@std/encoding/hex";
import * as args from "../../cmd/coffer-companion/args.ts";
import {
  compute,
  decodeKeyFile,
  loadDefinition,
  openDefinition,
  secretsOf,
} from "../../lib/coffer/mod.ts";
import { x25519Node } from "../../lib/coffer/keys/x25519_node.ts";
import {
  type CertificateVectors,
  definition,
  keyPair,
  readVectors,
  utf8,
} from "../support/coffer.ts";
import {
  CANARY,
  type CofferStage,
  fetchSecrets,
  idOf,
  onCofferStage,
  smallDefinition,
  testOnCofferStages,
} from "../support/coffer_stage.ts";
import { namesIn } from "../support/folder.ts";
import { testOutcomes, type Variant } from "../support/outcomes.ts";
import { type Ended, HAS_TERMINALS, type StartOptions } from "../support/program.ts";
import { until } from "../support/within.ts";

type Case = Variant<CofferStage>;

const OPEN = ["-c", "server.key", "-s", "secrets.sealed"];

/** For `edit`, which opens what has errors, to be mended. */
const QUIET_EDITOR = { env: { EDITOR: "true" } };

/** The rows that all commands on a key file or a sealed definition share. */
function keyCases(words: readonly string[]) {
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
function openingCases(words: readonly string[]) {
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

function allCases(words: readonly string[]) {
  return { ...keyCases(words), ...openingCases(words) };
}

/** Runs a command on the small definition, sealed. */
function onSmall(
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

/** The entries of a client in a sealed file. */
async function entriesOf(stage: CofferStage, name: string, file = "secrets.sealed") {
  const sealed = await Deno.readFile(stage.at(file));
  const { toml } = compute(openDefinition(sealed, keyPair("server")), x25519Node);
  const client = loadDefinition(toml).clients.find(({ path }) => path.join(".") === name);
  assert(client !== undefined, `there is ${name}`);
  return secretsOf(client);
}

testOutcomes(args.SET, {
  "set": {
    "for two clients, one of which has it": onSmall(
      ["set", "TOKEN", "--client", "web", "--client", "db", ...OPEN],
      { stdin: `${CANARY} 2\n` },
      async (ended, stage) => {
        assertEquals(ended.stdout, "set TOKEN for web\nset TOKEN for db\n");
        for (const name of ["web", "db"]) {
          const value = (await entriesOf(stage, name)).get("TOKEN");
          assertEquals(value, { type: "String", value: `${CANARY} 2` });
        }
      },
    ),
    "several lines are kept": onSmall(
      ["set", "PEM", "--client", "web", ...OPEN],
      { stdin: "-----BEGIN\nabc\n" },
      async (_, stage) => {
        assertEquals((await entriesOf(stage, "web")).get("PEM")?.value, "-----BEGIN\nabc\n");
      },
    ),
    "one line as it is": onSmall(
      ["set", "LINE", "--client", "web", "--exact", ...OPEN],
      { stdin: "abc\n" },
      async (_, stage) => {
        assertEquals((await entriesOf(stage, "web")).get("LINE")?.value, "abc\n");
      },
    ),
    "a date, in a plain file with comments": async (stage) => {
      const toml = `# ours\n[web] # the site\nid = "${idOf("web")}"\nA = 1 # one\n`;
      await stage.write("a.toml", toml);
      const words = ["set", "SINCE", "--type", "Date", "-s", "a.toml"];
      const ended = await stage.companion(words, { stdin: "2020-01-19\n" });
      assertEquals(await Deno.readTextFile(stage.at("a.toml")), `${toml}SINCE = 2020-01-19\n`);
      return ended;
    },
  },
  "no such client": {
    "a typo": onSmall(["set", "A", "--client", "bd", ...OPEN], { stdin: CANARY }),
  },
  "value of another type": {
    "a text for a number": onSmall(
      ["set", "A", "--client", "db", "--type", "Integer", ...OPEN],
      { stdin: `"${CANARY}"` },
    ),
  },
  ...allCases(["set", "A", "--client", "db", ...OPEN]),
}, testOnCofferStages);

testOutcomes(args.UNSET, {
  "taken away": {
    "one of one": onSmall(["unset", "PORT", "--client", "db", ...OPEN], {}, async (_, stage) => {
      assertEquals((await entriesOf(stage, "db")).size, 0);
      assertEquals((await entriesOf(stage, "web")).size, 1);
    }),
  },
  "no such client": { "a typo": onSmall(["unset", "PORT", "--client", "bd", ...OPEN]) },
  "no such entry": { "a typo": onSmall(["unset", "PROT", "--client", "db", ...OPEN]) },
  ...allCases(["unset", "A", "--client", "db", ...OPEN]),
}, testOnCofferStages);

/** Runs edit with this editor; afterwards neither the folder nor the definition may be left. */
function editing(
  editor: string,
  check: (ended: Ended, stage: CofferStage) => void | Promise<void> = () => {},
  isKept = true,
): Case {
  return async (stage) => {
    await stage.sealed(smallDefinition());
    const before = await Deno.readFile(stage.at("secrets.sealed"));
    await Deno.mkdir(stage.at("runtime"));
    const ended = await stage.companion(["edit", ...OPEN], {
      env: { EDITOR: editor, XDG_RUNTIME_DIR: stage.at("runtime"), PATH: "/usr/bin:/bin" },
    });
    assertEquals(namesIn(stage.at("runtime")), [], "the folder is gone");
    if (isKept) assertEquals(await Deno.readFile(stage.at("secrets.sealed")), before);
    await check(ended, stage);
    return ended;
  };
}

/** Ends the companion while the editor waits. */
function signalled(signal: Deno.Signal): Case {
  return async (stage) => {
    await stage.sealed(smallDefinition());
    const before = await Deno.readFile(stage.at("secrets.sealed"));
    await Deno.mkdir(stage.at("runtime"));
    const started = stage.at("started");
    const program = stage.start("coffer-companion", ["edit", ...OPEN], {
      env: {
        VISUAL: `sh -c 'stat -c %a-%n "$1" > "${started}"; exec sleep 60' sh`,
        XDG_RUNTIME_DIR: stage.at("runtime"),
        PATH: "/usr/bin:/bin",
      },
    });
    await until(() => {
      try {
        return Deno.readTextFileSync(started).endsWith("\n");
      } catch {
        return false; // not yet
      }
    }, "the editor");
    const [mode, path = ""] = Deno.readTextFileSync(started).trim().split("-/");
    assertEquals(mode, "600");
    assertEquals((Deno.statSync(`/${path}`.replace(/\/[^/]*$/, "")).mode ?? 0) & 0o777, 0o700);
    program.kill(signal);
    const ended = await program.ended();
    assertEquals(namesIn(stage.at("runtime")), []);
    assertEquals(await Deno.readFile(stage.at("secrets.sealed")), before);
    return ended;
  };
}

testOutcomes(args.EDIT, {
  "saved": {
    "one value changed": editing("sed -i s/5432/5433/", async (_, stage) => {
      assertEquals((await entriesOf(stage, "db")).get("PORT")?.value, 5433n);
    }, false),
  },
  "nothing changed": { "true": editing("true") },
  "editor fails or is killed": {
    "killed": editing("sh -c 'kill -KILL $$'", ({ stderr }) => {
      assertMatch(stderr, /it was killed by SIGKILL/);
    }),
    "after it has written": editing("sh -c 'echo x >> \"$1\"; kill -TERM $$' sh"),
    "status 1": editing("false"),
    "not there": editing("/no/such/editor"),
  },
  "errors in what was written": {
    "the definition stays": editing("sed -i s/PORT/=/"),
  },
  ...allCases(["edit", ...OPEN]),
  "SIGTERM, SIGHUP": { "SIGTERM": signalled("SIGTERM"), "SIGHUP": signalled("SIGHUP") },
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
