// What can happen to `relay send`, row by row of the table in its help.

import { assertEquals, assertMatch } from "@std/assert";
import { SEND } from "../../cmd/relay/args.ts";
import { type PlayedPeer, playReceiver } from "../support/bob_peers.ts";
import { NO_SMALL_DISKS, onSmallDisk, POWERS_REMAIN, WITHOUT_POWERS } from "../support/confined.ts";
import { MiddleBox } from "../support/middle_box.ts";
import { testOutcomes, type Variant } from "../support/outcomes.ts";
import type { Ended, Program } from "../support/program.ts";
import { namesIn } from "../support/folder.ts";
import { formatRelay, RelayProgram } from "../support/relay_program.ts";
import type { Stage } from "../support/relay_stage.ts";
import { CODE, NO_TERMINAL, startSlowTransfer, WITH_CODE } from "../support/relay_transfers.ts";
import { until } from "../support/within.ts";

const OTHER_CODE = "lusabag-gutihus";
const MORE_THAN_A_PIPE_HOLDS = 128 * 1024;
/** More than all buffers between a sender and a receiver that does not read. */
const BEYOND_BUFFERS = 96 * 1024 * 1024;

/** A sender of a small file under a code of its own, once it is registered. */
async function startSender(stage: Stage, args: readonly string[] = []): Promise<Program> {
  await stage.write("letter", "Dear friend");
  const sender = stage.send([...args, "letter"], WITH_CODE);
  await sender.waitFor("stderr", /Waiting for the receiver/);
  return sender;
}

/** A sender that is stuck in the middle, since its receiver does not read. */
async function startStuckSender(
  stage: Stage,
  run: (sender: Program, receiver: PlayedPeer) => Promise<void>,
  relay = stage.relay,
): Promise<Ended> {
  await stage.writeZeros("zeros", BEYOND_BUFFERS);
  const sender = stage.start(["send", "--relay", relay.address, "--no-compress", "zeros"], {
    ...WITH_CODE,
    cwd: stage.in,
  });
  await using receiver = playReceiver(relay, CODE);
  await sender.waitFor("stderr", /Sending to/);
  await receiver.channel();
  await run(sender, receiver);
  return await sender.ended();
}

/** Ends a sender that waits. */
function endWaiting(signal: Deno.Signal): Variant {
  return async (stage) => {
    const sender = await startSender(stage);
    sender.kill(signal);
    return await sender.ended();
  };
}

/** Reads all that comes, as a receiver does that then ends the transfer. */
async function readAll(receiver: PlayedPeer): Promise<void> {
  const channel = await receiver.channel();
  await channel.read();
}

