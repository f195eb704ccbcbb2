import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { type Connected, connectTcp, NetFault } from "../../../lib/net/mod.ts";
import { runScript } from "../../support/child.ts";
import { hasIpv6 } from "../../support/network.ts";
import { FakeTime, settle } from "../../support/time.ts";

const FAR_MS = 20_000;

/** A port of 127.0.0.1 that nobody listens on. */
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** The data of one connection, read and written, so that both ends are known to be there. */
async function greet(connected: Connected, listener: Deno.Listener): Promise<void> {
  using accepted = await listener.accept();
  await connected.stream.write(Uint8Array.of(1));
  assertEquals(await accepted.read(new Uint8Array(9)), 1);
  connected.stream.close();
  assertEquals(await accepted.read(new Uint8Array(9)), null);
}

/** An address that answers nothing: a listener whose queue is full. */
async function deafPort(): Promise<{ readonly port: number } & Disposable> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0, tcpBacklog: 1 });
  const { port } = listener.addr;
  const queued: Deno.Conn[] = [];
  try {
    while (true) {
      queued.push(await Deno.connect({ port, signal: AbortSignal.timeout(500) }));
      assert(queued.length < 1000, "the queue takes any number");
    }
  } catch (error) {
    assertEquals(error instanceof DOMException && error.name, "TimeoutError");
  }
  return {
    port,
    [Symbol.dispose]: () => {
      for (const connection of queued) connection.close();
      listener.close();
    },
  };
}

async function connectAndGreet(hostname: string, host: string, remote: string): Promise<void> {
  using listener = Deno.listen({ hostname, port: 0 });
  const { port } = listener.addr;
  const connected = await connectTcp({ host, port }, FAR_MS);
  assertEquals(connected.remote, { host: remote, port });
  assertEquals(connected.local.host, remote);
  assert(connected.local.port > 0);
  await greet(connected, listener);
}

Deno.test("connectTcp connects to an address and tells both ends of the connection", async () => {
  await connectAndGreet("127.0.0.1", "127.0.0.1", "127.0.0.1");
});

Deno.test({
  name: "connectTcp connects over IPv6, and shows an IPv4-mapped address as IPv4",
  ignore: !hasIpv6(),
  fn: async () => {
    await connectAndGreet("::1", "::1", "::1");
    await connectAndGreet("::", "::ffff:127.0.0.1", "127.0.0.1");
  },
});

Deno.test("connectTcp resolves names the way the system does", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const connected = await connectTcp({ host: "localhost", port }, FAR_MS);
  assertEquals(connected.remote, { host: "127.0.0.1", port });
  await greet(connected, listener);
});

Deno.test("connectTcp tries all addresses of a name and takes the first that answers", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const cases = [
    ["127.0.0.2", "127.0.0.1"],
    ["::1", "127.0.0.3", "127.0.0.1"],
    ["127.0.0.1", "127.0.0.2"],
  ];
  for (const addresses of cases) {
    const asked: string[] = [];
    const connected = await connectTcp({ host: "relay.test", port }, FAR_MS, undefined, (host) => {
      asked.push(host);
      return Promise.resolve(addresses);
    });
    assertEquals(asked, ["relay.test"]);
    assertEquals(connected.remote.host, "127.0.0.1");
    await greet(connected, listener);
  }
});

Deno.test("connectTcp gives each address a head start and then tries the next one beside it", async () => {
  using deaf = await deafPort();
  using listener = Deno.listen({ hostname: "127.0.0.2", port: deaf.port });
  const start = performance.now();
  const connected = await connectTcp(
    { host: "relay.test", port: deaf.port },
    FAR_MS,
    undefined,
    () => Promise.resolve(["127.0.0.1", "127.0.0.2"]),
  );
  const elapsed = performance.now() - start;
  assertEquals(connected.remote.host, "127.0.0.2");
  assert(elapsed >= 240 && elapsed < 5000, `${elapsed} ms`);
  await greet(connected, listener);
}); // the leak check proves that the attempt to the deaf address has ended

Deno.test("connectTcp tries an address that is listed twice only once", async () => {
  using deaf = await deafPort();
  using listener = Deno.listen({ hostname: "127.0.0.2", port: deaf.port });
  using time = new FakeTime();
  const connecting = connectTcp(
    { host: "relay.test", port: deaf.port },
    FAR_MS,
    undefined,
    () => Promise.resolve(["127.0.0.1", "127.0.0.1", "127.0.0.2"]),
  );
  let connected: Connected | undefined;
  connecting.then((made) => connected = made);
  await time.advance(250); // one head start
  for (let turns = 0; turns < 500 && connected === undefined; turns++) await settle();
  assert(connected !== undefined);
  await greet(connected, listener);
});

