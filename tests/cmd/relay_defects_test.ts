// Defects of the original that concern a program as a whole (bob protocol, section 10): ours does
// not have them, or bears with them. Names of files (10.11) are in relay_names_test.ts, both
// generations (10.1) in relay_transfer_test.ts.

import { assert, assertEquals, assertMatch, assertNotEquals, assertRejects } from "@std/assert";
import { concat } from "@std/bytes/concat";
import { decodeHex } from "@std/encoding/hex";
import { deflateSync } from "node:zlib";
import { systemRandom } from "../../lib/code/mod.ts";
import { startClient } from "../../lib/spoke/mod.ts";
import { parseCpuSeconds } from "../bench/process.ts";
import { RECORD_SESSIONS } from "../lib/bob/sessions.ts";
import { assertServes, playReceiver, playSender } from "../support/bob_peers.ts";
import { readProcess } from "../support/proc.ts";
import type { Program } from "../support/program.ts";
import { RawConnection } from "../support/raw_connection.ts";
import {
  blobOf,
  commitOf,
  directoryPieces,
  filePieces,
  hashOf,
  KIND,
  objectHeader,
  packPieces,
  toBytes,
  treeOf,
} from "../support/raw_pack.ts";
import type { RelayPorts } from "../support/relay_program.ts";
import { type Stage, testOnStages } from "../support/relay_stage.ts";
import { CODE, receivePlayed, WITH_CODE } from "../support/relay_transfers.ts";

/** Connects as a server and a client that have been told of each other. */
async function meetRaw(relay: RelayPorts) {
  const server = await RawConnection.hello(relay.main, "server");
  const client = await RawConnection.hello(relay.main, "client");
  const { server: uid } = await client.packet("new-server");
  return {
    server,
    client,
    uid,
    [Symbol.dispose]: () => {
      server[Symbol.dispose]();
      client[Symbol.dispose]();
    },
  };
}

/** A client that makes a sender compute, takes the answer away with it, and says nothing more. */
async function guessInSilence(relay: RelayPorts): Promise<void> {
  using client = await RawConnection.open(relay.main);
  await client.send({ type: "hello-as-a-client", uid: 0 });
  const { identity } = await client.packet("client-identity");
  const { server: uid, public: publicValue } = await client.packet("new-server");
  const password = toBytes("a guess");
  const { X: x } = startClient({ password, publicValue, randomBytes: systemRandom });
  await client.send({ type: "x-and-client-identity", uid, x, identity });
  await client.packet("y-and-server-validator");
}

/** Processor time that a program has taken so far, in seconds. */
function cpuSeconds({ pid }: Program): number {
  return parseCpuSeconds(readProcess(pid, "stat"));
}

