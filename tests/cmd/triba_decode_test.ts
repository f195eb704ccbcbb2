// `triba decode`, and the files of a traced core.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { encodeHex } from "@std/encoding/hex";
import { DECODE } from "../../cmd/triba/args/decode.ts";
import { TraceFiles } from "../../cmd/triba/core/trace_files.ts";
import { type BackendSpec, Core, type TraceRecord } from "../../lib/triba/core/mod.ts";
import { TraceDecoder } from "../../lib/triba/trace/mod.ts";
import { modeOf, namesIn } from "../support/folder.ts";
import { testOutcomes } from "../support/outcomes.ts";
import type { Ended } from "../support/program.ts";
import { TestLog } from "../support/test_log.ts";
import {
  type BackendStage,
  onBackendStage,
  testOnBackendStages,
  tribaCommand,
} from "../support/triba_backend_stage.ts";
import { until, within } from "../support/within.ts";

/** Runs echo once under a traced core; the files that this leaves, and all keys in them. */
async function record(
  stage: BackendStage,
  sealed: boolean,
): Promise<{ files: string[]; keys: string[]; log: TestLog }> {
  const folder = `${stage.folder}/traces`;
  const log = new TestLog();
  const keys: string[] = [];
  const note = (record: TraceRecord) => {
    if (record.type === "key") keys.push(encodeHex(record.packetKey));
    if (record.type === "admitted" && record.spawnSecret) keys.push(encodeHex(record.spawnSecret));
  };
  using traces = await TraceFiles.open(folder, log);
  await using core = await Core.open({
    agent: "test/1",
    stateFolder: `${stage.folder}/state`,
    environment: Deno.env.toObject(),
    socket: { temporaryFolder: stage.folder },
    trace: (record) => {
      note(record);
      traces.trace(record);
    },
  });
  const spec: BackendSpec = {
    name: "echo",
    command: tribaCommand("echo"),
    arguments: ["--delay", "0"],
    environment: {},
    byteOrder: "big",
    form: "compact",
    handshake: "versioned",
    seal: sealed ? "require" : "off",
    firstId: 0,
    connectMs: 10_000,
  };
  await core.apply([spec]);
  await until(() => core.backends()[0]?.state === "open", "the session");
  await core.request("echo", { type: "Login", account: "ann", secret: "s3cret-of-ann" });
  await core.request("echo", { type: "JoinRoom", room: "attic" });
  await core.close();
  return { files: namesIn(folder).map((name) => `${folder}/${name}`), keys, log };
}

function decode(stage: BackendStage, args: readonly string[], stdin?: Uint8Array): Promise<Ended> {
  return stage.start(["decode", ...args], stdin === undefined ? {} : { stdin }).ended();
}

/** A file that ends early or was damaged. */
async function damage(
  stage: BackendStage,
  change: (bytes: Uint8Array) => Uint8Array,
): Promise<string> {
  const { files: [file = ""] } = await record(stage, false);
  await Deno.writeFile(file, change(await Deno.readFile(file)));
  return file;
}

Deno.test("triba core --trace and triba decode: all that was said, and no secret", async (t) => {
  for (const sealed of [false, true]) {
    await t.step(sealed ? "sealed-1" : "plain", () =>
      onBackendStage(async (stage) => {
        const { files, keys, log } = await record(stage, sealed);
        assertEquals(files.length, 1);
        const [file = ""] = files;
        assertMatch(file, /\/\d{8}T\d{6}\.\d{3}Z-1-echo\.triba-trace$/);
        assertEquals([modeOf(file), modeOf(`${stage.folder}/traces`)], [0o600, 0o700]);
        assert(log.lines[0]?.startsWith("warn: Traces hold keys"));
        const text = await decode(stage, [file]);
        assertEquals([text.code, text.stderr], [0, ""]);
        assertMatch(text.stdout, /- backend "echo", process \d+\n/);
        assertMatch(text.stdout, /core>backend request \d+ \{"type":"JoinRoom","room":"attic"\}/);
        assertMatch(text.stdout, /- ended as agreed\n$/);
        assertEquals(text.stdout.includes("keys of sealed-1"), sealed);
        const json = await decode(stage, ["--json", "-"], await Deno.readFile(file));
        const objects = json.stdout.trim().split("\n").map((line) => JSON.parse(line));
        const login = objects.find((object) => object.body?.type === "Login");
        assertEquals(login.body, { type: "Login", account: "ann", secret: "***" });
        assertEquals(keys.length, sealed ? 2 : 1);
        for (const secret of [...keys, "s3cret-of-ann"]) {
          assert(!`${text.stdout}${json.stdout}`.includes(secret), "a secret is shown");
        }
      }));
  }
});

