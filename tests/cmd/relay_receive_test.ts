// What can happen to `relay receive`, row by row of the table in its help.

import { assertEquals, assertMatch } from "@std/assert";
import { RECEIVE } from "../../cmd/relay/args.ts";
import { playSender } from "../support/bob_peers.ts";
import { NO_SMALL_DISKS, onSmallDisk, POWERS_REMAIN, WITHOUT_POWERS } from "../support/confined.ts";
import { MiddleBox } from "../support/middle_box.ts";
import { testOutcomes, type Variant } from "../support/outcomes.ts";
import type { Ended } from "../support/program.ts";
import {
  blobOf,
  commitOf,
  directoryPieces,
  filePieces,
  hashOf,
  KIND,
  packPieces,
  treeOf,
} from "../support/raw_pack.ts";
import { formatRelay, RelayProgram } from "../support/relay_program.ts";
import { type Stage, testOnStages } from "../support/relay_stage.ts";
import {
  CODE,
  NO_TERMINAL,
  receiveAt,
  receivePlayed,
  startSlowTransfer,
} from "../support/relay_transfers.ts";
import { HANGING_UP, SIGNALS } from "./relay_receive_signals.ts";

const NAME = new TextEncoder().encode("file");
const CONTENT = new Uint8Array(100_000).map((_, i) => i % 251);

/** A receiver at a terminal that is asked whether it wants what comes. */
async function ask(stage: Stage, keys: string): Promise<Ended> {
  await using sender = playSender(stage.relay, CODE);
  const receiver = stage.start(["receive", "--relay", stage.relay.address, CODE], {
    cwd: stage.out,
    terminal: true,
    stdin: "open",
  });
  await receiver.waitFor("stdout", /Receive from 127\.0\.0\.1:\d+\? \[Y\/n\] $/);
  await sender.event("agreed");
  await receiver.type(keys);
  const ended = await receiver.ended();
  await sender.event("refused");
  return ended;
}

/** A pack that is refused; nothing of it may be kept. */
function forged(...pieces: readonly Uint8Array[]): Variant {
  return async (stage) => {
    const ended = await receivePlayed(stage, { pieces });
    assertEquals(stage.tree(), {});
    return ended;
  };
}

/** A target that exists; it must be the same afterwards. */
function occupied(
  occupy: (path: string) => Promise<void>,
  pieces: readonly Uint8Array[],
  args: readonly string[] = [],
): Variant {
  return async (stage) => {
    await occupy(`${stage.out}/target`);
    const before = stage.tree();
    const ended = await receivePlayed(stage, { pieces, args });
    assertEquals(stage.tree(), before);
    return ended;
  };
}

const asFile = (path: string) => Deno.writeTextFile(path, "mine");
const asFolder = (path: string) => Deno.mkdir(path);
const asLink = (path: string) => Deno.symlink("nothing-there", path);
const FILE = filePieces("target", "theirs");
const FOLDER = directoryPieces("target", [["letter", "Dear friend"]]);