testOnStages("relay: defects of the original sender and receiver", [
  {
    name: "bob-relay 10.2: a file goes out in the only layout that all receivers understand",
    run: async (stage) => {
      const content = "Dear friend, ".repeat(10_000);
      await stage.write("a letter of many words", content);
      for (const [i, wire] of ["nonce12", "nonce20"].entries()) {
        const words = ["--wire", wire, "a letter of many words"];
        const sender = stage.send(words, { env: { SALLYPORT_CODE: `${CODE}${i}` } });
        await using receiver = playReceiver(stage.relay, `${CODE}${i}`);
        const channel = await receiver.channel();
        const records: Uint8Array[] = [];
        // Five or more; the one of 20 bytes behind the content is the last.
        while (records.length < 6 || records.at(-1)?.length !== 20) {
          records.push(...await channel.read(1));
        }
        channel.stream.close();
        assertEquals((await sender.ended()).code, 0);
        const [header, nameHeader, name, fileHeader, ...rest] = records as [
          ...[Uint8Array, Uint8Array, Uint8Array, Uint8Array, ...Uint8Array[]],
        ];
        assertEquals(header, toBytes("PACK\0\0\0\x02\0\0\0\x02"));
        assertEquals(nameHeader, objectHeader(KIND.tag, 22));
        assertEquals(name[0], 0x78);
        assertEquals(fileHeader, objectHeader(KIND.blob, content.length));
        for (const piece of rest) assert(piece.length <= 32_767);
      }
    },
  },
  {
    name: "bob-relay 10.3: a folder is taken whose files are called trees and whose folders blobs",
    run: async (stage) => {
      const file = blobOf("Dear friend");
      const inner = treeOf([{ mode: "100644", name: "letter", hash: hashOf(file) }]);
      const root = treeOf([{ mode: "40000", name: "deep", hash: hashOf(inner) }]);
      const exchanged = (object: typeof root) => ({
        ...object,
        kind: object.kind === KIND.tree ? KIND.blob : KIND.tree,
      });
      const objects = [file, inner, root].map(exchanged);
      const pieces = packPieces([...objects, commitOf("box", root)]);
      const { code, stderr } = await receivePlayed(stage, { pieces, wire: "nonce20" });
      assertEquals(code, 0, stderr);
      assertEquals(stage.tree(), {
        ...{ "box/": "", "box/deep/": "", "box/deep/letter": "Dear friend" },
      });
    },
  },
  {
    name: "bob-relay 10.4: what fills the last record behind the trailer is ignored",
    run: async (stage) => {
      const pieces = directoryPieces("box", [["letter", "Dear friend"]]);
      const padded = concat([...pieces, new Uint8Array(32_767).fill(0x5a)]).subarray(0, 32_767);
      const { code, stderr } = await receivePlayed(stage, { pieces: [padded], wire: "nonce20" });
      assertEquals(code, 0, stderr);
      assertEquals(stage.tree(), { "box/": "", "box/letter": "Dear friend" });
    },
  },
  {
    name: "bob-relay 10.5: a folder is received in the newer generation",
    run: async (stage) => {
      const pieces = directoryPieces("box", [["letter", "Dear friend"], ["nothing", ""]]);
      const { code, stderr } = await receivePlayed(stage, { pieces, wire: "nonce20" });
      assertEquals(code, 0, stderr);
      assertEquals(Object.keys(stage.tree()), ["box/", "box/letter", "box/nothing"]);
    },
  },
  ...RECORD_SESSIONS.map(({ name, generation, records }) => ({
    name: `what the original sender sent is taken: ${name}`,
    run: async (stage: Stage) => {
      const pieces = records.map(({ plaintext }) => decodeHex(plaintext));
      const { code, stdout, stderr } = await receivePlayed(stage, { pieces, wire: generation });
      assertEquals(code, 0, stderr);
      assertMatch(stdout, /^saved \.\/\S+ \d+\n$/);
      assert(Object.keys(stage.tree()).length > 0);
    },
  })),
  {
    name: "bob-relay 10.12: two senders with one code announce themselves differently",
    run: async (stage) => {
      await stage.write("letter", "Dear friend");
      const senders = [1, 2].map(() => stage.send(["letter"], WITH_CODE));
      for (const sender of senders) await sender.waitFor("stderr", /Waiting for the receiver/);
      using client = await RawConnection.hello(stage.relay.main, "client");
      const { public: one } = await client.packet("new-server");
      const { public: two } = await client.packet("new-server");
      assertEquals(one.subarray(0, 18), two.subarray(0, 18));
      assertNotEquals(one.subarray(18), two.subarray(18));
    },
  },
  {
    name: "bob-relay 10.13: a marker before the end of the file is a loss, not an end",
    run: async (stage) => {
      await using sender = playSender(stage.relay, CODE);
      const receiver = stage.receive([CODE]);
      const channel = await sender.channel();
      const [header, nameHeader, name, fileHeader, content] = filePieces("file", "Dear friend");
      const cut = [header, nameHeader, name, fileHeader, content?.subarray(0, 8)];
      await channel.write(cut.filter((piece) => piece !== undefined));
      await channel.stream.write(Uint8Array.of(0xff, 0xff, 0xff, 0xff));
      const { code, stderr } = await receiver.ended();
      assertEquals(code, 5, stderr);
      assertMatch(stderr, /The connection was lost after/);
      assertEquals(stage.tree(), {});
    },
  },
  {
    name: "bob-relay 10.13: a marker instead of the trailer is one too, with all content there",
    run: async (stage) => {
      await using sender = playSender(stage.relay, CODE);
      const receiver = stage.receive([CODE]);
      const channel = await sender.channel();
      await channel.write(filePieces("file", "Dear friend").slice(0, -1));
      await channel.stream.write(Uint8Array.of(0xff, 0xff, 0xff, 0xff));
      assertEquals((await receiver.ended()).code, 5);
      assertEquals(stage.tree(), {});
    },
  },
  {
    name: "bob-relay 10.15: a guess in silence is a guess",
    run: async (stage) => {
      await stage.write("letter", "Dear friend");
      const sender = stage.send(["--max-guesses", "2", "letter"]);
      await sender.waitFor("stderr", /Waiting for the receiver/);
      await guessInSilence(stage.relay);
      await guessInSilence(stage.relay);
      await assertRejects(() => guessInSilence(stage.relay), Error, 'Got "closed"');
      const { code, stderr } = await sender.ended();
      assertEquals(code, 3, stderr);
    },
  },
  {
    name: "a file is taken whatever the records are cut into",
    run: async (stage) => {
      const content = "Dear friend, ".repeat(100);
      const whole = concat(filePieces("letter", content));
      const bytes = Array.from(whole, (byte) => Uint8Array.of(byte));
      assertEquals((await receivePlayed(stage, { pieces: bytes })).code, 0);
      assertEquals(stage.tree(), { letter: content });
      await Deno.remove(`${stage.out}/letter`);
      assertEquals((await receivePlayed(stage, { pieces: [whole] })).code, 0);
      assertEquals(stage.tree(), { letter: content });
    },
  },
  {
    name: "a file of zeros that claims to be small does not fill the disk",
    run: async (stage) => {
      const bomb = new Uint8Array(deflateSync(new Uint8Array(50_000_000)));
      const pieces = filePieces("bomb", "x");
      const cut = Array.from(
        { length: Math.ceil(bomb.length / 32_767) },
        (_, i) => bomb.subarray(i * 32_767, (i + 1) * 32_767),
      );
      const { code, stderr } = await receivePlayed(stage, {
        pieces: [...pieces.slice(0, 4), ...cut],
      });
      assertEquals(code, 4, stderr);
      assertEquals(stage.tree(), {});
    },
  },
]);

