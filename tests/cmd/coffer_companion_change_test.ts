// `coffer-companion`: its commands that change definitions, row by row of the tables in their help.

import { assertEquals, assertMatch } from "@std/assert";
import * as args from "../../cmd/coffer-companion/args.ts";
import {
  CANARY,
  type CofferStage,
  idOf,
  smallDefinition,
  testOnCofferStages,
} from "../support/coffer_stage.ts";
import { namesIn } from "../support/folder.ts";
import { testOutcomes } from "../support/outcomes.ts";
import type { Ended } from "../support/program.ts";
import { until } from "../support/within.ts";
import { allCases, type Case, entriesOf, onSmall, OPEN } from "../support/companion_cases.ts";

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
