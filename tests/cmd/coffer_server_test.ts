// `coffer-server`: what can happen to it, row by row of the table in its help.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { concat } from "@std/bytes/concat";
import { SERVER } from "../../cmd/coffer-server/args.ts";
import { encodeFrame } from "../../lib/coffer/mod.ts";
import { keyPair, readFrames, utf8 } from "../support/coffer.ts";
import {
  CANARY,
  type CofferStage,
  exchange,
  fetchSecrets,
  idOf,
  Line,
  request,
  smallDefinition,
  testOnCofferStages,
} from "../support/coffer_stage.ts";
import { testOutcomes, type Variant } from "../support/outcomes.ts";
import type { Ended } from "../support/program.ts";
import { until } from "../support/within.ts";

const FILES = ["-c", "server.key", "-s", "secrets.sealed", "-a", "127.0.0.1:0"];

/** A server that cannot start. */
async function failing(stage: CofferStage, args: readonly string[] = FILES): Promise<Ended> {
  return await stage.start("coffer-server", args).ended();
}

function ending(signal: Deno.Signal): Variant<CofferStage> {
  return async (stage) => {
    await stage.sealed(smallDefinition());
    const { program, port } = await stage.serve();
    using _idle = await Line.open(port);
    program.kill(signal);
    return await program.ended();
  };
}

/** Refused by the rule of companions. */
function withoutCompanion(seal: (stage: CofferStage) => Promise<unknown>): Variant<CofferStage> {
  return async (stage) => {
    await seal(stage);
    return await failing(stage, [...FILES, "--companion-key", idOf("app")]);
  };
}

testOutcomes(SERVER, {
  "option missing": {
    "--certificate": (stage) => failing(stage, ["-s", "secrets.sealed"]),
    "--secrets": (stage) => failing(stage, ["-c", "server.key"]),
  },
  "key file missing or unreadable": {
    "missing": (stage) => failing(stage),
    "a folder": async (stage) => {
      await Deno.mkdir(stage.at("server.key"));
      return await failing(stage);
    },
    "no definition": async (stage) => {
      await stage.key("server");
      return await failing(stage);
    },
  },
  "key file writable by others": {
    "by all": async (stage) => {
      await stage.key("server", 0o666);
      return await failing(stage);
    },
    "by its group": async (stage) => {
      await stage.key("server", 0o620);
      return await failing(stage);
    },
  },
  "key file readable by others": {
    "by all": async (stage) => {
      await stage.sealed(smallDefinition());
      await Deno.chmod(stage.at("server.key"), 0o644);
      return (await stage.serve()).program;
    },
  },
  "key file damaged, halves that do not match": {
    "cut off": async (stage) => {
      const path = await stage.key("server");
      await Deno.truncate(path, 91);
      return await failing(stage);
    },
    "halves of two": async (stage) => {
      const [one, two] = [await stage.key("server"), await stage.key("web")];
      const [first, second] = [await Deno.readFile(one), await Deno.readFile(two)];
      await stage.write("server.key", concat([first.subarray(0, 60), second.subarray(60)]));
      const ended = await failing(stage);
      assertMatch(ended.stderr, /do not belong together/);
      return ended;
    },
  },
  "definition with errors": {
    "every kind at once": async (stage) => {
      const toml =
        `[clients]\nweb = "${idOf("web")}"\nbad = "abc"\nserver = "${idOf("server")}"\n` +
        `[web]\nA = [ "${CANARY}" ]\n[x]\nid = 7\n[y]\nB = "${CANARY}"\n[z]\nid = "${
          idOf("db")
        }"\n` +
        `C.d = "${CANARY}"\nN = 9223372036854775808\n"" = "${CANARY}"\n`;
      await stage.sealed(toml);
      const ended = await failing(stage);
      const places = [...ended.stderr.matchAll(/secrets\.sealed:(\d+):\d+: /g)].map(([, line]) =>
        Number(line)
      );
      assertEquals(places, [3, 4, 6, 8, 10, 13, 14, 15]);
      return ended;
    },
    "a syntax error": async (stage) => {
      await stage.sealed(`a = "${CANARY}\n`);
      return await failing(stage);
    },
  },
  "definition for another key, or damaged": {
    "another key": async (stage) => {
      await stage.sealed(smallDefinition());
      await Deno.rename(await stage.key("stranger"), stage.at("server.key"));
      return await failing(stage);
    },
    "cut off": async (stage) => {
      await stage.key("server");
      await Deno.truncate(await stage.sealed(smallDefinition()), 47);
      return await failing(stage);
    },
    "plain": async (stage) => {
      await stage.key("server");
      await stage.write("secrets.sealed", smallDefinition());
      return await failing(stage);
    },
  },
  "definition without the demanded companion": {
    "a plain box": withoutCompanion((stage) => stage.sealed(smallDefinition())),
    "a foreign key": withoutCompanion(async (stage) =>
      await stage.sealed(smallDefinition(), "stranger")
    ),
  },
  "address in use or not of this machine": {
    "a port in use": async (stage) => {
      await stage.sealed(smallDefinition());
      using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      return await failing(stage, [...FILES.slice(0, 4), "-a", `127.0.0.1:${taken.addr.port}`]);
    },
    "a socket in use": async (stage) => {
      await stage.sealed(smallDefinition());
      await stage.serve(["-a", `unix:${stage.at("socket")}`]);
      return await failing(stage, [...FILES.slice(0, 4), "-a", `unix:${stage.at("socket")}`]);
    },
    "a file where the socket should be": async (stage) => {
      await stage.sealed(smallDefinition());
      const path = await stage.write("socket", "a file");
      const ended = await failing(stage, [...FILES.slice(0, 4), "-a", `unix:${path}`]);
      assertEquals(await Deno.readTextFile(path), "a file");
      return ended;
    },
    "not of this machine": async (stage) => {
      await stage.sealed(smallDefinition());
      return await failing(stage, [...FILES.slice(0, 4), "-a", "192.0.2.1:0"]);
    },
  },
  "audit log cannot be opened": {
    "no such folder": async (stage) => {
      await stage.sealed(smallDefinition());
      return await failing(stage, [...FILES, "--audit-log", "missing/audit.jsonl"]);
    },
  },
  "audit log cannot be written later": {
    "a pipe that nobody reads any more": async (stage) => {
      await stage.sealed(smallDefinition());
      await new Deno.Command("mkfifo", { args: [stage.at("audit")] }).output();
      const reader = await Deno.open(stage.at("audit"), { read: true, write: true });
      const { program, port } = await stage.serve(["--audit-log", "audit"]);
      assertEquals([...(await fetchSecrets(port, "web")).keys()], ["TOKEN"]);
      reader.close();
      const [refused] = readFrames(await exchange(port, request("web")));
      assertEquals(refused?.type, 0xff, "without a line no secrets");
      return program;
    },
  },
  "SIGHUP": {
    "one added, one changed, one gone": async (stage) => {
      await stage.sealed(smallDefinition());
      const { program, port } = await stage.serve();
      await stage.sealed(
        `[web]\nid = "${idOf("web")}"\nTOKEN = "new"\n[app]\nid = "${idOf("app")}"\nX = 1\n`,
      );
      program.kill("SIGHUP");
      await program.waitFor("stderr", /reloaded: \+1 ~1 -1 .*added/);
      for (const name of ["web", "app", "db"]) assert(program.stderr.includes(idOf(name)));
      assertEquals((await fetchSecrets(port, "web")).get("TOKEN")?.value, "new");
      return program;
    },
  },
  "SIGHUP, and something is wrong": {
    "an invalid file while clients run": (stage) => reloadInvalid(stage),
  },
  "hostile client": {
    "an HTTP request": async (stage) => {
      await stage.sealed(smallDefinition());
      const { program, port } = await stage.serve();
      const answer = await exchange(port, utf8("GET / HTTP/1.1\r\n\r\n"));
      assertEquals(readFrames(answer, "narrow").map(({ type }) => type), [0xff]);
      await program.waitFor("stderr", /Cannot serve/);
      return program;
    },
  },
  "out of descriptors": {
    "then some are free again": async (stage) => {
      await stage.sealed(smallDefinition());
      const { program, port } = await stage.serve(["--max-connections", "1000"], {
        through: ["sh", "-c", 'ulimit -n 60 && exec "$0" "$@"'],
      });
      const lines = await Promise.all(Array.from({ length: 60 }, () => Line.open(port)));
      await program.waitFor("stderr", /out of file descriptors/);
      const [first, ...others] = lines;
      await first?.send(request("web"));
      assertEquals((await first?.frame("wide"))?.type, 0x05, "who was connected is served");
      first?.[Symbol.dispose]();
      for (const line of others) line[Symbol.dispose]();
      await fetchSecrets(port, "web");
      return program;
    },
  },
  "SIGTERM, SIGINT": { "SIGTERM": ending("SIGTERM"), "SIGINT": ending("SIGINT") },
}, testOnCofferStages);