Deno.test("triba core --trace: a warning first, and a file for each run of a backend", async () => {
  await onBackendStage(async (stage) => {
    const config = '[backends.one]\nbuiltin = "echo"\nstart_timeout = 30\n';
    await Deno.writeTextFile(`${stage.folder}/triba.toml`, config);
    const words = ["core", "--config", "triba.toml", "--state", "state", "--trace", "traces"];
    const program = stage.start([...words, "--json"]);
    await program.waitFor("stdout", /"Online"/);
    program.kill("SIGTERM");
    assertEquals((await program.ended()).code, 0);
    assertMatch(program.stderr, /^warn: Traces hold keys.* folder=traces$/m);
    const [name = ""] = namesIn(`${stage.folder}/traces`);
    const { code, stdout } = await decode(stage, [`traces/${name}`]);
    assertEquals(code, 0);
    assertMatch(
      stdout,
      /backend>core request \d+ \{"type":"Status","status":\{"type":"Online"\}\}/,
    );
    assertMatch(stdout, /keys of sealed-1 from here/);
  });
});

Deno.test("TraceFiles: a folder that cannot be written is logged once and ends nothing", async () => {
  await onBackendStage(async (stage) => {
    const log = new TestLog();
    using traces = await TraceFiles.open(`${stage.folder}/traces`, log);
    await Deno.remove(`${stage.folder}/traces`);
    const place = { connection: 1, at: 0 };
    traces.trace({ type: "accepted", ...place });
    const more = { backend: "b", pid: 1, byteOrder: "big", spawnSecret: undefined } as const;
    traces.trace({ type: "admitted", ...place, ...more });
    traces.trace({ type: "ended", ...place, reason: undefined });
    assertEquals(log.lines.filter((line) => line.startsWith("error")).length, 1);
  });
});

Deno.test("TraceFiles: a connection without a known id has a file of its own", async () => {
  await onBackendStage(async (stage) => {
    const folder = `${stage.folder}/traces`;
    using traces = await TraceFiles.open(folder, new TestLog());
    const place = { connection: 7, at: 0 };
    const records: TraceRecord[] = [
      { type: "accepted", ...place },
      { type: "bytes", ...place, from: "backend", bytes: new Uint8Array(16) },
      { type: "ended", ...place, reason: "Cannot admit" },
    ];
    for (const record of records) traces.trace(record);
    const [name = ""] = namesIn(folder);
    assertEquals(name, "19700101T000000.000Z-7-unknown.triba-trace");
    const decoder = new TraceDecoder();
    decoder.push(await Deno.readFile(`${folder}/${name}`));
    assertEquals([0, 1, 2].map(() => decoder.next()?.record), records);
  });
});

Deno.test("triba decode: shows several files, and what can be read of a damaged one", async () => {
  await onBackendStage(async (stage) => {
    const { files: [file = ""] } = await record(stage, false);
    const cut = `${stage.folder}/cut`;
    const bytes = await Deno.readFile(file);
    await Deno.writeFile(cut, bytes.subarray(0, bytes.length - 5));
    const { code, stdout, stderr } = await within(decode(stage, [cut, file]), "both");
    assertEquals(code, 1);
    assertEquals(stdout.split(`== ${file}`).length, 2);
    assertEquals(stdout.match(/"JoinRoom"/g)?.length, 2);
    assertMatch(stderr, /cut: Cannot read the trace: it is cut off in the record at byte \d+/);
  });
});

Deno.test("triba decode: ends quietly when nobody reads on", async () => {
  await onBackendStage(async (stage) => {
    const { files: [file = ""] } = await record(stage, false);
    const many = Array.from({ length: 2_000 }, () => file);
    const [command = "", ...args] = tribaCommand("decode", ...many);
    const pipe = '{ "$@"; echo "status $?" >&2; } | head -n 1';
    const shell = new Deno.Command("sh", { args: ["-c", pipe, "sh", command, ...args] });
    const { stdout, stderr } = await shell.output();
    assertEquals(new TextDecoder().decode(stdout), `== ${file}\n`);
    assertEquals(new TextDecoder().decode(stderr), "status 0\n");
  });
});

testOutcomes<typeof DECODE, BackendStage>(DECODE, {
  "read to the end": {
    "a whole file": async (stage) => await decode(stage, (await record(stage, false)).files),
  },
  "no trace": {
    "another file": async (stage) => {
      await Deno.writeTextFile(`${stage.folder}/f`, "something else");
      return await decode(stage, [`${stage.folder}/f`]);
    },
    "an empty file": async (stage) => {
      await Deno.writeTextFile(`${stage.folder}/f`, "");
      return await decode(stage, [`${stage.folder}/f`]);
    },
  },
  "damaged": {
    "a flipped bit": async (stage) =>
      await decode(stage, [
        await damage(stage, (bytes) => {
          bytes[200] = (bytes[200] as number) ^ 1;
          return bytes;
        }),
      ]),
  },
  "cut off": {
    "in a record": async (stage) =>
      await decode(stage, [await damage(stage, (bytes) => bytes.subarray(0, 100))]),
  },
  "file missing or unreadable": {
    missing: (stage) => decode(stage, [`${stage.folder}/none`]),
    "a folder": (stage) => decode(stage, [stage.folder]),
  },
}, testOnBackendStages);
