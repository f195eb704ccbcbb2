// `relay serve`: what can happen to it, row by row of the table in its help, and what its options do.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { SERVE } from "../../cmd/relay/args.ts";
import type { HostPort } from "../../lib/net/mod.ts";
import { assertServes, playReceiver, playSender } from "../support/bob_peers.ts";
import { namesIn } from "../support/folder.ts";
import { testOutcomes, type Variant } from "../support/outcomes.ts";
import { RawConnection } from "../support/raw_connection.ts";
import type { RelayPorts } from "../support/relay_program.ts";
import { type Stage, testOnStages } from "../support/relay_stage.ts";
import { until, within } from "../support/within.ts";

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

/** A pair whose bytes go through the relay. */
async function joinPair(relay: RelayPorts) {
  const code = crypto.randomUUID();
  const [from, to] = [playSender(relay, code), playReceiver(relay, code)];
  return {
    sender: await from.channel(),
    receiver: await to.channel(),
    [Symbol.asyncDispose]: async () => {
      await from[Symbol.asyncDispose]();
      await to[Symbol.asyncDispose]();
    },
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

/** What a limit turns away, and what it lets in. */
testOnStages("relay serve: limits", [
  {
    name: "--max-per-address: one more is turned away, until another one leaves",
    run: async (stage) => {
      const relay = await stage.serve(["--max-per-address", "2"]);
      using _one = await RawConnection.hello(relay.main, "client");
      {
        using _two = await RawConnection.hello(relay.main, "client");
        await assertTurnedAway(relay.main);
        await relay.program.waitFor("stderr", /refused a connection.*reason=too-many-of-address/);
      }
      await untilServed(() => RawConnection.hello(relay.main, "client"));
    },
  },
  {
    name: "--max-connections: a quarter is left to other protocols",
    run: async (stage) => {
      const relay = await stage.serve(["--max-connections", "4", "--metrics", `${HOST}:0`]);
      using _one = await RawConnection.hello(relay.main, "client");
      using _two = await RawConnection.hello(relay.main, "client");
      using _three = await RawConnection.hello(relay.main, "client");
      await assertTurnedAway(relay.main);
      const numbers = await readNumbers(relay.metrics);
      assertEquals(numbers['sallyport_connections{protocol="bob"}'], 3);
      const refused = 'sallyport_refused_total{protocol="bob",reason="too-many-of-protocol"}';
      assertEquals(numbers[refused], 1);
    },
  },
  {
    name: "--max-rooms: a peer too many is told, and the others wait on",
    run: async (stage) => {
      const relay = await stage.serve(["--max-rooms", "2"]);
      using one = await RawConnection.hello(relay.main, "client");
      using _two = await RawConnection.hello(relay.main, "client");
      using three = await RawConnection.open(relay.main);
      await three.send({ type: "hello-as-a-client", uid: 0 });
      assertEquals((await three.packet("closed")).peer, 0);
      await one.send({ type: "hello-as-a-client", uid: 0 });
      await one.packet("client-identity");
    },
  },
  {
    name: "--max-waiting: the same for one address",
    run: async (stage) => {
      const relay = await stage.serve(["--max-waiting", "1"]);
      using _one = await RawConnection.hello(relay.main, "client");
      using two = await RawConnection.open(relay.main);
      await two.send({ type: "hello-as-a-client", uid: 0 });
      assertEquals((await two.packet("closed")).peer, 0);
    },
  },
  {
    name: "--handshakes: more in a second are turned away",
    run: async (stage) => {
      const relay = await stage.serve(["--handshakes", "2,100"]);
      const all = await Promise.all(
        Array.from({ length: 8 }, () => RawConnection.open(relay.main)),
      );
      await relay.program.waitFor("stderr", /reason=too-many-handshakes/);
      for (const connection of all) connection[Symbol.dispose]();
      await untilServed(() => RawConnection.hello(relay.main, "client"));
    },
  },
  {
    name: "--allow: others are turned away",
    run: async (stage) => {
      const relay = await stage.serve(["--allow", "10.0.0.0/8", "--allow", "192.168.0.0/16"]);
      await assertTurnedAway(relay.main);
      await assertTurnedAway(relay.secure);
      await relay.program.waitFor("stderr", /peer=127\.0\.0\.1 reason=not-allowed/);
    },
  },
  {
    name: "--allow: those that are named are served",
    run: async (stage) =>
      await assertServes(await stage.serve(["--allow", "10.0.0.0/8", "--allow", "127.0.0.1"])),
  },
  {
    name: "--handshake-timeout: whoever says nothing is closed, on both ports",
    run: async (stage) => {
      const relay = await stage.serve(["--handshake-timeout", "0.5"]);
      using main = await RawConnection.open(relay.main);
      using secure = await RawConnection.open(relay.secure);
      assertEquals([await main.rest(), await secure.rest()], ["", "01"]);
    },
  },
  {
    name: "--wait-timeout: the peer is told, and those that counted on it",
    run: async (stage) => {
      const relay = await stage.serve(["--wait-timeout", "1"]);
      using server = await RawConnection.hello(relay.main, "server");
      using client = await RawConnection.hello(relay.main, "client");
      const { server: uid } = await client.packet("new-server");
      await server.packet("timeout");
      assertEquals(await server.rest(), "");
      assertEquals((await client.packet("closed")).peer, uid);
      await client.packet("timeout");
      assertEquals(await client.rest(), "");
    },
  },
  {
    name: "--wait-timeout: months are longer than a timer of the runtime",
    run: async (stage) => {
      const relay = await stage.serve(["--wait-timeout", "10000000", "--log-level", "debug"]);
      using _client = await RawConnection.hello(relay.main, "client");
      await assertServes(relay);
      assert(!relay.program.stderr.includes("TimeoutOverflowWarning"), relay.program.stderr);
    },
  },
  {
    name: "--idle-timeout: a pair without a byte is ended with the marker",
    run: async (stage) => {
      const relay = await stage.serve(["--idle-timeout", "0.5"]);
      await using pair = await joinPair(relay);
      assertEquals(await pair.sender.ending(), "marker");
      assertEquals(await pair.receiver.read(), []);
    },
  },
  {
    name: "--max-rate: a transfer takes as long as it must",
    run: async (stage) => {
      const relay = await stage.serve(["--max-rate", "1M"]);
      await using pair = await joinPair(relay);
      const started = performance.now();
      const records = Array.from({ length: 80 }, () => new Uint8Array(32_767));
      const [, received] = await Promise.all([pair.sender.write(records), pair.receiver.read(80)]);
      assertEquals(received.length, 80);
      // 2.5 MiB: the first one is the allowance of one second.
      const seconds = (performance.now() - started) / 1000;
      assert(seconds > 1.2, `${seconds} s are not enough for 2.5 MiB at 1 MiB a second`);
    },
  },
]);

testOnStages("relay serve: hostile input does not stop it", [
  {
    name: "a packet may have 408 bytes, not 409",
    run: async ({ relay }) => {
      using server = await RawConnection.hello(relay.main, "server");
      using client = await RawConnection.hello(relay.main, "client");
      const { server: uid } = await client.packet("new-server");
      const x = new Uint8Array(32);
      const identity = new Uint8Array(408 - 6 - 32 - 1).fill(0x78);
      await client.send({ type: "x-and-client-identity", uid, x, identity });
      assertEquals((await server.packet("x-and-client-identity")).identity.length, 369);
      using other = await RawConnection.hello(relay.main, "client");
      await other.packet("new-server");
      await other.send("000107", x, new Uint8Array(371).fill(0x78));
      assertEquals(await other.rest(), "");
    },
  },
  {
    name: "noise on both ports, in one piece and byte by byte",
    run: async ({ relay }) => {
      const noises = ["x", "\0".repeat(600), "zz0000", "0000ff", "00000c?0001", "\xff\xfe\n\n\r\0"];
      for (const at of [relay.main, relay.secure]) {
        for (const noise of noises) {
          using whole = await RawConnection.open(at);
          await whole.send(noise);
          await whole.endWriting();
          using pieces = await RawConnection.open(at);
          for (const character of noise.slice(0, 20)) await pieces.send(character);
          await pieces.endWriting();
          await Promise.all([whole.rest(), pieces.rest()]);
        }
      }
    },
  },
  {
    name: "a peer that never reads holds up nobody",
    run: async ({ relay }) => {
      using _deaf = await RawConnection.hello(relay.main, "client");
      for (let i = 0; i < 20; i++) {
        (await RawConnection.hello(relay.main, "server"))[Symbol.dispose]();
      }
      await assertServes(relay);
    },
  },
]);

testOnStages("relay serve: ready, log and numbers", [
  {
    name: "one object says with real ports where it listens",
    run: async (stage) => {
      const options = ["--listen", HOST, "--bob-port", "0", "--bob-secure-port", "0"];
      const relay = stage.start(["serve", "--log", "json", "--metrics", `${HOST}:0`, ...options]);
      const [line] = await relay.waitFor("stderr", /^.*"event":"ready".*$/m);
      const { level, time, listeners } = JSON.parse(line);
      assertEquals(level, "info");
      assert(Math.abs(Date.parse(time) - Date.now()) < 60_000, time);
      assertEquals(
        listeners.map(({ port, ...rest }: { port: number }) => ({ ...rest, real: port > 1023 })),
        ["bob", "bob-secure", "metrics"].map((protocol) => ({
          ...{ protocol, transport: "tcp", host: HOST, real: true },
        })),
      );
      const [main, secure] = listeners as [HostPort, HostPort];
      await assertServes({ main, secure });
      relay.kill("SIGTERM");
      assertEquals((await relay.ended()).code, 0);
      for (const line of relay.stderr.trim().split("\n")) JSON.parse(line);
      assertEquals(relay.stdout, "");
    },
  },
  {
    name: "tells the service manager that it is ready",
    run: async (stage) => {
      await using manager = new Manager(stage);
      await stage.serve([], { env: manager.env });
      assertEquals(await manager.told(), "READY=1");
    },
  },
  {
    name: "serves without a service manager that can be told",
    run: async (stage) => {
      const env = { NOTIFY_SOCKET: `${stage.tmp}/nothing-there` };
      await assertServes(await stage.serve([], { env }));
    },
  },
  {
    name: "serves on when nobody reads its log any more",
    run: async (stage) => {
      const relay = await stage.serve([], {
        through: ["bash", "-c", 'exec "$0" "$@" 2> >(head -n 3 >&2)'],
      });
      for (let i = 0; i < 5; i++) {
        using connection = await RawConnection.open(relay.main);
        await connection.send("no packet");
        await connection.rest();
      }
      await assertServes(relay);
    },
  },
  {
    name: "--log-level error: nothing where nothing is wrong",
    run: async (stage) => {
      const ports = ["--bob-port", "0", "--bob-secure-port", "0", "--metrics", `${HOST}:0`];
      const words = ["serve", "--listen", HOST, ...ports, "--log-level", "error"];
      await using manager = new Manager(stage);
      const relay = stage.start(words, { env: manager.env });
      await manager.told();
      relay.kill("SIGTERM");
      assertEquals((await relay.ended()).stderr, "");
    },
  },
  {
    name: "numbers for Prometheus",
    run: async (stage) => {
      const relay = await stage.serve(["--metrics", `${HOST}:0`]);
      using _client = await RawConnection.hello(relay.main, "client");
      {
        await using pair = await joinPair(relay);
        await pair.sender.write([new Uint8Array(1000)]);
        await pair.receiver.read(1);
        const during = await readNumbers(relay.metrics);
        assertEquals(during['sallyport_rooms{protocol="bob",state="joined"}'], 1);
        assertEquals(during['sallyport_connections{protocol="bob"}'], 3);
      }
      await relay.program.waitFor("stderr", /transfer ended/);
      using bad = await RawConnection.open(relay.main);
      await bad.send("no packet");
      await bad.rest();
      const numbers = await readNumbers(relay.metrics);
      assertEquals(numbers['sallyport_waiting{protocol="bob",role="receiver"}'], 1);
      assertEquals(numbers['sallyport_waiting{protocol="bob",role="sender"}'], 0);
      assertEquals(numbers['sallyport_rooms{protocol="bob",state="joined"}'], 0);
      assertEquals(numbers['sallyport_accepted_total{protocol="bob"}'], 6);
      assertEquals(numbers['sallyport_bytes_total{protocol="bob"}'], 1018);
      assertEquals(numbers['sallyport_refused_total{protocol="bob",reason="malformed"}'], 1);
    },
  },
  {
    name: "no numbers elsewhere, and none for what is no request",
    run: async (stage) => {
      const relay = await stage.serve(["--metrics", `${HOST}:0`]);
      assertMatch(await request(relay.metrics, "GET / HTTP/1.1\r\n\r\n"), /^HTTP\/1\.1 404 /);
      assertMatch(await request(relay.metrics, "POST /metrics HTTP/1.1\r\n\r\n"), /^HTTP\/1\.1 40/);
      assertEquals(await request(relay.metrics, `GET /${"x".repeat(20_000)} `), "");
      assertMatch(await request(relay.metrics, "HEAD /metrics HTTP/1.1\r\n\r\n"), /\r\n\r\n$/);
      await assertServes(relay);
    },
  },
]);

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

/** What a program tells its service manager. */
class Manager implements AsyncDisposable {
  readonly #folder: string;
  readonly #socket: Deno.DatagramConn;

  constructor({ tmp }: Stage) {
    this.#folder = tmp;
    this.#socket = Deno.listenDatagram({ transport: "unixpacket", path: `${tmp}/manager` });
  }

  get env(): Record<string, string> {
    return { NOTIFY_SOCKET: `${this.#folder}/manager` };
  }

  /** The next message, after which the program has removed its own socket. */
  async told(): Promise<string> {
    const [message] = await within(this.#socket.receive(), "a message for the manager");
    await until(() => namesIn(this.#folder).length === 1, "the end of the program's socket");
    return new TextDecoder().decode(message);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close();
    if (namesIn(this.#folder).includes("manager")) await Deno.remove(`${this.#folder}/manager`);
  }
}

async function assertTurnedAway(at: HostPort): Promise<void> {
  using connection = await RawConnection.open(at);
  assertEquals(await connection.rest(), "");
}

/** The relay sees a connection's end a moment after we do. */
async function untilServed(connect: () => Promise<RawConnection>): Promise<void> {
  for (let tries = 0;; tries++) {
    try {
      (await connect())[Symbol.dispose]();
      return;
    } catch (error) {
      if (tries === 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

async function request(at: HostPort | undefined, text: string): Promise<string> {
  if (at === undefined) throw new Error("The relay serves no numbers");
  using connection = await RawConnection.open(at);
  await connection.send(text);
  return await connection.rest();
}

/** The numbers by name and labels. */
async function readNumbers(at: HostPort | undefined): Promise<Record<string, number>> {
  const response = await request(at, "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const [head = "", body = ""] = response.split("\r\n\r\n");
  assertMatch(head, /^HTTP\/1\.1 200 OK\r\n/);
  assertMatch(head, /Content-Type: text\/plain; version=0\.0\.4/);
  const lines = body.trim().split("\n").filter((line) => !line.startsWith("#"));
  return Object.fromEntries(lines.map((line) => {
    const [, name, value] = /^(\w+(?:\{.*\})?) (\d+)$/.exec(line) ?? [];
    assert(name !== undefined, `No number: ${line}`);
    return [name, Number(value)];
  }));
}
