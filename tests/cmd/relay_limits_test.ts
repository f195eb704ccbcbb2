// What the limits of `relay serve` turn away, what they let in, and what hostile input does to it.

import { assert, assertEquals } from "@std/assert";
import type { HostPort } from "../../lib/net/mod.ts";
import { assertServes, joinPair } from "../support/bob_peers.ts";
import { readNumbers } from "../support/numbers.ts";
import { RawConnection } from "../support/raw_connection.ts";
import { testOnStages } from "../support/relay_stage.ts";

const HOST = "127.0.0.1";

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
          await babble(at, [noise]);
          await babble(at, [...noise.slice(0, 20)]);
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

/** Sends what makes no sense, for as long as the relay listens, and waits for the end. */
async function babble(at: HostPort, pieces: readonly string[]): Promise<void> {
  using connection = await RawConnection.open(at);
  try {
    for (const piece of pieces) await connection.send(piece);
    await connection.endWriting();
  } catch (error) {
    const { BrokenPipe, ConnectionReset, NotConnected } = Deno.errors;
    if (![BrokenPipe, ConnectionReset, NotConnected].some((type) => error instanceof type)) {
      throw error;
    }
  }
  await connection.rest();
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