Deno.test("connectTcp says that nobody listens", async () => {
  const port = freePort();
  const cases: readonly (readonly [string, readonly string[], string])[] = [
    ["one address", ["127.0.0.1"], `127.0.0.1:${port}`],
    ["several", ["127.0.0.2", "127.0.0.1", "::1"], `127.0.0.2:${port}`],
  ];
  for (const [name, addresses, at] of cases) {
    const lookUp = () => Promise.resolve(addresses);
    const fault = await assertRejects(
      () => connectTcp({ host: "relay.test", port }, FAR_MS, undefined, lookUp),
      NetFault,
    );
    assertEquals(fault.code, "refused", name);
    assertEquals(fault.message, `Cannot connect to ${at}: nobody listens there`);
  }
});

Deno.test("connectTcp says that a name has no address", async () => {
  const cases = [
    ["nobody.invalid", undefined],
    ["empty.test", () => Promise.resolve([])],
    ["broken.test", () => Promise.reject(new Error("server failure"))],
  ] as const;
  for (const [host, lookUp] of cases) {
    const fault = await assertRejects(
      () => connectTcp({ host, port: 9000 }, FAR_MS, undefined, lookUp),
      NetFault,
    );
    assertEquals(fault.code, "unresolved", host);
    assertEquals(fault.message, `Cannot connect to "${host}": the name has no address`);
  }
});

Deno.test("connectTcp gives up after its time-out and leaves no attempt behind", async () => {
  using deaf = await deafPort();
  using time = new FakeTime();
  const to = { host: "127.0.0.1", port: deaf.port };
  const connecting = assertRejects(() => connectTcp(to, 100), NetFault);
  await time.advance(100); // not as long as the attempt's head start
  const fault = await connecting;
  assertEquals(fault.code, "timeout");
  assertEquals(
    fault.message,
    `Cannot connect to 127.0.0.1:${deaf.port}: no answer within 0.1 s`,
  );
  assertEquals(time.pending, []);
});

Deno.test("connectTcp counts the look-up in its time-out", async () => {
  const lookingUp = Promise.withResolvers<string[]>();
  const fault = await assertRejects(
    () => connectTcp({ host: "slow.test", port: 1 }, 30, undefined, () => lookingUp.promise),
    NetFault,
  );
  assertEquals(fault.code, "timeout");
  lookingUp.resolve(["127.0.0.1"]);
});

Deno.test("connectTcp takes a time-out that is longer than timers are", async () => {
  using time = new FakeTime();
  const lookingUp = Promise.withResolvers<string[]>();
  const connecting = assertRejects(
    () => connectTcp({ host: "slow.test", port: 1 }, 1e11, undefined, () => lookingUp.promise),
    NetFault,
  );
  assertEquals(time.pending, [2 ** 31 - 1]);
  lookingUp.resolve([]);
  assertEquals((await connecting).code, "unresolved");
  assertEquals(time.pending, []);
});

Deno.test("connectTcp rejects with the signal's reason, at once and wherever it is", async () => {
  using deaf = await deafPort();
  const reason = new Error("Ended by SIGINT");
  const never = Promise.withResolvers<string[]>();
  const deafAddress = () => Promise.resolve(["127.0.0.1"]);
  const cases = [
    ["before", deafAddress],
    ["while looking up", () => never.promise],
    ["while connecting", deafAddress],
  ] as const;
  using time = new FakeTime(); // in which no head start ends
  for (const [name, lookUp] of cases) {
    const controller = new AbortController();
    if (name === "before") controller.abort(reason);
    const error = assertRejects(
      () => connectTcp({ host: "a.test", port: deaf.port }, FAR_MS, controller.signal, lookUp),
      Error,
      "Ended by SIGINT",
    );
    await settle();
    controller.abort(reason);
    assertEquals(await error, reason, name);
    assertEquals(time.pending, [], name);
  }
  never.resolve([]);
});

Deno.test("connectTcp lets a signal that is aborted later leave the connection alone", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const controller = new AbortController();
  const { port } = listener.addr;
  const connected = await connectTcp({ host: "127.0.0.1", port }, 1000, controller.signal);
  controller.abort(new Error("later"));
  await greet(connected, listener);
});

Deno.test("connectTcp lets a program end as soon as one address answered", async () => {
  using deaf = await deafPort();
  using listener = Deno.listen({ hostname: "127.0.0.2", port: deaf.port });
  const start = performance.now();
  const running = runScript("connect_once.ts", {
    args: [String(deaf.port), "127.0.0.1", "127.0.0.2"],
  });
  const accepted = await listener.accept();
  const { status, out, err } = await running;
  accepted.close();
  assertEquals([status, err], [0, ""]);
  assertMatch(out, /^127\.0\.0\.2 after [0-9]+ ms\n$/);
  assert(performance.now() - start < 15_000);
});
