// `triba check` as its users run it: lists, reports, exit statuses; our backend and our core pass it.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { CHECK } from "../../cmd/triba/args/check.ts";
import { BACKEND_POINTS } from "../../cmd/triba/check/backend/points.ts";
import { CORE_POINTS } from "../../cmd/triba/check/core/points.ts";
import { type CoreStage, onCoreStage, testOnCoreStages } from "../support/core_stage.ts";
import { testOutcomes } from "../support/outcomes.ts";
import type { Ended } from "../support/program.ts";
import { tribaCommand } from "../support/triba_backend_stage.ts";
import { checkBackend, checkCore, describeFailures, idsOf } from "../support/triba_check.ts";

const ECHO = tribaCommand("echo", "{id}", "--delay", "0");
/** What programs that run from source need of their environment. */
const SURROUNDINGS = Object.entries({ DENO_DIR: Deno.env.get("DENO_DIR"), NO_COLOR: "1" })
  .flatMap(([name, value]) => value === undefined ? [] : ["--env", `${name}=${value}`]);

/** Runs a check of our own backend, or of what follows. */
async function check(
  stage: CoreStage,
  args: readonly string[],
  command: readonly string[] = ECHO,
): Promise<Ended> {
  return await stage.run(["check", ...SURROUNDINGS, ...args, "--", ...command]);
}

/** Our backend, which then cannot find its socket in this way. */
const WITHOUT_RUNTIME_FOLDER = ["sh", "-c", 'unset XDG_RUNTIME_DIR; exec "$@"', "sh", ...ECHO];

testOutcomes<typeof CHECK, CoreStage>(CHECK, {
  "every must holds": {
    "of some": (stage) => check(stage, ["--only", "H01", "--only", "H03"]),
  },
  "a must fails, or cannot be found out": {
    "it ends at once": (stage) => check(stage, ["--only", "H01"], ["false"]),
    "of one that needs another": (stage) => check(stage, ["--only", "P03"], ["false"]),
  },
  "a should fails": {
    "of our own": (stage) => check(stage, ["--only", "I06"], WITHOUT_RUNTIME_FOLDER),
  },
  "a should fails, with --strict": {
    "of our own": (stage) => check(stage, ["--only", "I06", "--strict"], WITHOUT_RUNTIME_FOLDER),
  },
  "the program under test hangs": {
    "before it connects": (stage) =>
      check(stage, ["--only", "H01", "--timeout", "0.3"], ["sh", "-c", "sleep 60"]),
  },
  "no such point": {
    "for backends": (stage) => check(stage, ["--only", "Z"]),
    "no beginning": (stage) => check(stage, ["--only", "H0"]),
    "for cores": (stage) => check(stage, ["--core", "--only", "X76"], ["true", "{backend}"]),
  },
  "no command": { "at all": (stage) => stage.run(["check"]) },
  "a core without a place for its backend": {
    "at all": (stage) => check(stage, ["--core"], ["true"]),
  },
  "the command is not there": {
    "a name": (stage) => check(stage, [], ["triba-check-no-such-command"]),
    "a core": (stage) => check(stage, ["--core"], ["triba-check-no-such-command", "{backend}"]),
  },
  "it cannot be run": { "a file": async (stage) => check(stage, [], [await stage.write("x", "")]) },
  "the report cannot be written": {
    "no such folder": (stage) =>
      check(stage, ["--only", "H01", "--junit", "nowhere/report.xml"], ["false"]),
  },
  "SIGINT, SIGTERM": {
    SIGINT: (stage) => interrupt(stage, "SIGINT"),
    SIGTERM: (stage) => interrupt(stage, "SIGTERM"),
  },
}, testOnCoreStages);

async function interrupt(stage: CoreStage, signal: "SIGINT" | "SIGTERM"): Promise<Ended> {
  const started = stage.at("started");
  const command = ["sh", "-c", 'echo $$ >"$0"; sleep 60', started];
  const program = stage.start(["check", "--timeout", "60", "--only", "H01", "--", ...command]);
  let pid = "";
  while (!pid.endsWith("\n")) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    pid = await Deno.readTextFile(started).catch(() => "");
  }
  program.kill(signal);
  const ended = await program.ended();
  assert(!isRunning(Number(pid)), "the program under test outlives its checker");
  return ended;
}

function isRunning(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(Deno.readTextFileSync(`/proc/${pid}/stat`));
  } catch {
    return false;
  }
}

Deno.test("triba check: each point has an id of its own, sections, and what it needs", () => {
  for (const points of [BACKEND_POINTS, CORE_POINTS]) {
    const ids: string[] = points.map(({ id }) => id);
    assertEquals(ids.length, new Set(ids).size);
    for (const { id, section, title, advice, needs } of points) {
      assertMatch(id, /^[A-Z][0-9]{2}(\.[0-9]+)?$/);
      assertMatch(section, /^[0-9]/);
      assert(title !== "" && advice !== "");
      assert(needs === undefined || ids.includes(needs), `${id} needs ${needs}`);
    }
  }
});

Deno.test("triba check --list: shows all points, or those that begin so, as text and as JSON", async () => {
  await onCoreStage(async (stage) => {
    const all = await stage.run(["check", "--list"]);
    assertEquals(all.code, 0);
    const ids = all.stdout.trim().split("\n").map((line) => line.split(" ")[0]);
    assertEquals(ids, BACKEND_POINTS.map(({ id }) => id));
    const some = await stage.run(["check", "--core", "--list", "--json", "--only", "F07"]);
    const objects = some.stdout.trim().split("\n").map((line) => JSON.parse(line));
    assertEquals(objects.map(({ id }) => id), ["F07.4", "F07.1", "F07.2", "F07.3"]);
    assertEquals(Object.keys(objects[0]), ["id", "level", "section", "title"]);
  });
});

