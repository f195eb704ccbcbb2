import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { delay } from "@std/async/delay";
import { type Accepted, listenTcp, listenUnix, NetFault } from "../../../lib/net/mod.ts";
import { linesOf, spawnScript } from "../../support/child.ts";
import { hasIpv6 } from "../../support/network.ts";
import { namesIn, withTemporaryFolder } from "../../support/folder.ts";
import { readAll } from "../../support/memory_stream.ts";

const LOOPBACK = { host: "127.0.0.1", port: 0 } as const;

function unexpected(): void {
  throw new Error("Out of descriptors");
}

Deno.test("listenTcp picks a free port and serves every connection on its own", async () => {
  const listening = listenTcp(LOOPBACK);
  const { host, port } = listening.local;
  assertEquals(host, "127.0.0.1");
  assert(port > 0);
  const remotes: string[] = [];
  const serving = listening.serve(async ({ stream, remote }) => {
    remotes.push(`${remote.host}:${remote.port}`);
    const content = await readAll(stream); // the first one waits longest
    await stream.write(content);
    stream.close();
  }, unexpected);
  const clients = await Promise.all(
    Array.from({ length: 20 }, () => Deno.connect({ hostname: host, port })),
  );
  for (const [i, client] of [...clients.entries()].reverse()) {
    await client.write(Uint8Array.of(i));
    await client.closeWrite();
    const buffer = new Uint8Array(9);
    assertEquals(await client.read(buffer), 1);
    assertEquals(buffer[0], i);
  }
  assertEquals(
    remotes.sort(),
    clients.map(({ localAddr }) => `127.0.0.1:${localAddr.port}`).sort(),
  );
  for (const client of clients) client.close();
  listening.close();
  await serving;
});

Deno.test({
  name: "listenTcp on :: takes both families and shows IPv4 peers as IPv4",
  ignore: !hasIpv6(),
  fn: async () => {
    const accepted = Promise.withResolvers<Accepted>();
    const listening = listenTcp({ host: "::", port: 0 });
    const serving = listening.serve(accepted.resolve, unexpected);
    using client = await Deno.connect({ hostname: "127.0.0.1", port: listening.local.port });
    const { remote, stream } = await accepted.promise;
    assertEquals(remote, { host: "127.0.0.1", port: client.localAddr.port });
    stream.close();
    listening.close();
    await serving;
  },
});

Deno.test("Listening.close ends the accepting, not the connections", async () => {
  const accepted = Promise.withResolvers<Accepted>();
  const listening = listenTcp(LOOPBACK);
  const { host: hostname, port } = listening.local;
  const serving = listening.serve(accepted.resolve, unexpected);
  using client = await Deno.connect({ hostname, port });
  const { stream } = await accepted.promise;
  listening.close();
  await serving;
  await assertRejects(() => Deno.connect({ hostname, port }), Deno.errors.ConnectionRefused);
  await stream.write(Uint8Array.of(7));
  assertEquals(await client.read(new Uint8Array(9)), 1);
  stream.close();
});

Deno.test("listenTcp says why it cannot listen", () => {
  const listening = listenTcp(LOOPBACK);
  const { port } = listening.local;
  const cases = [
    [
      { host: "127.0.0.1", port },
      "in-use",
      `Cannot listen on 127.0.0.1:${port}: another program uses this address`,
    ],
    [
      { host: "192.0.2.77", port: 0 }, // for documentation, so no machine has it
      "unavailable",
      "Cannot listen on 192.0.2.77:0: this machine does not have this address",
    ],
  ] as const;
  for (const [at, code, message] of cases) {
    const fault = assertThrows(() => listenTcp(at), NetFault);
    assertEquals([fault.code, fault.message], [code, message]);
  }
  listening.close();
});

Deno.test("listenTcp goes on when peers go away before they are served", async () => {
  let accepted = 0;
  const listening = listenTcp(LOOPBACK);
  const { host: hostname, port } = listening.local;
  const gone = await Promise.all(
    Array.from({ length: 30 }, () => Deno.connect({ hostname, port })),
  );
  for (const client of gone) client.close();
  const served = Promise.withResolvers<void>();
  const serving = listening.serve(({ stream }) => {
    accepted++;
    readAll(stream).then(({ length }) => length === 1 && served.resolve()).finally(() =>
      stream.close()
    );
  }, unexpected);
  using client = await Deno.connect({ hostname, port });
  await client.write(Uint8Array.of(1));
  await client.closeWrite();
  await served.promise;
  assert(accepted >= 1 && accepted <= 31);
  listening.close();
  await serving;
});

Deno.test("listenTcp serves brief sessions as well", async () => {
  const listening = listenTcp(LOOPBACK, { brief: true });
  const { host: hostname, port } = listening.local;
  const serving = listening.serve(async ({ stream }) => {
    await stream.write(await readAll(stream));
    stream.close();
  }, unexpected);
  using client = await Deno.connect({ hostname, port });
  await client.write(Uint8Array.of(5));
  await client.closeWrite();
  assertEquals(await client.read(new Uint8Array(9)), 1);
  listening.close();
  await serving;
});

