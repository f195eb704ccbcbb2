import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { DenoStream, NetFault, type NetFaultCode, toNetFault } from "../../../lib/net/mod.ts";
import { hasProgram } from "../../support/child.ts";
import { withTemporaryFolder } from "../../support/folder.ts";
import { readAll } from "../../support/memory_stream.ts";
import { settle } from "../../support/time.ts";

const LARGE = 4 * 1024 * 1024; // more than the system's buffers hold

interface Pair extends Disposable {
  readonly ours: DenoStream;
  readonly theirs: DenoStream;
}

async function tcpPair(): Promise<Pair> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  return toPair(await Promise.all([Deno.connect({ port }), listener.accept()]));
}

async function unixPair(path: string): Promise<Pair> {
  using listener = Deno.listen({ transport: "unix", path });
  const connecting = Deno.connect({ transport: "unix", path });
  return toPair(await Promise.all([connecting, listener.accept()]));
}

function toPair(connections: readonly [Deno.Conn, Deno.Conn]): Pair {
  const [ours, theirs] = [
    new DenoStream(connections[0], "10.0.0.1:9000"),
    new DenoStream(connections[1], "10.0.0.2:40000"),
  ];
  return {
    ours,
    theirs,
    [Symbol.dispose]: () => {
      ours.close();
      theirs.close();
    },
  };
}

/** Runs over TCP and over a unix socket. */
function overBoth(name: string, run: (pair: Pair) => Promise<void>): void {
  Deno.test(`${name} (TCP)`, async () => {
    using pair = await tcpPair();
    await run(pair);
  });
  Deno.test(`${name} (unix)`, async () => {
    await withTemporaryFolder(async (folder) => {
      using pair = await unixPair(`${folder}/socket`);
      await run(pair);
    });
  });
}

async function codeOf(operation: () => Promise<unknown>): Promise<NetFaultCode> {
  return (await assertRejects(operation, NetFault)).code;
}

overBoth("DenoStream writes all of a large array", async ({ ours, theirs }) => {
  const content = new Uint8Array(LARGE).map((_, i) => i * 7);
  const received = readAll(theirs);
  await ours.write(content);
  await ours.write(new Uint8Array());
  ours.close();
  assertEquals(await received, content);
});

overBoth("DenoStream.closeWrite ends one direction only", async ({ ours, theirs }) => {
  await ours.write(Uint8Array.of(1));
  await ours.closeWrite();
  assertEquals(await readAll(theirs), Uint8Array.of(1));
  await theirs.write(Uint8Array.of(2));
  await theirs.closeWrite();
  assertEquals(await readAll(ours), Uint8Array.of(2));
  assertEquals(await ours.read(new Uint8Array(1)), null, "again at the end");
});

overBoth("DenoStream.close fails what waits with code closed", async ({ ours }) => {
  const fault = assertRejects(() => ours.read(new Uint8Array(1)), NetFault);
  await settle();
  ours.close();
  assertEquals((await fault).code, "closed");
  assertEquals((await fault).message, "Cannot read from 10.0.0.1:9000: closed");
});

overBoth("DenoStream.close fails a write that waits for the peer", async ({ ours }) => {
  const fault = assertRejects(() => ours.write(new Uint8Array(LARGE * 8)), NetFault);
  await settle();
  ours.close();
  assertEquals((await fault).code, "closed");
});

overBoth("DenoStream is closed for good, and closing again is harmless", async ({ ours }) => {
  ours.close();
  ours.close();
  assertEquals(await codeOf(() => ours.read(new Uint8Array(1))), "closed");
  assertEquals(await codeOf(() => ours.write(Uint8Array.of(1))), "closed");
  assertEquals(await codeOf(() => ours.closeWrite()), "closed");
});

overBoth(
  "DenoStream.write fails with code lost when the peer is gone",
  async ({ ours, theirs }) => {
    theirs.close();
    const fault = await assertRejects(async () => {
      for (let i = 0; i < 100; i++) await ours.write(new Uint8Array(100_000));
    }, NetFault);
    assertEquals(fault.code, "lost");
    assertMatch(fault.message, /^Cannot write to 10\.0\.0\.1:9000: (Broken pipe|Connection reset)/);
  },
);