testOutcomes(SEND, {
  "receiver took all bytes": {
    "a receiver that reads and closes": async (stage) => {
      const sender = await startSender(stage);
      await using receiver = playReceiver(stage.relay, CODE);
      using channel = await receiver.channel();
      await channel.read(6);
      channel.stream.close();
      const ended = await sender.ended();
      assertEquals(ended.stdout, "sent letter 11\n");
      return ended;
    },
  },
  "receiver has another code": {
    "one wrong code, then the right one": async (stage) => {
      const sender = await startSender(stage);
      await using wrong = playReceiver(stage.relay, OTHER_CODE);
      await sender.waitFor("stderr", /Somebody at 127\.0\.0\.1:\d+ tried another code/);
      await wrong.event("senders");
      await using right = playReceiver(stage.relay, CODE, "nothing");
      await right.event("agreed");
      return sender;
    },
  },
  "too many wrong codes": {
    "--max-guesses 2": async (stage) => {
      const sender = await startSender(stage, ["--max-guesses", "2"]);
      for (const _ of [1, 2]) await guessWrong(stage);
      await using _last = playReceiver(stage.relay, OTHER_CODE);
      return await sender.ended();
    },
    "32 for a code of one's own": async (stage) => {
      const sender = await startSender(stage);
      for (let i = 1; i <= 32; i++) await guessWrong(stage);
      await using _last = playReceiver(stage.relay, OTHER_CODE);
      const ended = await sender.ended();
      assertMatch(ended.stderr, /Guesses used up: 32 wrong codes/);
      return ended;
    },
  },
  "receiver says no": {
    "one says no, the next one is served": async (stage) => {
      const sender = await startSender(stage);
      await using no = playReceiver(stage.relay, CODE, "refuse");
      await no.event("refused");
      await sender.waitFor("stderr", /The receiver at 127\.0\.0\.1:\d+ refused/);
      await using next = playReceiver(stage.relay, CODE, "nothing");
      await next.event("agreed");
      return sender;
    },
  },
  "nobody comes": {
    "--timeout 1": async (stage) => await (await startSender(stage, ["--timeout", "1"])).ended(),
  },
  "relay unreachable": {
    "nobody listens": async (stage) => {
      await stage.write("letter", "Dear friend");
      return await stage.start(["send", "--relay", "127.0.0.1:1", "letter"], { cwd: stage.in })
        .ended();
    },
    "the name has no address": async (stage) => {
      await stage.write("letter", "Dear friend");
      return await stage.start(["send", "--relay", "no-host.invalid", "letter"], { cwd: stage.in })
        .ended();
    },
  },
  "relay lost while waiting": {
    "killed, and it does not come back": async (stage) => {
      const relay = await stage.serve();
      const sender = await startSenderAt(stage, relay, ["--timeout", "2"]);
      relay.program.kill("SIGKILL");
      return await sender.ended();
    },
    "ended, and it does not come back": async (stage) => {
      const relay = await stage.serve();
      const sender = await startSenderAt(stage, relay, ["--timeout", "2"]);
      await relay.stop();
      return await sender.ended();
    },
  },
  "relay or receiver lost in the middle": {
    "relay killed": async (stage) => {
      const relay = await stage.serve();
      return await startStuckSender(stage, () => {
        relay.program.kill("SIGKILL");
        return Promise.resolve();
      }, relay);
    },
    "relay ended": async (stage) => {
      const relay = await stage.serve();
      return await startStuckSender(stage, () => relay.stop(), relay);
    },
    "receiver gone": (stage) =>
      startStuckSender(stage, async (_, receiver) => (await receiver.channel()).stream.close()),
    "receiver killed": async (stage) => {
      const { sender, receiver } = await startSlowTransfer(stage);
      await until(() => namesIn(stage.out).length > 0, "a temporary file");
      receiver.kill("SIGKILL");
      const ended = await sender.ended();
      // Nobody can clean up after this signal: what is left has the name that says whose it is.
      const [left = "", ...more] = namesIn(stage.out);
      assertMatch(left, /^\.zeros\.sallyport-[a-z0-9]{6}$/);
      assertEquals(more, []);
      await Deno.remove(`${stage.out}/${left}`);
      return ended;
    },
  },
  "relay ends without its marker": {
    "cut between the last record and the marker": async (stage) => {
      const { main, secure } = stage.relay;
      await using box = new MiddleBox(secure, (chunk, offset, way) => {
        return way === "down" && offset + chunk.length > 2 ? "cut" : chunk; // behind the answer 00
      });
      await stage.write("letter", "Dear friend");
      const words = ["send", "--relay", formatRelay({ main, secure: box.at }), "letter"];
      const sender = stage.start(words, { ...WITH_CODE, cwd: stage.in });
      await using receiver = playReceiver(stage.relay, CODE);
      using channel = await receiver.channel();
      await channel.read(6);
      channel.stream.close();
      const ended = await sender.ended();
      assertEquals(ended.stdout, "");
      return ended;
    },
  },
  "file missing or unreadable": {
    "missing": async (stage) => await stage.send(["nothing-there"]).ended(),
    "a link to nothing": async (stage) => {
      await Deno.symlink("nothing-there", `${stage.in}/link`);
      return await stage.send(["link"]).ended();
    },
    "no permission": {
      skipped: POWERS_REMAIN,
      run: async (stage) => {
        await stage.write("letter", "Dear friend");
        await Deno.chmod(`${stage.in}/letter`, 0);
        return await stage.send(["letter"], { through: WITHOUT_POWERS }).ended();
      },
    },
    "no permission for one in a folder": {
      skipped: POWERS_REMAIN,
      run: async (stage) => {
        await Deno.mkdir(`${stage.in}/box`);
        await stage.write("box/letter", "Dear friend");
        await Deno.chmod(`${stage.in}/box/letter`, 0);
        return await stage.send(["box"], { through: WITHOUT_POWERS }).ended();
      },
    },
    "removed while the sender waits": async (stage) => {
      const sender = await startSender(stage);
      await Deno.remove(`${stage.in}/letter`);
      await using receiver = playReceiver(stage.relay, CODE);
      await receiver.channel();
      return await sender.ended();
    },
  },
  "file changed meanwhile": {
    "longer by a byte": (stage) => changeWhileSending(stage, (path) => append(path)),
    "cut off": (stage) => changeWhileSending(stage, (path) => Deno.truncate(path, 1)),
    "longer by a byte, before anybody came": async (stage) => {
      const sender = await startSender(stage);
      await append(`${stage.in}/letter`);
      await using receiver = playReceiver(stage.relay, CODE);
      await readAll(receiver);
      return await sender.ended();
    },
    "other bytes in a file of a folder": async (stage) => {
      await Deno.mkdir(`${stage.in}/box`);
      await stage.write("box/one", "Dear friend");
      await stage.write("box/two", "Dear friends");
      const sender = stage.send(["box"], WITH_CODE);
      await sender.waitFor("stderr", /Waiting for the receiver/);
      await stage.write("box/two", "Dead friends");
      await using receiver = playReceiver(stage.relay, CODE);
      await readAll(receiver);
      return await sender.ended();
    },
  },
  "no room for standard input": {
    "on a full disk": {
      skipped: NO_SMALL_DISKS,
      run: async (stage) => {
        const ended = await stage.send(["--name", "input", "-"], {
          stdin: new Uint8Array(2 * 1024 * 1024),
          through: onSmallDisk(stage.tmp, "1m"),
        }).ended();
        assertMatch(ended.stderr, /the disk is full/);
        assertMatch(ended.stderr, /^left on the small disk: $/m);
        return ended;
      },
    },
    "no folder for it": async (stage) =>
      await stage.send(["--name", "input", "-"], {
        stdin: "Dear friend",
        env: { TMPDIR: `${stage.tmp}/nothing-there` },
      }).ended(),
  },
  "SIGINT, SIGTERM, SIGHUP": {
    "SIGINT while it waits": endWaiting("SIGINT"),
    "SIGTERM while it waits": endWaiting("SIGTERM"),
    "SIGHUP while it waits": endWaiting("SIGHUP"),
    "SIGTERM in the middle": (stage) =>
      startStuckSender(stage, (sender) => {
        sender.kill("SIGTERM");
        return Promise.resolve();
      }),
    "SIGINT while it reads standard input": async (stage) => {
      const sender = stage.send(["--name", "input", "-"], { stdin: "open" });
      await sender.type("Dear");
      await until(() => sizeOfInput(stage) === 4, "the input to be kept");
      sender.kill("SIGINT");
      return await sender.ended();
    },
    "SIGINT while it reads a large folder": {
      skipped: NO_TERMINAL,
      run: async (stage) => {
        await Deno.mkdir(`${stage.in}/box`);
        for (const name of ["one", "two"]) await stage.writeZeros(`box/${name}`, 2 ** 36);
        const sender = stage.send(["box"], { terminal: true, stdin: "open" });
        await sender.waitFor("stdout", /Reading \[/);
        sender.kill("SIGINT");
        return await sender.ended();
      },
    },
    "SIGINT while it waits for the code on standard input": async (stage) => {
      await stage.write("letter", "Dear friend");
      const sender = stage.send(["--code-file", "-", "letter"], { stdin: "open" });
      await sender.type(" ".repeat(MORE_THAN_A_PIPE_HOLDS)); // so it reads by now
      sender.kill("SIGINT");
      return await sender.ended();
    },
    "SIGHUP while the relay is lost": async (stage) => {
      const relay = await stage.serve();
      const sender = await startSenderAt(stage, relay);
      await relay.stop();
      await sender.waitFor("stderr", /The relay was lost/);
      sender.kill("SIGHUP");
      return await sender.ended();
    },
    "SIGINT while the relay says nothing": async (stage) => {
      const silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      await stage.write("letter", "Dear friend");
      const words = ["send", "--relay", `127.0.0.1:${silent.addr.port}`, "letter"];
      const sender = stage.start(words, { cwd: stage.in });
      const connection = await silent.accept();
      sender.kill("SIGINT");
      const ended = await sender.ended();
      connection.close();
      silent.close();
      return ended;
    },
    "SIGTERM with a relay of its own": async (stage) => {
      await stage.write("letter", "Dear friend");
      const sender = stage.start(["send", "letter"], { cwd: stage.in });
      await sender.waitFor("stderr", /Waiting for the receiver/);
      sender.kill("SIGTERM");
      return await sender.ended();
    },
  },
});

/** A sender at a relay that is this case's own. */
async function startSenderAt(
  stage: Stage,
  relay: RelayProgram,
  args: readonly string[] = [],
): Promise<Program> {
  await stage.write("letter", "Dear friend");
  const sender = stage.start(["send", "--relay", relay.address, ...args, "letter"], {
    cwd: stage.in,
  });
  await sender.waitFor("stderr", /Waiting for the receiver/);
  return sender;
}

/** One connection with one wrong code. */
async function guessWrong(stage: Stage): Promise<void> {
  await using receiver = playReceiver(stage.relay, OTHER_CODE);
  await receiver.event("senders", (event) => event.type === "senders" && event.failed > 0);
}

async function changeWhileSending(
  stage: Stage,
  change: (path: string) => Promise<void>,
): Promise<Ended> {
  return await startStuckSender(stage, async (_, receiver) => {
    await change(`${stage.in}/zeros`);
    await readAll(receiver);
  });
}

async function append(path: string): Promise<void> {
  await Deno.writeTextFile(path, "!", { append: true });
}

function sizeOfInput(stage: Stage): number | undefined {
  const [folder] = namesIn(stage.tmp);
  if (folder === undefined) return undefined;
  const [file] = namesIn(`${stage.tmp}/${folder}`);
  return file === undefined ? undefined : Deno.statSync(`${stage.tmp}/${folder}/${file}`).size;
}