Deno.test("listenUnix binds a socket for this user alone and removes it at the end", async () => {
  await withTemporaryFolder(async (folder) => {
    const path = `${folder}/socket`;
    const listening = await listenUnix(path);
    assertEquals(namesIn(folder), ["socket"]);
    assertEquals((Deno.lstatSync(path).mode ?? 0) & 0o777, 0o600);
    const accepted = Promise.withResolvers<Accepted>();
    const serving = listening.serve(accepted.resolve, unexpected);
    using client = await Deno.connect({ transport: "unix", path });
    const { stream, remote } = await accepted.promise;
    assertEquals(remote.host, "");
    listening.close();
    await serving;
    assertEquals(namesIn(folder), []);
    await stream.write(Uint8Array.of(7));
    assertEquals(await client.read(new Uint8Array(9)), 1);
    stream.close();
  });
});

Deno.test("listenUnix replaces a socket that was left behind, and nothing else", async () => {
  await withTemporaryFolder(async (folder) => {
    const live = await listenUnix(`${folder}/live`);
    await Deno.writeTextFile(`${folder}/file`, "old");
    await Deno.mkdir(`${folder}/folder`);
    await Deno.symlink("nowhere", `${folder}/dangling`);
    await Deno.symlink("file", `${folder}/link`);
    const names = namesIn(folder);
    for (const name of names) {
      const fault = await assertRejects(() => listenUnix(`${folder}/${name}`), NetFault);
      assertEquals([fault.code, fault.message], [
        "in-use",
        `Cannot listen on unix:${folder}/${name}: it exists and is in use`,
      ]);
    }
    assertEquals(namesIn(folder), names);
    assertEquals(await Deno.readTextFile(`${folder}/file`), "old");

    const stale = `${folder}/stale`;
    const dead = Deno.listen({ transport: "unix", path: `${folder}/bound` });
    await Deno.link(`${folder}/bound`, stale);
    dead.close();
    await assertRejects(() => Deno.connect({ transport: "unix", path: stale }));
    const replacing = await listenUnix(stale);
    const serving = replacing.serve(({ stream }) => stream.close(), unexpected);
    using client = await Deno.connect({ transport: "unix", path: stale });
    assertEquals(await client.read(new Uint8Array(9)), null);
    replacing.close();
    await serving;
    live.close();
    assertEquals(namesIn(folder), names.filter((name) => name !== "live"));
  });
});

Deno.test("listenUnix says why it cannot listen and leaves nothing", async () => {
  await withTemporaryFolder(async (folder) => {
    for (const path of [`${folder}/missing/socket`, `${folder}/${"x".repeat(256)}`]) {
      const fault = await assertRejects(() => listenUnix(path), NetFault);
      assertEquals(fault.message.startsWith(`Cannot listen on unix:${path}: `), true);
    }
    assertEquals(namesIn(folder), []);
  });
});

interface Counts {
  readonly accepted: number;
  readonly exhausted: number;
  readonly cpuMs: number;
}

Deno.test("listenTcp waits while descriptors are exhausted, without spinning, and goes on when there are some", async () => {
  const child = spawnScript("accept_many.ts", { descriptors: 64, stdin: "piped" });
  const lines = linesOf(child.stdout);
  const input = child.stdin.getWriter();
  const next = async () => JSON.parse((await lines.next()).value ?? "{}");
  const ask = async (): Promise<Counts> => {
    await input.write(Uint8Array.of(0x0a));
    return await next();
  };
  const { port } = await next();
  const connect = () => Deno.connect({ hostname: "127.0.0.1", port });
  const clients = await Promise.all(Array.from({ length: 80 }, connect));

  let full = await ask();
  for (let i = 0; i < 100 && full.exhausted === 0; i++, full = await ask()) await delay(20);
  assert(full.exhausted > 0, "descriptors were exhausted");
  await delay(1000);
  const later = await ask();
  // The runtime itself may give a descriptor back meanwhile, so the count may still grow by it.
  assert(later.accepted > 10 && later.accepted < 64, `${later.accepted} accepted`);
  const tries = later.exhausted - full.exhausted;
  assert(tries >= 1 && tries <= 12, `${tries} tries in a second`);
  const cpuMs = later.cpuMs - full.cpuMs;
  assert(cpuMs < 300, `${cpuMs} ms of processor time in a second`);

  for (const client of clients) client.close();
  using client = await connect();
  await client.write(Uint8Array.of(42));
  const buffer = new Uint8Array(9);
  assertEquals(await client.read(buffer), 1);
  assertEquals(buffer[0], 42);
  const recovered = await ask();
  assert(recovered.accepted > later.accepted);

  await input.close();
  client.close();
  const { code } = await child.status;
  for await (const line of lines) throw new Error(`Unexpected output: ${line}`);
  assertEquals(code, 0);
  assertEquals(await new Response(child.stderr).text(), "");
});