testOutcomes(RECEIVE, {
  "complete and verified": {
    "a file": async (stage) => {
      const ended = await receivePlayed(stage, { pieces: filePieces("letter", "Dear friend") });
      assertEquals(ended.stdout, "saved ./letter 11\n");
      assertEquals(stage.tree(), { letter: "Dear friend" });
      return ended;
    },
    "a folder": async (stage) => {
      const ended = await receivePlayed(stage, { pieces: FOLDER });
      assertEquals(ended.stdout, "saved ./target 11\n");
      assertEquals(stage.tree(), { "target/": "", "target/letter": "Dear friend" });
      return ended;
    },
  },
  "senders wait, all with another code": {
    "two of them": async (stage) => {
      await using one = playSender(stage.relay, "another code");
      await using two = playSender(stage.relay, "one more code");
      await Promise.all([one.event("registered"), two.event("registered")]);
      const ended = await stage.receive(["--timeout", "1", CODE]).ended();
      assertMatch(ended.stderr, /^2 senders are waiting, none has this code; still waiting/m);
      return ended;
    },
    "one": async (stage) => {
      await using sender = playSender(stage.relay, "another code");
      await sender.event("registered");
      return await stage.receive(["--timeout", "1", CODE]).ended();
    },
  },
  "too many wrong senders": {
    "33 for a code of one's own": async (stage) => {
      const senders = Array.from({ length: 33 }, () => playSender(stage.relay, "another code"));
      try {
        await Promise.all(senders.map((sender) => sender.event("registered")));
        const ended = await stage.receive(["a-code-of-my-own"]).ended();
        assertMatch(ended.stderr, /Guesses used up: 32 senders/);
        return ended;
      } finally {
        for (const sender of senders) await sender[Symbol.asyncDispose]();
      }
    },
  },
  "no sender comes": {
    "--timeout 1": async (stage) => await stage.receive(["--timeout", "1", CODE]).ended(),
  },
  "you say no, or standard input is closed": {
    "no": { skipped: NO_TERMINAL, run: (stage) => ask(stage, "no\n") },
    "N": { skipped: NO_TERMINAL, run: (stage) => ask(stage, "N\n") },
    "neither yes nor no, then no": {
      skipped: NO_TERMINAL,
      run: (stage) => ask(stage, "what?\nn\n"),
    },
    "end of input": {
      skipped: NO_TERMINAL,
      run: async (stage) => {
        const ended = await ask(stage, "\x04");
        assertMatch(ended.stdout, /^relay: Refused, nothing was received\r$/m);
        return ended;
      },
    },
  },
  "relay unreachable": {
    "nobody listens": async (stage) => await receiveAt(stage, "127.0.0.1:1").ended(),
    "nobody listens, IPv6": async (stage) => await receiveAt(stage, "[::1]:1").ended(),
    "the name has no address": async (stage) => await receiveAt(stage, "no-host.invalid").ended(),
  },
  "relay lost before joining": {
    "killed": async (stage) => {
      const relay = await stage.serve();
      const receiver = receiveAt(stage, relay.address);
      await receiver.waitFor("stderr", /Waiting for the sender/);
      relay.program.kill("SIGKILL");
      return await receiver.ended();
    },
    "ended": async (stage) => {
      const relay = await stage.serve();
      const receiver = receiveAt(stage, relay.address);
      await receiver.waitFor("stderr", /Waiting for the sender/);
      await relay.stop();
      return await receiver.ended();
    },
    "it does not let anybody wait any longer": async (stage) => {
      const relay = await stage.serve(["--wait-timeout", "1"]);
      return await receiveAt(stage, relay.address).ended();
    },
  },
  "relay or sender lost in the middle": {
    "relay killed": async (stage) => {
      const relay = await stage.serve();
      return await inTheMiddleAt(stage, relay, () => relay.program.kill("SIGKILL"));
    },
    "relay ended": async (stage) => {
      const relay = await stage.serve();
      return await inTheMiddleAt(stage, relay, () => relay.stop());
    },
    "sender killed": async (stage) => {
      const { sender, receiver } = await startSlowTransfer(stage);
      sender.kill("SIGKILL");
      return await receiver.ended();
    },
    "sender gone between two records": (stage) =>
      receivePlayed(stage, {
        pieces: filePieces("file", CONTENT),
        first: 4,
        then: async (receiver, channel) => {
          await receiver.waitFor("stderr", /Receiving "file"/);
          channel.stream.close();
        },
      }),
  },
  "damaged or forged data": {
    "a bit flipped on the way": async (stage) => {
      const { main, secure } = stage.relay;
      await using box = new MiddleBox(secure, (chunk, offset, way) => {
        const at = 300 - offset;
        if (way === "down" && at >= 0 && at < chunk.length) chunk[at] = (chunk[at] ?? 0) ^ 1;
        return chunk;
      });
      await using sender = playSender(stage.relay, CODE);
      const receiver = receiveAt(stage, formatRelay({ main, secure: box.at }));
      await (await sender.channel()).write(filePieces("file", CONTENT));
      const ended = await receiver.ended();
      assertMatch(ended.stderr, /Cannot open record \d+: damaged, or sealed with another key/);
      assertEquals(stage.tree(), {});
      return ended;
    },
    "another trailer": forged(...filePieces("file", CONTENT).slice(0, -1), new Uint8Array(20)),
    "no pack": forged(new TextEncoder().encode("GET / HTTP/1.1\r\nHost: example.org\r\n\r\n")),
    "two names": forged(
      ...packPieces([{ kind: KIND.tag, content: NAME }, { kind: KIND.tag, content: NAME }]),
    ),
    "a name and two files": forged(...packPieces([
      { kind: KIND.tag, content: NAME },
      blobOf("one"),
      blobOf("two"),
    ])),
    "no zlib stream": forged(
      ...filePieces("file", CONTENT).map((piece, i) => i === 4 ? CONTENT.subarray(0, 500) : piece),
    ),
    "a folder without a commit": forged(...packPieces([blobOf("one"), treeOf([])])),
    "a folder without one of its files": forged(...packPieces(lackingOne())),
    "a record in the name of the relay": forged(new Uint8Array(0), new Uint8Array(40)),
  },
  "hostile name": {
    // All kinds of them are in relay_names_test.ts.
    "a file": forged(...filePieces("../evil", "evil")),
    "in a folder": forged(...directoryPieces("folder", [["..", "evil"]])),
  },
  "larger than --max-size": {
    "a file": async (stage) => {
      const ended = await receivePlayed(stage, {
        pieces: filePieces("file", CONTENT),
        args: ["--max-size", "99999"],
      });
      assertMatch(ended.stderr, /Cannot accept 100000 bytes: the limit is 99999/);
      return ended;
    },
    "a folder": (stage) =>
      receivePlayed(stage, {
        pieces: directoryPieces("folder", [["one", "x".repeat(3000)], ["two", "y".repeat(3000)]]),
        args: ["--max-size", "5000"],
      }),
  },
  "folder for --output -": {
    "nothing is written": async (stage) => {
      const ended = await receivePlayed(stage, { pieces: FOLDER, args: ["--output", "-"] });
      assertEquals(ended.stdout, "");
      return ended;
    },
  },
  "target exists": {
    "a file for a file": occupied(asFile, FILE),
    "a folder for a file": occupied(asFolder, FILE),
    "a link to nothing for a file": occupied(asLink, FILE),
    "a folder for a file, with --overwrite": occupied(asFolder, FILE, ["--overwrite"]),
    "a file for a folder": occupied(asFile, FOLDER),
    "a folder for a folder": occupied(asFolder, FOLDER),
    "a link to nothing for a folder": occupied(asLink, FOLDER),
    "a folder for a folder, with --overwrite": occupied(asFolder, FOLDER, ["--overwrite"]),
    "a file for a folder, with --overwrite": occupied(asFile, FOLDER, ["--overwrite"]),
  },
  "no room on the disk": {
    "known from the size": {
      skipped: NO_SMALL_DISKS,
      run: async (stage) => {
        const ended = await onFullDisk(stage, filePieces("file", new Uint8Array(2 << 20)));
        assertMatch(
          ended.stderr,
          /Cannot write 2097152 bytes into "[^"]+": only \d+ bytes are free/,
        );
        return ended;
      },
    },
    "found while a folder is written": {
      skipped: NO_SMALL_DISKS,
      run: async (stage) => {
        const files = Array.from({ length: 40 }, (_, i) => [`file ${i}`, bytesAsText(i)] as const);
        const ended = await onFullDisk(stage, directoryPieces("folder", files));
        assertMatch(ended.stderr, /the disk is full/);
        return ended;
      },
    },
  },
  "no permission": {
    "a file": { skipped: POWERS_REMAIN, run: (stage) => withoutPermission(stage, FILE) },
    "a folder": { skipped: POWERS_REMAIN, run: (stage) => withoutPermission(stage, FOLDER) },
  },
  "SIGINT, SIGTERM, SIGHUP": SIGNALS,
});

