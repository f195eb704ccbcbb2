import { assert, assertEquals, assertRejects } from "@std/assert";
import { encodeHex } from "@std/encoding/hex";
import {
  type ClientOptions,
  CofferFault,
  fetchSecrets,
  loadDefinition,
  pingServer,
  ReplyDesk,
  type ReplyDeskOptions,
  type ServerEvent,
  ServerMachine,
  type ServerMachineOptions,
} from "../../../lib/coffer/mod.ts";
import { x25519Node } from "../../../lib/coffer/keys/x25519_node.ts";
import { type ByteStream, Driver, NetFault } from "../../../lib/net/mod.ts";
import { keyPair, random, utf8 } from "../../support/coffer.ts";
import { type MemoryStream, memoryStreamPair } from "../../support/memory_stream.ts";
import { until } from "../../support/within.ts";

const NOW = 1_700_000_000;
const web = keyPair("web");
const server = keyPair("server");

/** Connections to a server of ours, each in memory; `talks` are the servers' ends of them. */
class Town {
  readonly #desk: ReplyDesk;
  readonly #options: ServerMachineOptions;
  readonly timeouts: number[] = [];
  readonly talks: Promise<void>[] = [];

  constructor(options: ServerMachineOptions & Partial<ReplyDeskOptions> = {}) {
    this.#options = options;
    const toml = `[web]\nid = "${encodeHex(web.publicKey)}"\nkey = "value"\n`;
    const definition = loadDefinition(utf8(toml), { otherKeys: [] });
    this.#desk = new ReplyDesk(definition, {
      server,
      x25519: x25519Node,
      random,
      clock: () => NOW,
      ...options,
    });
  }

  readonly connect = (timeoutMs: number): Promise<ByteStream> => {
    this.timeouts.push(timeoutMs);
    const [ours, theirs] = memoryStreamPair();
    const machine = new ServerMachine(this.#desk, this.#options);
    const driver: Driver<ServerEvent> = new Driver(theirs, machine, {
      onEvent: async ({ type }) => {
        if (type === "half-close") await driver.closeWrite();
      },
    });
    this.talks.push(driver.run());
    return Promise.resolve(ours);
  };

  options(more: Partial<ClientOptions> = {}): ClientOptions {
    return { connect: this.connect, client: web, clock: () => NOW, ...more };
  }
}

/** Connects to whoever plays the server by hand. */
function byHand(play: (stream: MemoryStream, number: number) => void): ClientOptions {
  let number = 0;
  const connect = () => {
    const [ours, theirs] = memoryStreamPair();
    play(theirs, number++);
    return Promise.resolve(ours);
  };
  return { connect, client: web };
}

async function readSome(stream: ByteStream): Promise<string> {
  const buffer = new Uint8Array(4096);
  return encodeHex(buffer.subarray(0, await stream.read(buffer) ?? 0));
}

Deno.test("fetchSecrets fetches in the framing that the server speaks", async () => {
  for (const framings of [["wide"], ["narrow"], ["wide", "narrow"]] as const) {
    const town = new Town({ framings });
    const { secrets, authenticated } = await fetchSecrets(town.options());
    assertEquals(secrets, new Map([["key", { type: "String", value: "value" }]]));
    assertEquals(authenticated, false);
    assertEquals(town.talks.length, framings[0] === "narrow" ? 2 : 1);
    await Promise.all(town.talks);
  }
});

Deno.test("fetchSecrets never speaks narrow unless the server answered so, or it was told to", async () => {
  const town = new Town({ framings: ["narrow"] });
  const fault = await assertRejects(
    () => fetchSecrets(town.options({ protocol: "wide" })),
    CofferFault,
  );
  assertEquals([fault.code, town.talks.length], ["bad-frame", 1]);
  assert(fault.message.includes("--protocol narrow"));
  const told = new Town({ framings: ["narrow"] });
  await fetchSecrets(told.options({ protocol: "narrow" }));
  assertEquals(told.talks.length, 1);
  await Promise.all([...town.talks, ...told.talks]);
});

Deno.test("fetchSecrets proves the server's key, trying the keys of a rotation in turn", async () => {
  const town = new Town();
  const keys = [keyPair("app").publicKey, server.publicKey];
  const { authenticated } = await fetchSecrets(town.options({ serverKeys: keys }));
  assertEquals([authenticated, town.talks.length], [true, 2]);
  const fault = await assertRejects(
    () => fetchSecrets(town.options({ serverKeys: [keyPair("app").publicKey] })),
    CofferFault,
  );
  assertEquals(fault.code, "not-authenticated");
  const plain = await fetchSecrets(
    town.options({ serverKeys: [keyPair("app").publicKey], allowUnauthenticated: true }),
  );
  assertEquals(plain.authenticated, false);
  await Promise.all(town.talks);
});

Deno.test("fetchSecrets gives each connection five seconds, and all together its time-out", async () => {
  const town = new Town({ framings: ["narrow"] });
  await fetchSecrets(town.options());
  await fetchSecrets(town.options({ timeoutMs: 2000 }));
  const [first = 0, , third = 0, last = 0] = town.timeouts;
  assertEquals(first, 5000);
  assert(third <= 2000 && last < third);
  await Promise.all(town.talks);
});

Deno.test("fetchSecrets says Bye before it rejects with the signal's reason", async () => {
  const over = new AbortController();
  const received: string[] = [];
  const options = byHand(async (stream) => {
    received.push(await readSome(stream));
    over.abort(new Error("called off"));
    received.push(await readSome(stream), await readSome(stream));
    await stream.closeWrite();
  });
  await assertRejects(
    () => fetchSecrets({ ...options, signal: over.signal }),
    Error,
    "called off",
  );
  assertEquals(received.map((hex) => hex.slice(-18)), [
    "000000000000000002",
    "000000000000000099",
    "",
  ]);
});

Deno.test("fetchSecrets takes a reset for what it is: no answer", async () => {
  const options = byHand(async (stream) => {
    await readSome(stream);
    stream.reset();
  });
  const fault = await assertRejects(() => fetchSecrets(options), CofferFault);
  assertEquals(fault.code, "closed");
  assert(fault.message.includes("--protocol narrow"));
  await assertRejects(() => pingServer(options), NetFault);
});

Deno.test("fetchSecrets does not mind a reset behind the reply", async () => {
  const town = new Town();
  const options = town.options({
    connect: async (timeoutMs) => {
      const stream = await town.connect(timeoutMs);
      let replied = false;
      return {
        read: async (into) => {
          if (replied) throw new NetFault("lost", "Cannot read: reset");
          replied = true;
          return await stream.read(into);
        },
        write: (bytes) => stream.write(bytes),
        closeWrite: () => stream.closeWrite(),
        close: () => stream.close(),
      };
    },
  });
  assertEquals((await fetchSecrets(options)).secrets.size, 1);
  await Promise.all(town.talks);
});

Deno.test("pingServer fetches nothing, in both framings", async () => {
  for (const protocol of ["wide", "narrow", "auto"] as const) {
    const town = new Town();
    await pingServer(town.options({ protocol }));
    await Promise.all(town.talks);
    assertEquals(town.talks.length, 1);
  }
  let seen = "";
  const options = byHand(async (stream) => {
    seen = await readSome(stream);
    await stream.closeWrite();
  });
  await pingServer(options);
  await until(() => seen !== "", "the greeting");
  assertEquals(seen.slice(-18), "000000000000000099");
  assertEquals(seen.length, 2 * 50);
});
