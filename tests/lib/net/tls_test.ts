import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { connectTls, NetFault } from "../../../lib/net/mod.ts";
import { withTemporaryFolder } from "../../support/folder.ts";
import { haveCommands, makeCertificate } from "../../support/irc_server.ts";
import { freePort } from "../../support/network.ts";

const present = haveCommands("openssl");

interface TlsStage {
  readonly port: number;
  readonly authority: string;
}

/** Runs with a server that says what it hears; openssl makes its certificate. */
function withServer(name: string, test: (stage: TlsStage) => Promise<void>): void {
  Deno.test({
    name: present ? name : `${name} (skipped: there is no openssl on this machine)`,
    ignore: !present,
    fn: () =>
      withTemporaryFolder(async (folder) => {
        await makeCertificate(folder);
        const read = (file: string) => Deno.readTextFileSync(`${folder}/${file}`);
        const listener = Deno.listenTls({
          hostname: "127.0.0.1",
          port: 0,
          cert: read("server.pem"),
          key: read("server.key"),
        });
        const serving = echo(listener);
        try {
          await test({ port: listener.addr.port, authority: read("ca.pem") });
        } finally {
          listener.close();
          await serving;
        }
      }),
  });
}

async function echo(listener: Deno.TlsListener): Promise<void> {
  const talks: Promise<void>[] = [];
  const talk = async (connection: Deno.TlsConn) => {
    const buffer = new Uint8Array(100);
    try {
      for (
        let count = await connection.read(buffer);
        count !== null;
        count = await connection.read(buffer)
      ) await connection.write(buffer.subarray(0, count));
    } catch {
      return; // a client that does not trust us
    } finally {
      connection.close();
    }
  };
  try {
    while (true) talks.push(talk(await listener.accept()));
  } catch {
    await Promise.all(talks); // the listener was closed
  }
}

async function faultOf(operation: () => Promise<unknown>): Promise<NetFault> {
  return await assertRejects(operation, NetFault);
}

withServer(
  "connectTls: bytes go both ways under a known authority",
  async ({ port, authority }) => {
    for (const host of ["127.0.0.1", "localhost"]) {
      const stream = await connectTls({ host, port }, 5000, { authorities: [authority] });
      await stream.write(new TextEncoder().encode("hello"));
      const buffer = new Uint8Array(100);
      const count = await stream.read(buffer);
      assertEquals(new TextDecoder().decode(buffer.subarray(0, count ?? 0)), "hello");
      stream.close();
      stream.close();
    }
  },
);

withServer("connectTls: refuses an unknown authority, and says so", async ({ port }) => {
  const fault = await faultOf(() => connectTls({ host: "127.0.0.1", port }, 5000, {}));
  assertEquals(fault.code, "untrusted");
  assertMatch(fault.message, /^Cannot trust 127\.0\.0\.1:\d+: .* no authority known here$/);
});

withServer("connectTls: refuses a certificate for another name", async ({ port, authority }) => {
  const other = { host: "127.0.0.2", port };
  const listener = Deno.listen({ hostname: "127.0.0.2", port: 0 });
  const forwarding = (async () => {
    const [from, to] = [
      await listener.accept(),
      await Deno.connect({ hostname: "127.0.0.1", port }),
    ];
    const ignore = () => {};
    await Promise.all([
      from.readable.pipeTo(to.writable).catch(ignore),
      to.readable.pipeTo(from.writable).catch(ignore),
    ]);
  })();
  const at = { ...other, port: (listener.addr as Deno.NetAddr).port };
  const fault = await faultOf(() => connectTls(at, 5000, { authorities: [authority] }));
  assertEquals(fault.code, "untrusted");
  assertMatch(fault.message, /its certificate is for another name$/);
  listener.close();
  await forwarding;
});

Deno.test("connectTls: a server that does not speak TLS, and one that says nothing", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const to = { host: "127.0.0.1", port: listener.addr.port };
  const plain = listener.accept();
  const connecting = faultOf(() => connectTls(to, 5000, {}));
  const connection = await plain;
  await connection.write(new TextEncoder().encode("NOTICE * :hello\r\n"));
  const fault = await connecting;
  connection.close();
  assertEquals([fault.code, /does not speak TLS there$/.test(fault.message)], ["untrusted", true]);
  const silent = listener.accept();
  const late = await faultOf(() => connectTls(to, 300, {}));
  assertEquals(late.code, "timeout");
  (await silent).close();
  listener.close();
});

Deno.test("connectTls: nobody listens, or somebody gives up", async () => {
  const to = { host: "127.0.0.1", port: freePort() };
  assertEquals((await faultOf(() => connectTls(to, 5000, {}))).code, "refused");
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const controller = new AbortController();
  const reason = new Error("given up");
  const accepted = listener.accept();
  const connecting = connectTls(
    { host: "127.0.0.1", port: listener.addr.port },
    5000,
    {},
    controller.signal,
  );
  (await accepted).close();
  controller.abort(reason);
  await assertRejects(() => connecting);
  listener.close();
});

Deno.test("connectTls: an authority that is none", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepted = listener.accept();
  const to = { host: "127.0.0.1", port: listener.addr.port };
  const pem = "-----BEGIN CERTIFICATE-----\nbm9uZQ==\n-----END CERTIFICATE-----\n";
  const fault = await faultOf(() => connectTls(to, 5000, { authorities: [pem] }));
  assertMatch(fault.message, /^Cannot /);
  (await accepted).close();
  listener.close();
});
