// Every option of the client, from the command line and from the environment.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { asksForPing } from "../../cmd/coffer-client/args.ts";
import {
  LibraryServer,
  type LibraryServerOptions,
  readEnvironment,
  runClient,
  ScriptedServer,
  shardOf,
  writeKeyFile,
} from "../support/coffer_program.ts";
import { namesIn, withTemporaryFolder } from "../support/folder.ts";

const ENTRIES = { key: "one", " padded ": " two\n", "a-b.c": "three" };

async function withServer(
  run: (folder: string, server: LibraryServer) => Promise<void>,
  entries: Readonly<Record<string, string>> = ENTRIES,
  options: LibraryServerOptions = {},
): Promise<void> {
  await withTemporaryFolder(async (folder) => {
    await writeKeyFile(folder, "web");
    await using server = await LibraryServer.start(shardOf("web", entries), options);
    await run(folder, server);
  });
}

Deno.test("asksForPing means ping alone, not behind -- and not with an argument", () => {
  assertEquals(asksForPing(["-c", "k", "ping"], ["ping"]), true);
  assertEquals(asksForPing(["-c", "k", "--", "ping"], ["ping"]), false);
  assertEquals(asksForPing(["ping", "host"], ["ping", "host"]), false);
  assertEquals(asksForPing(["-c", "ping", "true"], ["true"]), false);
});

Deno.test("coffer-client names the variables as it is told", async (t) => {
  const cases: readonly (readonly [readonly string[], Readonly<Record<string, string>>])[] = [
    [[], ENTRIES],
    [["--trim"], { key: "one", padded: "two", "a-b.c": "three" }],
    [["--only", "key,a-b.c"], { key: "one", "a-b.c": "three" }],
    [["--only", "key", "--only", " padded "], { key: "one", " padded ": " two\n" }],
    [["--upcase", "--env-prefix", "x_", "--only", "key"], { x_KEY: "one" }],
    [["--env-prefix", "P", "--trim"], { Pkey: "one", Ppadded: "two", "Pa-b.c": "three" }],
    [["--only", "key", "--only", "a-b.c", "--file", "key=file"], { "a-b.c": "three" }],
  ];
  await withServer(async (folder, { address }) => {
    for (const [args, expected] of cases) {
      await t.step(args.join(" ") || "as they are", async () => {
        const line = ["-s", address, "--clean-env", ...args, "env", "-0"];
        const { code, stdout, stderr } = await runClient(folder, line);
        assertEquals([code, stderr], [0, ""]);
        assertEquals(readEnvironment(stdout), new Map(Object.entries(expected)));
      });
    }
  });
});

Deno.test("coffer-client takes its options from the environment, where no is no", async () => {
  await withServer(async (folder, { address }) => {
    const env = {
      COFFER_SERVER_ADDRESS: `127.0.0.1:1,${address}`,
      COFFER_ONLY: "key,a-b.c",
      COFFER_UPCASE: "yes",
      COFFER_TRIM: "0",
      COFFER_FORMAT: "json",
      COFFER_LOG_LEVEL: "error",
    };
    const { code, stdout, stderr } = await runClient(folder, [], { env });
    assertEquals([code, stderr], [0, ""]);
    assertEquals(stdout, '{"KEY": "one", "A-B.C": "three"}\n');
  });
});

Deno.test("coffer-client reads the key that a service manager hands over", async () => {
  await withServer(async (folder, { address }) => {
    await Deno.mkdir(`${folder}/credentials`);
    await Deno.rename(`${folder}/web.key`, `${folder}/credentials/certificate`);
    const env = { COFFER_CLIENT_CERTIFICATE: "", CREDENTIALS_DIRECTORY: `${folder}/credentials` };
    const { code } = await runClient(folder, ["-s", address, "true"], { env });
    assertEquals(code, 0);
  });
});

Deno.test("coffer-client: options end at the command, whose own options look like ours", async () => {
  await withServer(async (folder, { address }) => {
    const args = ["-s", address, "sh", "-c", 'echo "$0 $*"', "--trim", "-s", "--", "--help"];
    const { code, stdout } = await runClient(folder, args);
    assertEquals([code, stdout], [0, "--trim -s -- --help\n"]);
  });
});

Deno.test("coffer-client prints the variables in three forms", async () => {
  const entries = { A: "quote \" and ' $HOME `id` \\", B: "two\nlines" };
  await withServer(async (folder, { address }) => {
    const print = async (format: string) => {
      const { code, stdout } = await runClient(folder, ["-s", address, "--format", format]);
      assertEquals(code, 0);
      return stdout;
    };
    assertEquals(JSON.parse(await print("json")), entries);
    const shell = `${await print("shell")}printf '%s|%s' "$A" "$B"`;
    const { stdout } = await new Deno.Command("sh", { args: ["-c", shell] }).output();
    assertEquals(new TextDecoder().decode(stdout), `${entries.A}|${entries.B}`);
    assertMatch(
      await print("env"),
      /^A="quote \\" and ' \\\$HOME \\`id\\` \\\\"\nB="two\nlines"\n$/,
    );
  }, entries);
});