/** Clients come all the time; the definition breaks, is mended, and nobody notices. */
async function reloadInvalid(stage: CofferStage) {
  await stage.sealed(smallDefinition());
  const { program, port } = await stage.serve();
  let running = true;
  const clients = Array.from({ length: 4 }, async () => {
    let served = 0;
    for (; running || served === 0; served++) {
      const secrets = await fetchSecrets(port, "web");
      assertEquals(secrets.get("TOKEN")?.value, CANARY);
    }
    return served;
  });
  using held = await Line.open(port);
  await held.send(encodeFrame("wide", 0x00, keyPair("web").publicKey));
  const breakages: readonly (() => Promise<unknown>)[] = [
    () => stage.write("secrets.sealed", "not sealed"),
    () => stage.sealed(`[web]\nid = "${CANARY}"\n`),
    () => Deno.remove(stage.at("secrets.sealed")),
    () => stage.write("server.key", "no key"),
  ];
  for (const [index, breakIt] of breakages.entries()) {
    await breakIt();
    program.kill("SIGHUP");
    const failures = () => program.stderr.match(/not reloaded/g)?.length ?? 0;
    await until(() => failures() === index + 1, "the reload to fail");
  }
  await held.send(encodeFrame("wide", 0x02));
  assertEquals((await held.frame("wide")).type, 0x05, "who was under way goes on");
  await stage.sealed(smallDefinition());
  program.kill("SIGHUP");
  await program.waitFor("stderr", /reloaded: \+0 ~0 -0/);
  running = false;
  assert((await Promise.all(clients)).every((served) => served > 0));
  return program;
}
