// The table of what can happen, which the help shows: each row has a case that makes it happen. A
// canary among the secrets shows in none of them.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { decodeHex, encodeHex } from "@std/encoding/hex";
import { CLIENT } from "../../cmd/coffer-client/args.ts";
import { type CertificateVectors, readVectors } from "../support/coffer.ts";
import {
  idOf,
  LibraryServer,
  runClient,
  ScriptedServer,
  shardOf,
  startClient,
  writeKeyFile,
} from "../support/coffer_program.ts";
import { withTemporaryFolder } from "../support/folder.ts";
import type { Ended } from "../support/program.ts";
import { until } from "../support/within.ts";

const CANARY = "canary-91c7";
const ENTRIES = { SECRET: CANARY, "bad=name": CANARY };

type Event = (typeof CLIENT.outcomes)[number][0];

/** Where a case plays. */
interface Scene {
  readonly folder: string;
  /** A server that knows `web`. */
  readonly address: string;
  readonly server: LibraryServer;
}

interface Case {
  readonly run: (scene: Scene) => Promise<Ended>;
  readonly status: number;
  readonly says: RegExp;
}

const GOOD = ["--only", "SECRET"];

function fetching(args: (scene: Scene) => readonly string[], status: number, says: RegExp): Case {
  return { run: (scene) => runClient(scene.folder, args(scene)), status, says };
}

/** Meets a server that reads the request and answers so. */
function meeting(reply: Uint8Array, status: number, says: RegExp, args: string[] = []): Case {
  return {
    run: async ({ folder }) => {
      await using server = new ScriptedServer(async (connection) => {
        await connection.readRequest();
        await connection.write(reply);
        if (reply.length > 0) await connection.readUntil(Infinity);
      });
      return await runClient(folder, ["-s", server.address, ...args, "true"]);
    },
    status,
    says,
  };
}

function withKeyFile(mode: number, status: number, says: RegExp): Case {
  return {
    run: async ({ folder, address }) => {
      const path = await writeKeyFile(folder, "web", mode);
      return await runClient(folder, ["-s", address, "-c", path, ...GOOD, "true"]);
    },
    status,
    says,
  };
}