Deno.test("triba check --json: one object for each point and one for the summary", async () => {
  await onCoreStage(async (stage) => {
    const { code, stdout } = await check(stage, ["--json", "--only", "H03", "--only", "I06"], [
      ...WITHOUT_RUNTIME_FOLDER,
    ]);
    assertEquals(code, 0);
    const objects = stdout.trim().split("\n").map((line) => JSON.parse(line));
    assertEquals(objects.length, 3);
    const [failed, passed, { summary }] = objects;
    assertEquals([failed.id, failed.level, failed.result], ["I06", "should", "fail"]);
    assertMatch(failed.seen, /^no connection; the process exited with 69/);
    assertEquals([passed.id, passed.result], ["H03", "pass"]);
    assertEquals(summary.ok, true);
    assertEquals(summary.levels.should, { pass: 0, fail: 1, blocked: 0, skip: 0 });
  });
});

Deno.test("triba check --junit: well-formed, and failed exactly where the status says so", async () => {
  await onCoreStage(async (stage) => {
    const path = stage.at("report.xml");
    const loud = ["sh", "-c", "echo '<&>\"' >&2; exit 3"];
    const args = ["--only", "H01", "--only", "I06", "--junit"];
    const { code } = await check(stage, [...args, path], loud);
    assertEquals(code, 1);
    const xml = await Deno.readTextFile(path);
    assertEquals(countTags(xml), {
      testsuites: 1,
      testsuite: 1,
      testcase: 2,
      failure: 1,
      skipped: 1,
    });
    assertMatch(xml, /<testsuite [^>]*tests="2" failures="1" errors="0" skipped="1"/);
    assertMatch(xml, /its last line is &quot;&lt;&amp;&gt;\\&quot;&quot;/);
    const piped = await check(stage, [...args, "-"], loud);
    assertMatch(piped.stdout, /^<\?xml [^\n]*\n<testsuites [^]*<\/testsuites>\n$/);
  });
});

/** Counts elements; fails unless each is closed in its turn and all other text is escaped. */
function countTags(xml: string): Record<string, number> {
  const counts: Record<string, number> = {};
  const open: string[] = [];
  const body = xml.replace(/^<\?xml version="1\.0" encoding="UTF-8"\?>\n/, "");
  const rest = body.replace(
    /<(\/?)([a-z]+)((?: [a-z]+="[^"<>]*")*)(\/?)>/g,
    (_, end: string, name: string, _attributes: string, empty: string) => {
      if (end !== "") {
        assertEquals(open.pop(), name);
        return "";
      }
      counts[name] = (counts[name] ?? 0) + 1;
      if (empty === "") open.push(name);
      return "";
    },
  );
  assertEquals(open, []);
  assert(!/[<>]/.test(rest), `not escaped: ${rest}`);
  assert(!/&(?!(?:amp|lt|gt|quot|#10);)/.test(xml), "an & that is none");
  return counts;
}

Deno.test("triba check: puts the id behind the command, or in each place that is named for it", async () => {
  await onCoreStage(async (stage) => {
    const told = stage.at("told");
    const tell = ["sh", "-c", 'printf "%s\\n" "$@" >"$0"', told];
    for (const [words, shape] of [[["a"], "a I"], [["--id={id}", "a"], "--id=I a"]] as const) {
      await check(stage, ["--only", "H01", "--handshake", "plain"], [...tell, ...words]);
      const lines = (await Deno.readTextFile(told)).trim().split("\n").join(" ");
      assertEquals(lines.replace(/[A-Za-z0-9+/]{22}==/, "I"), shape);
    }
  });
});

Deno.test("triba check: triba echo holds at every point", async () => {
  const verdicts = await checkBackend(ECHO, { room: "lobby", patienceMs: 20_000 });
  assertEquals(describeFailures(verdicts), "");
  // Deno 2.6 has no abstract sockets.
  assertEquals(idsOf(verdicts, "skip").filter((id) => id !== "I07"), []);
});

/** Starts our core with the checker's backend in its configuration. */
function ourCore(...lines: readonly string[]): string[] {
  const config = ["[backends.check]", 'command = ["%s"]', "start_timeout = 30", ...lines]
    .map((line) => `${line}\\n`).join("");
  const script = `printf '${config}' "$1" >"$2/t.toml"; folder=$2; shift 2; exec "$@" ` +
    `--config "$folder/t.toml" --state "$folder" --json`;
  return ["sh", "-c", script, "sh", "{backend}", "{folder}", ...tribaCommand("core")];
}

Deno.test("triba check --core: triba core holds at every must, and where its backends end", async () => {
  const must = CORE_POINTS.filter(({ level }) => level === "must").map(({ id }) => id);
  const verdicts = await checkCore(ourCore(), {
    only: [...must, "A", "F09.1", "F17", "L02", "R01"],
    patienceMs: 20_000,
  });
  assertEquals(describeFailures(verdicts), "");
});

Deno.test("triba check --core: triba core seals what it demands to be sealed", async () => {
  const verdicts = await checkCore(ourCore('seal = "require"'), {
    only: ["S"],
    patienceMs: 20_000,
  });
  assertEquals(describeFailures(verdicts), "");
  assertEquals(verdicts.filter(({ result }) => result === "skip"), []);
});
