// What `relay serve` tells its operator: readiness, log, numbers.

import { assert, assertEquals, assertMatch } from "@std/assert";
import type { HostPort } from "../../lib/net/mod.ts";
import { assertServes, joinPair } from "../support/bob_peers.ts";
import { namesIn } from "../support/folder.ts";
import { readNumbers, request } from "../support/numbers.ts";
import { RawConnection } from "../support/raw_connection.ts";
import { type Stage, testOnStages } from "../support/relay_stage.ts";
import { until, within } from "../support/within.ts";

const HOST = "127.0.0.1";

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