const CASES: Readonly<Record<Event, Readonly<Record<string, Case>>>> = {
  "key file missing or unreadable": {
    missing: fetching(() => ["-c", "none", "true"], 1, /Cannot read "none": no such file/),
    folder: fetching(({ folder }) => ["-c", folder, "true"], 1, /Cannot read ".*": it is a folder/),
  },
  "key file writable by others": {
    group: withKeyFile(
      0o620,
      1,
      /Cannot trust ".*web\.key": .* \(mode 0620\)\nTake the permission/,
    ),
    everybody: withKeyFile(0o602, 1, /Cannot trust/),
  },
  "key file readable by others": {
    everybody: withKeyFile(0o604, 0, /^coffer-client: warn: the key file can be read by others/),
  },
  "key file damaged, halves that do not match": keyFileCases(),
  "no server reachable, or none answers in time": {
    gone: fetching(() => ["-s", "127.0.0.1:1", "true"], 1, /Cannot connect to 127\.0\.0\.1:1/),
    name: fetching(() => ["-s", "none.invalid", "true"], 1, /the name has no address/),
    slow: {
      run: async ({ folder }) => {
        await using server = new ScriptedServer((connection) => connection.readUntil(Infinity));
        const ended = await runClient(folder, ["-s", server.address, "--timeout", "0.3", "true"]);
        assertMatch(encodeHex(server.connections[0]?.received ?? new Uint8Array()), /0{16}99$/);
        return ended;
      },
      status: 1,
      says: /Cannot fetch: no answer in time \(.*--protocol narrow\)/,
    },
  },
  "server closes without an answer": {
    close: meeting(new Uint8Array(), 1, /closed the connection without an answer \(.*narrow\)/),
  },
  "server does not know the key": {
    stranger: {
      run: async ({ folder, address }) => {
        const path = await writeKeyFile(folder, "stranger");
        return await runClient(folder, ["-s", address, "-c", path, "true"]);
      },
      status: 3,
      says: /Cannot fetch: the server does not know this key/,
    },
  },
  "server refuses": {
    text: meeting(
      decodeHex("0000000000000004ff1b5b6d0a"),
      3,
      /Cannot fetch: the server refused: "\\x1b\[m\\x0a"\n$/,
    ),
  },
  "not coffer, or a broken reply": {
    http: meeting(
      new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\n\r\n"),
      4,
      /Cannot fetch: /,
    ),
    length: meeting(
      decodeHex("000000000100000105"),
      4,
      /Cannot fetch: frame of type 0x05 with 16777217/,
    ),
    limit: fetching(
      ({ address }) => ["-s", address, "--max-reply", "10", "true"],
      4,
      /Cannot fetch: frame of type 0x05 with \d+ bytes/,
    ),
  },
  "reply of another or damaged": {
    garbage: meeting(
      decodeHex(`000000000000003105${"01".repeat(0x31)}`),
      4,
      /Cannot open the reply: not sealed to this key, or damaged/,
    ),
  },
  "reply that does not prove --server-key": {
    "other key": fetching(
      ({ address }) => ["-s", address, "--server-key", idOf("app"), "true"],
      4,
      /Cannot trust the reply/,
    ),
  },
  "key that no variable can have": {
    equals: fetching(({ address }) => ["-s", address, "true"], 4, /Cannot use entry "bad=name": /),
  },
  "key of --only or --file missing": {
    only: fetching(
      ({ address }) => ["-s", address, "--only", "SECRET,NONE", "true"],
      4,
      /Cannot use entry "NONE": the server has no such key/,
    ),
    file: fetching(
      ({ address }) => ["-s", address, "--file", "NONE=file", ...GOOD, "true"],
      4,
      /Cannot use entry "NONE": the server has no such key/,
    ),
  },
  "file cannot be written": {
    "no folder": fetching(
      ({ address }) => ["-s", address, "--file", "SECRET=none/file"],
      1,
      /Cannot create a file for "none\/file": no such file or folder/,
    ),
    "a folder of this name": fetching(
      ({ address, folder }) => ["-s", address, "--file", `SECRET=${folder}`],
      1,
      /Cannot replace/,
    ),
  },
  "command missing": {
    "not on the path": fetching(
      () => ["-s", "127.0.0.1:1", "no-such"],
      127,
      /Cannot run "no-such"/,
    ),
    "no such file": fetching(
      () => ["-s", "127.0.0.1:1", "./no"],
      127,
      /Cannot run "\.\/no": no such/,
    ),
    empty: fetching(() => ["-s", "127.0.0.1:1", "--", ""], 127, /Cannot run ""/),
    interpreter: {
      run: async ({ folder, address }) => {
        await Deno.writeTextFile(`${folder}/script`, "#!/no/such\n", { mode: 0o755 });
        return await runClient(folder, ["-s", address, ...GOOD, "./script"]);
      },
      status: 127,
      says: /Cannot run "\.\/script": it, or the interpreter it names, is not there/,
    },
  },
  "command not executable": {
    file: fetching(
      () => ["-s", "127.0.0.1:1", "./web.key"],
      126,
      /Cannot run "\.\/web\.key": not an/,
    ),
    folder: fetching(() => ["-s", "127.0.0.1:1", "/tmp"], 126, /Cannot run "\/tmp": not an exec/),
  },
  "--watch: a fetch fails": {
    refused: {
      run: async ({ folder, server, address }) => {
        const script = 'trap "exit 6" USR1; echo ready; while :; do sleep 0.02; done';
        const args = ["-s", address, ...GOOD, "--watch", "0.1", "sh", "-c", script];
        await using program = startClient(folder, args);
        await program.waitFor("stdout", /^ready$/m);
        server.reload(shardOf("app", ENTRIES));
        await program.waitFor("stderr", /does not know this key; the command goes on/);
        program.kill("SIGUSR1");
        return await program.ended();
      },
      status: 6,
      says: /the command goes on with the secrets it has/,
    },
  },
  "SIGTERM, SIGINT, SIGHUP while fetching": {
    SIGTERM: {
      run: async ({ folder }) => {
        await using server = new ScriptedServer((connection) => connection.readUntil(Infinity));
        await using program = startClient(folder, ["-s", server.address, "true"]);
        await until(() => (server.connections[0]?.received.length ?? 0) >= 50, "the request");
        program.kill("SIGTERM");
        return await program.ended();
      },
      status: 143,
      says: /Ended by SIGTERM/,
    },
  },
  "anything after the command was started": {
    status: fetching(({ address }) => ["-s", address, ...GOOD, "sh", "-c", "exit 77"], 77, /^$/),
  },
};