testOnStages("relay receive: a terminal that hangs up", HANGING_UP);

/** Half of a file through another relay, which then goes away. */
async function inTheMiddleAt(
  stage: Stage,
  relay: RelayProgram,
  then: () => Promise<void> | void,
): Promise<Ended> {
  await using sender = playSender(relay, CODE);
  const receiver = receiveAt(stage, relay.address);
  await (await sender.channel()).write(filePieces("file", CONTENT).slice(0, 4));
  await receiver.waitFor("stderr", /Receiving "file"/);
  await then();
  return await receiver.ended();
}

function lackingOne() {
  const file = blobOf("one");
  const root = treeOf([
    { mode: "100644", name: "one", hash: hashOf(file) },
    { mode: "100644", name: "two", hash: hashOf(blobOf("two")) },
  ]);
  return [commitOf("folder", root), root, file];
}

async function onFullDisk(stage: Stage, pieces: readonly Uint8Array[]): Promise<Ended> {
  const options = { through: onSmallDisk(stage.out, "1m"), cwd: stage.folder };
  const args = ["--output", stage.out];
  const ended = await receivePlayed(stage, { pieces, args, options });
  assertMatch(ended.stderr, /^left on the small disk: $/m);
  return ended;
}

/** 50 kB that do not repeat in other files. */
function bytesAsText(seed: number): string {
  return `${seed} `.repeat(50_000 / `${seed} `.length);
}

async function withoutPermission(stage: Stage, pieces: readonly Uint8Array[]): Promise<Ended> {
  await Deno.chmod(stage.out, 0o555);
  const ended = await receivePlayed(stage, { pieces, options: { through: WITHOUT_POWERS } });
  await Deno.chmod(stage.out, 0o755);
  return ended;
}