Deno.test("coffer-client --format refuses names that a form cannot hold", async () => {
  await withServer(async (folder, { address }) => {
    for (const format of ["env", "shell"]) {
      const ended = await runClient(folder, ["-s", address, "--format", format]);
      assertEquals([ended.code, ended.stdout], [4, ""]);
      assertMatch(ended.stderr, /Cannot (write|use) entry "/);
    }
  });
});

Deno.test("coffer-client --format says that nobody reads what it prints", async () => {
  await withServer(async (folder, { address }) => {
    const through = ["sh", "-c", '{ "$@"; echo "status $?" >&2; } | :', "sh"];
    const line = ["-s", address, "--format", "json"];
    const { stderr } = await runClient(folder, line, { through });
    const message = "coffer-client: Cannot write to standard output: nobody reads it\nstatus 1\n";
    assertEquals(stderr, message);
  });
});

Deno.test("coffer-client --file writes exact bytes with mode 0600 and does not export them", async () => {
  const entries = { TLS: "-----BEGIN-----\nx\n", OTHER: "seen", NUL: "a\0b" };
  await withServer(async (folder, { address }) => {
    await Deno.writeTextFile(`${folder}/tls`, "old", { mode: 0o644 });
    await Deno.link(`${folder}/tls`, `${folder}/old`);
    const files = ["--file", "TLS=tls", "--file", `NUL=${folder}/nul`];
    const line = ["-s", address, "--trim", "--clean-env", ...files, "env", "-0"];
    const { code, stdout, stderr } = await runClient(folder, line);
    assertEquals([code, stderr], [0, ""]);
    assertEquals(readEnvironment(stdout), new Map([["OTHER", "seen"]]));
    for (const [name, content] of [["tls", entries.TLS], ["nul", entries.NUL]] as const) {
      assertEquals(Deno.readTextFileSync(`${folder}/${name}`), content);
      assertEquals((Deno.statSync(`${folder}/${name}`).mode ?? 0) & 0o7777, 0o600);
    }
    assertEquals(Deno.readTextFileSync(`${folder}/old`), "old", "written over, not replaced");
    assertEquals(namesIn(folder), ["nul", "old", "tls", "web.key"]);
  }, entries);
});

Deno.test("coffer-client --file changes no file when one of them cannot be written", async () => {
  await withServer(async (folder, { address }) => {
    await Deno.writeTextFile(`${folder}/first`, "old");
    const files = ["--file", "key=first", "--file", "a-b.c=missing/second"];
    const { code, stderr } = await runClient(folder, ["-s", address, ...files]);
    assertEquals(code, 1);
    assertMatch(stderr, /Cannot create a file for "missing\/second": no such file or folder/);
    assertEquals(Deno.readTextFileSync(`${folder}/first`), "old");
    assertEquals(namesIn(folder), ["first", "web.key"]);
  });
});

Deno.test("coffer-client --file needs no command", async () => {
  await withServer(async (folder, { address }) => {
    const ended = await runClient(folder, ["-s", address, "--file", "key=out"]);
    assertEquals(ended, { code: 0, stdout: "", stderr: "" });
    assertEquals(Deno.readTextFileSync(`${folder}/out`), "one");
  });
});

Deno.test("coffer-client talks over a unix socket, and in the framing that the server wants", async () => {
  await withTemporaryFolder(async (folder) => {
    await writeKeyFile(folder, "web");
    for (const framings of [["wide"], ["narrow"], ["wide", "narrow"]] as const) {
      const path = `${folder}/socket`;
      await using server = await LibraryServer.start(shardOf("web", ENTRIES), { framings, path });
      const line = ["-s", server.address, "--only", "key", "--format", "json"];
      const { code, stdout, stderr } = await runClient(folder, line);
      assertEquals([code, stdout, stderr], [0, '{"key": "one"}\n', ""]);
      const ping = await runClient(folder, ["-s", server.address, "ping"]);
      assertEquals(ping, { code: 0, stdout: `alive unix:${path}\n`, stderr: "" });
      for (const protocol of ["wide", "narrow"] as const) {
        const { code } = await runClient(folder, [...line, "--protocol", protocol]);
        assertEquals(code === 0, framings.some((framing) => framing === protocol));
      }
    }
  });
});

Deno.test("coffer-client ping fetches nothing: Hello and Bye", async () => {
  await withTemporaryFolder(async (folder) => {
    await writeKeyFile(folder, "web");
    await using server = new ScriptedServer(async (connection) => await connection.readUntil(50));
    const line = ["-s", server.address, "--log", "json", "ping"];
    const { code, stdout } = await runClient(folder, line);
    assertEquals(code, 0);
    assertEquals(JSON.parse(stdout), { result: "alive", server: server.address });
    const sent = server.connections[0]?.received ?? new Uint8Array();
    assertEquals([sent.length, sent[8], sent[49]], [50, 0x00, 0x99]);
  });
});

Deno.test("coffer-client tries servers in turn, and again after a pause", async () => {
  await withServer(async (folder, { address }) => {
    await using closing = new ScriptedServer((connection) => connection.readUntil(1));
    const servers = ["-s", "127.0.0.1:1", "-s", `unix:${folder}/none`, "-s", closing.address];
    const line = [...servers, "-s", address, "--format", "json", "--only", "key"];
    const { code, stdout, stderr } = await runClient(folder, line);
    assertEquals([code, stdout], [0, '{"key": "one"}\n']);
    assertEquals(stderr.match(/^coffer-client: warn: Cannot /gm)?.length, 3);
    const before = performance.now();
    const again = await runClient(folder, [
      ...servers,
      "--retry",
      "1",
      "--log-level",
      "error",
      "true",
    ]);
    assert(performance.now() - before > 800);
    assertEquals(again.code, 1);
    assertMatch(again.stderr, /^coffer-client: Cannot [^\n]+\n$/);
    assertEquals(closing.connections.length, 3);
  });
});

Deno.test("coffer-client takes a refusal as an answer, and asks no other server", async () => {
  await withServer(async (folder, { address }) => {
    await writeKeyFile(folder, "db");
    await using other = new ScriptedServer((connection) => connection.readUntil(1));
    const line = ["-c", "db.key", "-s", address, "-s", other.address, "--retry", "3", "true"];
    const { code } = await runClient(folder, line);
    assertEquals([code, other.connections.length], [3, 0]);
  });
});