/** Each key file that is refused. */
function keyFileCases(): Readonly<Record<string, Case>> {
  const { readerVariants } = readVectors<CertificateVectors>("certificates.json");
  const refused = readerVariants.filter(({ id, accepted }) =>
    !accepted || ["array", "index-keys", "int-array", "mismatch"].includes(id)
  );
  assert(refused.length > 6);
  return Object.fromEntries(refused.map(({ id, fileHex }): [string, Case] => [id, {
    run: async ({ folder, address }) => {
      const path = `${folder}/${id}`;
      await Deno.writeFile(path, decodeHex(fileHex), { mode: 0o600 });
      return await runClient(folder, ["-s", address, "-c", path, "true"]);
    },
    status: 1,
    says: /Cannot read the key file ".*": /,
  }]));
}

Deno.test("coffer-client: every row of its table of outcomes has a case", () => {
  assertEquals(Object.keys(CASES), CLIENT.outcomes.map(([event]) => event));
});

Deno.test("coffer-client: message and exit status of every outcome, and no canary", async (t) => {
  for (const [event, , shown] of CLIENT.outcomes) {
    for (const [name, { run, status, says }] of Object.entries(CASES[event])) {
      await t.step(`${event}: ${name}`, async () => {
        await withTemporaryFolder(async (folder) => {
          await writeKeyFile(folder, "web");
          await using server = await LibraryServer.start(shardOf("web", ENTRIES));
          const ended = await run({ folder, server, address: server.address });
          assertEquals(ended.code, status, ended.stderr);
          assertMatch(ended.stderr, says);
          assert(!(ended.stdout + ended.stderr).includes(CANARY));
          if (/^[1-9]\d*$/.test(shown)) assertEquals(String(status), shown);
        });
      });
    }
  }
});

Deno.test("coffer-client: the most talkative log holds no secret", async () => {
  await withTemporaryFolder(async (folder) => {
    const path = await writeKeyFile(folder, "web");
    await using server = await LibraryServer.start(shardOf("web", ENTRIES));
    const key = encodeHex(Deno.readFileSync(path).slice(60));
    for (const args of [["--supervise"], ["--file", "SECRET=f"], ["--format", "shell"]]) {
      const env = { RUST_LOG: "trace", COFFER_LOG: "json" };
      const line = ["-s", server.address, ...args, ...args[0] === "--format" ? [] : ["true"]];
      const { stderr } = await runClient(folder, line, { env });
      assert(!stderr.includes(CANARY) && !stderr.toLowerCase().includes(key), stderr);
    }
  });
});

Deno.test("coffer-client: wrong usage is told with a hint, before anything is read", async () => {
  await withTemporaryFolder(async (folder) => {
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [[], /Missing argument: COMMAND\n.*--format/],
      [["--unknown", "true"], /Unknown option --unknown/],
      [["--format", "json", "true"], /Cannot print and run a command/],
      [["--file", "A=b", "--watch", "1"], /without a command/],
      [["--format", "json", "--supervise"], /without a command/],
      [["--format", "xml"], /must be one of env, json, shell/],
      [["--file", "A", "true"], /must be KEY=PATH/],
      [["--only", "A,,B", "true"], /must name keys/],
      [["-s", "unix:", "true"], /unix:PATH/],
      [["-s", "a:99999", "true"], /port 99999 is above 65535/],
      [["--supervise", "ping"], /Cannot combine ping/],
      [["--timeout", "0", "true"], /above 0/],
    ];
    for (const [args, says] of cases) {
      const { code, stdout, stderr } = await runClient(folder, args);
      assertEquals([code, stdout], [2, ""], stderr);
      assertMatch(stderr, says);
    }
    const missing = await runClient(folder, ["true"], { env: { COFFER_CLIENT_CERTIFICATE: "" } });
    assertEquals(missing.code, 2);
    assertMatch(missing.stderr, /Missing option --certificate\n.*COFFER_CLIENT_CERTIFICATE/);
  });
});

Deno.test("coffer-client --help shows the table, examples and statuses", async () => {
  await withTemporaryFolder(async (folder) => {
    const { code, stdout } = await runClient(folder, ["--help"]);
    assertEquals(code, 0);
    for (const word of ["--server-key HEX", "COFFER_WATCH", "127", "ping"]) {
      assert(stdout.includes(word), word);
    }
  });
});
