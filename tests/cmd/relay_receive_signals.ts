// What signals, and terminals that hang up, do to `relay receive` at each stage.

import { assertEquals, assertMatch } from "@std/assert";
import { playSender } from "../support/bob_peers.ts";
import { namesIn } from "../support/folder.ts";
import type { ConditionalVariant, Variant } from "../support/outcomes.ts";
import type { Program } from "../support/program.ts";
import { directoryPieces, filePieces } from "../support/raw_pack.ts";
import { formatRelay } from "../support/relay_program.ts";
import type { Case, Stage } from "../support/relay_stage.ts";
import { CODE, NO_TERMINAL, receiveAt, receivePlayed } from "../support/relay_transfers.ts";
import { until } from "../support/within.ts";

const CONTENT = new Uint8Array(100_000).map((_, i) => i % 251);

/** Sends half of a file, then lets something happen. */
function inTheMiddle(stage: Stage, then: (receiver: Program) => Promise<void> | void) {
  return receivePlayed(stage, {
    pieces: filePieces("file", CONTENT),
    first: 4,
    then: async (receiver) => {
      await receiver.waitFor("stderr", /Receiving "file"/);
      await until(() => namesIn(stage.out).length > 0, "a temporary file");
      await then(receiver);
    },
  });
}

function endWaiting(signal: Deno.Signal): Variant {
  return async (stage) => {
    const receiver = stage.receive([CODE]);
    await receiver.waitFor("stderr", /Waiting for the sender/);
    receiver.kill(signal);
    return await receiver.ended();
  };
}

function endInTheMiddle(signal: Deno.Signal): Variant {
  return (stage) => inTheMiddle(stage, (receiver) => receiver.kill(signal));
}

/** Where a signal can find a receiver. */
export const SIGNALS: Readonly<Record<string, Variant | ConditionalVariant>> = {
  "SIGINT while it waits": endWaiting("SIGINT"),
  "SIGTERM while it waits": endWaiting("SIGTERM"),
  "SIGHUP while it waits": endWaiting("SIGHUP"),
  "SIGINT in the middle": endInTheMiddle("SIGINT"),
  "SIGTERM in the middle": endInTheMiddle("SIGTERM"),
  "SIGHUP in the middle": endInTheMiddle("SIGHUP"),
  "SIGTERM in the middle of a folder": async (stage) => {
    const ended = await receivePlayed(stage, {
      pieces: directoryPieces("folder", [["letter", "Dear friend"]]),
      first: 5,
      then: async (receiver) => {
        await until(() => namesIn(stage.out).length > 0, "a temporary folder");
        receiver.kill("SIGTERM");
      },
    });
    assertEquals(stage.tree(), {});
    return ended;
  },
  "Ctrl-C when it asks for the code": {
    skipped: NO_TERMINAL,
    run: async (stage) => {
      const receiver = stage.start(["receive", "--relay", stage.relay.address], {
        cwd: stage.out,
        terminal: true,
        stdin: "open",
      });
      await receiver.waitFor("stdout", /Code: $/);
      await receiver.type("\x03");
      const ended = await receiver.ended();
      assertMatch(ended.stdout, /^relay: Ended by SIGINT\r$/m); // on a line of its own
      return ended;
    },
  },
  "Ctrl-C when it asks whether to receive": {
    skipped: NO_TERMINAL,
    run: async (stage) => {
      await using _sender = playSender(stage.relay, CODE);
      const receiver = stage.start(["receive", "--relay", stage.relay.address, CODE], {
        cwd: stage.out,
        terminal: true,
        stdin: "open",
      });
      await receiver.waitFor("stdout", /\[Y\/n\] $/);
      await receiver.type("\x03");
      const ended = await receiver.ended();
      assertMatch(ended.stdout, /^relay: Ended by SIGINT\r$/m);
      return ended;
    },
  },
  "SIGHUP while the other one is awaited at the secure port": async (stage) => {
    const { main } = stage.relay;
    const silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    await using _sender = playSender(stage.relay, CODE);
    const secure = { host: "127.0.0.1", port: silent.addr.port };
    const receiver = receiveAt(stage, formatRelay({ main, secure }));
    const connection = await silent.accept();
    receiver.kill("SIGHUP");
    const ended = await receiver.ended();
    connection.close();
    silent.close();
    return ended;
  },
};

/** Nobody is left who could say with which status the program ended. */
export const HANGING_UP: readonly Case[] = [
  {
    name: "in the middle of a file: nothing is left",
    skipped: NO_TERMINAL,
    run: async (stage) => {
      await using sender = playSender(stage.relay, CODE);
      const receiver = stage.receive([CODE], { terminal: true, stdin: "open" });
      await (await sender.channel()).write(filePieces("file", CONTENT).slice(0, 4));
      await until(() => namesIn(stage.out).length > 0, "a temporary file");
      await receiver.hangUp();
      assertEquals(stage.tree(), {});
    },
  },
  {
    name: "while it asks: the sender is not kept waiting",
    skipped: NO_TERMINAL,
    run: async (stage) => {
      await using sender = playSender(stage.relay, CODE);
      const words = ["receive", "--relay", stage.relay.address, CODE];
      const receiver = stage.start(words, { cwd: stage.out, terminal: true, stdin: "open" });
      await receiver.waitFor("stdout", /\[Y\/n\] $/);
      await receiver.hangUp();
      await sender.event("left");
    },
  },
];
