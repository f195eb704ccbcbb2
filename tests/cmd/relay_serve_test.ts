// `relay serve`: what can happen to it, row by row of the table in its help, and its addresses.

import { assertEquals, assertMatch } from "@std/assert";
import { SERVE } from "../../cmd/relay/args.ts";
import { assertServes, joinPair, playSender } from "../support/bob_peers.ts";
import { testOutcomes, type Variant } from "../support/outcomes.ts";
import { RawConnection } from "../support/raw_connection.ts";
import { testOnStages } from "../support/relay_stage.ts";

const HOST = "127.0.0.1";

/** A relay that cannot start, since somebody has one of its ports. */
function withPortTaken(option: string, value: (port: number) => string): Variant {
  return async (stage) => {
    const taken = Deno.listen({ hostname: HOST, port: 0 });
    const ports = { "--listen": HOST, "--bob-port": "0", "--bob-secure-port": "0" };
    const all = { ...ports, [option]: value(taken.addr.port) };
    const ended = await stage.start(["serve", ...Object.entries(all).flat()]).ended();
    taken.close();
    return ended;
  };
}

function ending(signal: Deno.Signal): Variant {
  return async (stage) => {
    const relay = await stage.serve();
    await using pair = await joinPair(relay);
    await using waiting = playSender(relay, "nobody else has this code");
    await waiting.event("registered");
    relay.program.kill(signal);
    const ended = await relay.program.ended();
    await waiting.event("relay-timeout"); // it was told
    assertEquals(await pair.sender.ending(), "end-of-stream");
    return ended;
  };
}

testOutcomes(SERVE, {
  "port in use": {
    "the main port": withPortTaken("--bob-port", String),
    "the secure port": withPortTaken("--bob-secure-port", String),
    "the port of the numbers": withPortTaken("--metrics", (port) => `${HOST}:${port}`),
  },
  "address of another machine": {
    "192.0.2.1": async (stage) => await stage.start(["serve", "--listen", "192.0.2.1"]).ended(),
  },
  "SIGTERM, SIGINT": { "SIGTERM": ending("SIGTERM"), "SIGINT": ending("SIGINT") },
  "SIGHUP": {
    "and everybody is still served": async (stage) => {
      const relay = await stage.serve();
      await using pair = await joinPair(relay);
      relay.program.kill("SIGHUP");
      await relay.program.waitFor("stderr", /nothing to reload/);
      await pair.sender.write([new Uint8Array(10)]);
      assertEquals((await pair.receiver.read(1)).length, 1);
      await assertServes(relay);
      return relay.program;
    },
  },
  "hostile peer": {
    "no packet": async (stage) => {
      const relay = await stage.serve();
      using connection = await RawConnection.open(relay.main);
      await connection.send("GET / HTTP/1.1\r\n\r\n");
      assertEquals(await connection.rest(), "");
      await relay.program.waitFor("stderr", /malformed input/);
      await assertServes(relay);
      return relay.program;
    },
  },
  "peer lost in a transfer": {
    "the receiver": async (stage) => {
      const relay = await stage.serve();
      await using pair = await joinPair(relay);
      pair.receiver.stream.close();
      assertEquals(await pair.sender.ending(), "marker");
      await relay.program.waitFor("stderr", /transfer ended/);
      return relay.program;
    },
    "the sender": async (stage) => {
      const relay = await stage.serve();
      await using pair = await joinPair(relay);
      await pair.sender.write([new Uint8Array(10), new Uint8Array(20)]);
      pair.sender.stream.close();
      assertEquals((await pair.receiver.read()).map(({ length }) => length), [10, 20]);
      await relay.program.waitFor("stderr", /transfer ended protocol=bob bytes=66$/m);
      return relay.program;
    },
  },
  "out of descriptors": {
    "then some are free again": async (stage) => {
      const relay = await stage.serve(["--max-connections", "1000"], {
        through: ["sh", "-c", 'ulimit -n 60 && exec "$0" "$@"'],
      });
      const connections = await Promise.all(
        Array.from({ length: 60 }, () => RawConnection.open(relay.main)),
      );
      await relay.program.waitFor("stderr", /out of file descriptors/);
      for (const connection of connections) connection[Symbol.dispose]();
      await assertServes(relay);
      return relay.program;
    },
  },
});

testOnStages("relay serve: addresses", [
  {
    name: "--listen :: takes both families, and names IPv4 peers as such",
    run: async (stage) => {
      const relay = await stage.serve(["--listen", "::"]);
      using v4 = await RawConnection.open(relay.main);
      await v4.send({ type: "hello-as-a-client", uid: 0 });
      const { identity } = await v4.packet("client-identity");
      assertMatch(new TextDecoder().decode(identity), /^127\.0\.0\.1:\d+$/);
      using v6 = await RawConnection.open({ host: "::1", port: relay.main.port });
      await v6.send({ type: "hello-as-a-client", uid: 0 });
      const other = await v6.packet("client-identity");
      assertMatch(new TextDecoder().decode(other.identity), /^::1:\d+$/);
    },
  },
  {
    name: "--bob-port none leaves nothing to serve",
    run: async (stage) => {
      const { code, stderr } = await stage.start(["serve", "--bob-port", "none"]).ended();
      assertEquals(code, 2);
      assertMatch(stderr, /Nothing to serve/);
    },
  },
  {
    name: "a relay that was killed can be started again on its ports at once",
    run: async (stage) => {
      const first = await stage.serve();
      await using _pair = await joinPair(first);
      first.program.kill("SIGKILL");
      await first.program.ended();
      const ports = [String(first.main.port), String(first.secure.port)] as const;
      await assertServes(
        await stage.serve(["--bob-port", ports[0], "--bob-secure-port", ports[1]]),
      );
    },
  },
]);