const RESET = `
import socket, struct, sys
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
s.sendall(b"x")
s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
s.recv(1)
s.close()
`;

Deno.test({
  name: "DenoStream.read fails with code lost when the peer resets the connection",
  ignore: !hasProgram("python3"),
  fn: async () => {
    // The runtime has no way to send a reset, so another one does.
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const port = String(listener.addr.port);
    const resetting = new Deno.Command("python3", { args: ["-c", RESET, port] }).output();
    const ours = new DenoStream(await listener.accept(), "10.0.0.1:9000");
    try {
      assertEquals(await ours.read(new Uint8Array(9)), 1);
      await ours.write(Uint8Array.of(1));
      const fault = await assertRejects(() => ours.read(new Uint8Array(9)), NetFault);
      assertEquals(fault.code, "lost");
      assertEquals(fault.message, "Cannot read from 10.0.0.1:9000: Connection reset by peer");
    } finally {
      ours.close();
      await resetting;
    }
  },
});

Deno.test("toNetFault gives each error of the platform a code and a reason for people", () => {
  const { errors } = Deno;
  const cases: readonly (readonly [Error, NetFaultCode, string])[] = [
    [new errors.ConnectionRefused("refused (os error 111)"), "refused", "nobody listens there"],
    [new errors.NotFound("No such file (os error 2)"), "refused", "nobody listens there"],
    [new errors.ConnectionReset("Reset by peer (os error 104)"), "lost", "Reset by peer"],
    [new errors.ConnectionAborted("Aborted (os error 103)"), "lost", "Aborted"],
    [new errors.BrokenPipe("Broken pipe (os error 32)"), "lost", "Broken pipe"],
    [new errors.NotConnected("Not connected (os error 107)"), "lost", "Not connected"],
    [new errors.UnexpectedEof("end of file"), "lost", "end of file"],
    [new errors.TimedOut("timed out (os error 110)"), "timeout", "no answer in time"],
    [new errors.AddrInUse("in use (os error 98)"), "in-use", "another program uses this address"],
    [
      new errors.AddrNotAvailable("not available (os error 99)"),
      "unavailable",
      "this machine does not have this address",
    ],
    [new errors.PermissionDenied("denied (os error 13)"), "denied", "not permitted"],
    [new errors.NotCapable("Requires net access"), "denied", "not permitted"],
    [new errors.Interrupted("operation canceled"), "closed", "was closed on this side"],
    [new errors.BadResource("Bad resource ID"), "closed", "was closed on this side"],
    [new Error("Network is unreachable (os error 101)"), "unreachable", "no route to this host"],
    [new Error("No route to host (os error 113)"), "unreachable", "no route to this host"],
    [new Error("Too many open files (os error 24)"), "exhausted", "out of file descriptors"],
    [new Error("Too many open files (os error 23)"), "exhausted", "out of file descriptors"],
    [new Error("Cannot allocate memory (os error 12)"), "exhausted", "or memory"],
    [new Error("No buffer space (os error 105)"), "exhausted", "out of file descriptors"],
    [new Error("Protocol error (os error 71)"), "lost", "Cannot try it: Protocol error"],
    [new Error("No child processes (os error 10)"), "lost", "Cannot try it: No child processes"],
  ];
  for (const [error, code, reason] of cases) {
    const fault = toNetFault(error, "try it");
    assertEquals(fault.code, code, error.message);
    assert(fault.message.startsWith("Cannot try it: "), fault.message);
    assert(fault.message.includes(reason), fault.message);
    assert(!/os error/.test(fault.message), fault.message);
    assertEquals(fault.cause, error);
  }
});

Deno.test("toNetFault passes a fault through and takes what is no error", () => {
  const fault = new NetFault("timeout", "Cannot read: no answer");
  assertEquals(toNetFault(fault, "write"), fault);
  assertEquals(toNetFault("torn", "write").message, "Cannot write: torn");
});
