// The program against recorded replies: every session, every odd reply, the loader's variables.

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { decodeHex, encodeHex } from "@std/encoding/hex";
import { delay } from "@std/async/delay";
import { bigDefinition, readVectors, type SessionVector } from "../support/coffer.ts";
import {
  answering,
  mapSome,
  readEnvironment,
  runClient,
  type Script,
  ScriptedServer,
  writeKeyFile,
} from "../support/coffer_program.ts";
import { withTemporaryFolder } from "../support/folder.ts";
import type { Ended } from "../support/program.ts";

interface ReplyCase {
  readonly id: string;
  readonly replyHex: string;
  readonly commandRan: boolean;
  readonly secretsInEnvironment: readonly string[];
  readonly ours: { readonly outcome: "accept" | "refuse" };
}

const { cases } = readVectors<{ readonly cases: readonly ReplyCase[] }>("client-behaviour.json");
const { sessions } = readVectors<{ readonly sessions: readonly SessionVector[] }>("sessions.json");
const big = readVectors<SessionVector>("session-big.json");

/** Programs at once: starting one takes a core for a moment. */
const AT_ONCE = 3;
const BYE = "000000000000000099";
const PRINT = ["--", "env", "-0"];

/** The status of replies that are refused for another reason than protocol or cryptography. */
const STATUSES: Readonly<Record<string, number>> = {
  "keynotfound": 3,
  "keynotfound-empty": 3,
  "error": 3,
  "close": 1,
  "truncated-header": 1,
  "truncated-body": 1,
  "garbage-ff": 1, // read as narrow, it announces an Error that is cut off
};

/** The server ends the session before the client can, or does not read its Bye. */
const WITHOUT_BYE = new Set(["close", "truncated-header", "truncated-body", "rst-after-reply"]);

/** Entries that the original drops or dies of, as they are in our environment. */
const ENTRIES: Readonly<Record<string, readonly string[]>> = {
  "link-then-ok": ["OK=yes"],
  "struct-entries": ["OK=yes"],
  "key-padded": ["OK=yes", " PAD = v "],
};

function scriptFor({ id, replyHex }: ReplyCase): Script {
  const reply = decodeHex(replyHex);
  switch (id) {
    case "split-reply":
      return async (connection) => {
        await connection.readRequest();
        for (const byte of reply) {
          await connection.write(Uint8Array.of(byte));
          await delay(1);
        }
        await connection.readUntil(Infinity);
      };
    case "slow-reply":
      return async (connection) => {
        await delay(1500);
        await answering(reply)(connection, 0);
      };
    case "rst-after-reply": // closing with the unread Bye resets the connection
      return async (connection) => {
        await connection.readRequest();
        await connection.write(reply);
        await delay(300);
      };
    case "close":
    case "truncated-header":
    case "truncated-body":
    case "garbage-ff":
    case "fin-after-reply":
    case "fin-before-reply-read":
      return async (connection) => {
        await connection.readRequest();
        await connection.write(reply);
        await connection.closeWrite();
        await connection.readUntil(Infinity);
      };
    default:
      return answering(reply);
  }
}

interface Outcome extends Ended {
  /** What each connection received, in hexadecimal. */
  readonly received: readonly string[];
}

async function meet(folder: string, script: Script, args: readonly string[]): Promise<Outcome> {
  await using server = new ScriptedServer(script);
  const ended = await runClient(folder, ["-s", server.address, "--clean-env", ...args]);
  return { ...ended, received: server.connections.map(({ received }) => encodeHex(received)) };
}

Deno.test("coffer-client: every recorded reply, with the outcome that is ours", async (t) => {
  await withTemporaryFolder(async (folder) => {
    await writeKeyFile(folder, "web");
    const outcomes = await mapSome(
      cases,
      AT_ONCE,
      (vector) => meet(folder, scriptFor(vector), PRINT),
    );
    for (const [index, vector] of cases.entries()) {
      const outcome = outcomes[index] as Outcome;
      await t.step(vector.id, () => {
        if (vector.ours.outcome === "refuse") assertRefused(vector, outcome);
        else assertAccepted(vector, outcome);
        if (!WITHOUT_BYE.has(vector.id)) {
          assertStringIncludes(outcome.received[0] ?? "", BYE, "no Bye");
        }
      });
    }
  });
});

function assertAccepted(vector: ReplyCase, { code, stdout, stderr }: Outcome): void {
  assertEquals([code, stderr], [0, ""]);
  const environment = readEnvironment(stdout);
  for (const entry of ENTRIES[vector.id] ?? vector.secretsInEnvironment) {
    const at = entry.indexOf("=");
    assertEquals(environment.get(entry.slice(0, at)), entry.slice(at + 1));
  }
  assertEquals(environment.size === 0, vector.id === "empty-list");
}

function assertRefused(vector: ReplyCase, { code, stdout, stderr }: Outcome): void {
  assertEquals([code, stdout], [STATUSES[vector.id] ?? 4, ""], stderr);
  assertMatch(stderr, /^coffer-client: Cannot (fetch|open|read|use)\b[^\n]+\n$/);
}

Deno.test("coffer-client: every recorded session, with --trim as the original client", async (t) => {
  await withTemporaryFolder(async (folder) => {
    const all = [...sessions, big];
    for (const { clientKey } of all) await writeKeyFile(folder, clientKey);
    const outcomes = await mapSome(all, AT_ONCE, (session) =>
      meet(
        folder,
        answering(decodeHex(session.serverToClientHex)),
        ["-c", `${session.clientKey}.key`, "--trim", ...PRINT],
      ));
    for (const [index, session] of all.entries()) {
      await t.step(session.name, () => {
        const { code, stdout, stderr, received } = outcomes[index] as Outcome;
        assertEquals([code, stderr], [0, ""]);
        assertEquals(received, [session.clientToServerHex]);
        const environment = readEnvironment(stdout);
        const recorded = session === big ? bigEntries() : Object.entries(session.environment);
        for (const [name, value] of recorded) assertEquals(environment.get(name), value, name);
        const texts = session.entries?.filter(({ valueHex }) => valueHex.startsWith("a166537472"));
        if (texts !== undefined) assertEquals(recorded.length, texts.length);
      });
    }
  });
});

function bigEntries(): [string, string][] {
  const lines = bigDefinition().split("\n").filter((line) => line.startsWith("K"));
  assertEquals(lines.length, 17);
  return lines.map((line) => [line.slice(0, 3), line.slice(7, -1)]);
}

Deno.test("coffer-client: what a broken reply held never shows", async () => {
  await withTemporaryFolder(async (folder) => {
    await writeKeyFile(folder, "web");
    const held = cases.filter(({ id }) => ["key-nul", "value-nul", "three-tuple"].includes(id));
    assertEquals(held.length, 3);
    for (const outcome of await mapSome(held, AT_ONCE, (one) => meet(folder, scriptFor(one), []))) {
      assert(!/\0|yes/.test(outcome.stderr + outcome.stdout), outcome.stderr);
    }
  });
});