testOnStages("relay serve: defects of the original relay", [
  {
    name: "bob-relay 10.6: connections that are reset do not end it",
    run: async ({ relay }) => {
      for (let i = 0; i < 10; i++) {
        // Closed with bytes that were not read, a connection is reset.
        using client = await RawConnection.open(relay.main);
        await client.send({ type: "hello-as-a-client", uid: 0 });
        await client.readable();
        using secure = await RawConnection.open(relay.secure);
        await secure.send("nobody:1\n");
        await secure.readable();
      }
      const code = crypto.randomUUID();
      await using sender = playSender(relay, code);
      await using receiver = playReceiver(relay, code);
      const [from, to] = [await sender.channel(), await receiver.channel()];
      await from.write([new Uint8Array(1000)]);
      to.stream.close(); // the record has not been read
      await from.ending();
      await assertServes(relay);
    },
  },
  {
    name: "bob-relay 10.7: a packet without an end is closed, and costs nothing",
    run: async ({ relay }) => {
      using meeting = await meetRaw(relay);
      const { client, uid } = meeting;
      const header = `${uid.toString(16).padStart(4, "0")}07`;
      const before = cpuSeconds(relay.program);
      await client.send(header, new Uint8Array(500).fill(0x78));
      assertEquals(await client.rest(), "");
      await new Promise((resolve) => setTimeout(resolve, 300));
      const seconds = cpuSeconds(relay.program) - before;
      assert(seconds < 0.2, `It took ${seconds} s`);
      await meeting.server.packet("closed");
    },
  },
  {
    name: "bob-relay 10.8: packets for uids that nobody has are dropped",
    run: async ({ relay }) => {
      using meeting = await meetRaw(relay);
      for (const uid of [0xffff, 0xfffe, 0x7fff]) {
        await meeting.client.send({ type: "accepted", uid }, { type: "refused", uid });
        await meeting.server.send({ type: "agreement", uid });
      }
      // Both are served as before.
      await meeting.client.send({ type: "hello-as-a-client", uid: 0 });
      await meeting.client.packet("client-identity");
      await meeting.client.packet("new-server");
      await meeting.server.send({ type: "hello-as-a-server", uid: 0, public: new Uint8Array(34) });
      await meeting.server.packet("server-identity");
    },
  },
  {
    name:
      "bob-relay 10.9: malformed input closes the connection, and the others learn of it at once",
    run: async ({ relay }) => {
      using meeting = await meetRaw(relay);
      await meeting.server.send("what is this?");
      assertEquals(await meeting.server.rest(), "");
      assertEquals((await meeting.client.packet("closed")).peer, meeting.uid);
    },
  },
  {
    name: "bob-relay 10.9: a peer that is gone is known to be gone at once",
    run: async ({ relay }) => {
      using client = await RawConnection.hello(relay.main, "client");
      const server = await RawConnection.hello(relay.main, "server");
      const { server: uid } = await client.packet("new-server");
      server[Symbol.dispose]();
      assertEquals((await client.packet("closed")).peer, uid);
    },
  },
  {
    name: "bob-relay 10.10: nobody is sent away by an acceptance of what was not agreed",
    run: async ({ relay }) => {
      using meeting = await meetRaw(relay);
      await meeting.client.send({ type: "accepted", uid: meeting.uid });
      await meeting.server.send({ type: "hello-as-a-server", uid: 0, public: new Uint8Array(34) });
      await meeting.server.packet("server-identity");
      await meeting.client.packet("new-server");
    },
  },
  {
    name: "bob-relay 10.14: every complaint to the relay is understood",
    run: async ({ relay }) => {
      using client = await RawConnection.hello(relay.main, "client");
      await client.send("00000cN0000", "00000cC0001", "00000cS0002", "00000cH0003");
      await client.send({ type: "hello-as-a-client", uid: 0 });
      await client.packet("client-identity");
    },
  },
  {
    name: "bob-relay 10.16: a pair of which one never comes waits for itself alone",
    run: async ({ relay }) => {
      const code = crypto.randomUUID();
      // The receiver goes to the main port twice, so the sender waits at the secure port.
      await using sender = playSender(relay, code);
      await using receiver = playReceiver({ main: relay.main, secure: relay.main }, code);
      await sender.event("accepted");
      await receiver.event("accepted");
      await assertServes(relay);
    },
  },
]);
