// What the client trusts: the authenticated mode and its refusals (spec 14.4).

import { assertEquals, assertMatch } from "@std/assert";
import { decodeHex, encodeHex } from "@std/encoding/hex";
import { readVectors, type SessionVector } from "../support/coffer.ts";
import {
  answering,
  idOf,
  LibraryServer,
  type LibraryServerOptions,
  readEnvironment,
  runClient,
  ScriptedServer,
  shardOf,
  writeKeyFile,
} from "../support/coffer_program.ts";
import { withTemporaryFolder } from "../support/folder.ts";

const CANARY = "canary-7d02";
const PRINT = ["--clean-env", "--", "env", "-0"];

async function withKey(run: (folder: string) => Promise<void>): Promise<void> {
  await withTemporaryFolder(async (folder) => {
    await writeKeyFile(folder, "web");
    await run(folder);
  });
}

/** Fetches one secret from a server of ours. */
async function fetchFrom(
  options: LibraryServerOptions,
  args: readonly string[],
  entries: Readonly<Record<string, string>> = { SECRET: CANARY },
) {
  let ended = { code: -1, stdout: "", stderr: "" };
  await withKey(async (folder) => {
    await using server = await LibraryServer.start(shardOf("web", entries), options);
    ended = await runClient(folder, ["-s", server.address, ...args, ...PRINT]);
  });
  return { ...ended, environment: readEnvironment(ended.stdout) };
}

const secrets = new Map([["SECRET", CANARY]]);
const serverKey = ["--server-key", idOf("server")];

Deno.test("coffer-client takes a reply that proves the server's key, in both framings", async () => {
  for (const protocol of ["wide", "narrow"]) {
    for (const requireAuthenticated of [false, true]) {
      const args = ["--protocol", protocol, ...serverKey];
      const { code, stderr, environment } = await fetchFrom({ requireAuthenticated }, args);
      assertEquals([code, stderr, environment], [0, "", secrets]);
    }
  }
});

Deno.test("coffer-client does not take a reply that could be anybody's", async (t) => {
  const forged = decodeHex(plainReplyToWeb());
  const cases: readonly (readonly [string, readonly string[], number, RegExp])[] = [
    ["forged, with --server-key", serverKey, 4, /Cannot trust the reply: it does not prove/],
    ["forged, narrow", ["--protocol", "narrow", ...serverKey], 4, /Cannot fetch: /],
    ["forged, without --server-key", [], 0, /^$/],
    [
      "forged, but allowed",
      [...serverKey, "--allow-unauthenticated"],
      0,
      /^coffer-client: warn: the reply does not prove the server's key: taken as you allowed it\n$/,
    ],
  ];
  await withKey(async (folder) => {
    for (const [name, args, status, message] of cases) {
      await t.step(name, async () => {
        await using server = new ScriptedServer(answering(forged));
        const ended = await runClient(folder, ["-s", server.address, ...args, ...PRINT]);
        assertEquals(ended.code, status, ended.stderr);
        assertMatch(ended.stderr, message);
        const environment = readEnvironment(ended.stdout);
        assertEquals(environment, new Map(status === 0 ? [["WEB_TOKEN", "w"]] : []));
      });
    }
  });
});

/** The recorded reply of an original server, as a man in the middle would send it again. */
function plainReplyToWeb(): string {
  const { sessions } = readVectors<{ readonly sessions: readonly SessionVector[] }>(
    "sessions.json",
  );
  const found = sessions.find(({ clientKey }) => clientKey === "web");
  assertEquals(found?.environment, { WEB_TOKEN: "w" });
  return found?.serverToClientHex ?? "";
}

Deno.test("coffer-client tries the server keys of a rotation in turn", async () => {
  const others = ["--server-key", `${idOf("db")},${idOf("app")}`];
  for (const requireAuthenticated of [false, true]) {
    const fetched = await fetchFrom({ requireAuthenticated }, [...others, ...serverKey]);
    assertEquals([fetched.code, fetched.environment], [0, secrets]);
    const refused = await fetchFrom({ requireAuthenticated }, others);
    assertEquals([refused.code, refused.stdout], [requireAuthenticated ? 3 : 4, ""]);
  }
});

Deno.test("coffer-client shows the refusals of the authenticated mode as the server words them", async () => {
  const now = Math.floor(Date.now() / 1000);
  const cases: readonly (readonly [LibraryServerOptions, readonly string[], string])[] = [
    [{ requireAuthenticated: true }, [], "authentication required"],
    [{ clock: () => now + 400 }, serverKey, "bad request"],
    [{ clock: () => now - 400 }, serverKey, "bad request"],
  ];
  for (const [options, args, text] of cases) {
    const { code, stdout, stderr } = await fetchFrom(options, args);
    const message = `coffer-client: Cannot fetch: the server refused: "${text}"\n`;
    assertEquals([code, stdout, stderr], [3, "", message]);
  }
});

Deno.test("coffer-client refuses its own key, and what is none, as the server's", async () => {
  const cases: readonly (readonly [string, number, RegExp])[] = [
    [idOf("web"), 1, /Cannot use the keys: the server has the same as this client/],
    ["00".repeat(32), 2, /point of low order/],
    ["cc02", 2, /64 hexadecimal digits/],
  ];
  for (const [key, status, message] of cases) {
    const { code, stderr } = await fetchFrom({}, ["--server-key", key]);
    assertEquals(code, status);
    assertMatch(stderr, message);
  }
});

Deno.test("coffer-client refuses variables that steer the loader, unless the server's key is proved", async () => {
  for (const name of ["LD_PRELOAD", "LD_LIBRARY_PATH", "DYLD_INSERT_LIBRARIES"]) {
    const unproved = await fetchFrom({}, [], { [name]: CANARY });
    const message = `coffer-client: Cannot use entry "${name}": it steers the loader, and the ` +
      "server's key was not proved\n";
    assertEquals([unproved.code, unproved.stdout, unproved.stderr], [4, "", message]);
  }
  const prefixed = await fetchFrom({}, ["--env-prefix", "LD_"], { audit: CANARY });
  assertEquals(prefixed.code, 4);
  const proved = await fetchFrom({}, serverKey, { LD_DEBUG_OUTPUT: CANARY });
  assertEquals([proved.code, proved.environment], [0, new Map([["LD_DEBUG_OUTPUT", CANARY]])]);
});

Deno.test("coffer-client asks with a new nonce each time, and never twice for one reply", async () => {
  await withKey(async (folder) => {
    await using server = new ScriptedServer(answering(new Uint8Array()));
    for (let run = 0; run < 2; run++) {
      const args = ["-s", server.address, "--timeout", "1", ...serverKey, "true"];
      assertEquals((await runClient(folder, args)).code, 1);
    }
    const nonces = server.connections.map(({ received }) => encodeHex(received.slice(50, 74)));
    assertEquals([nonces.length, new Set(nonces).size], [2, 2]);
  });
});
