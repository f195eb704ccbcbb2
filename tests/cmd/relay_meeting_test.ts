// How `relay send` and `relay receive` find each other, and for how long they wait.

import { assertEquals, assertMatch } from "@std/assert";
import { playReceiver, playSender } from "../support/bob_peers.ts";
import { testOnStages } from "../support/relay_stage.ts";
import {
  bothDone,
  CODE,
  NO_TERMINAL,
  noise,
  sha256,
  WITH_CODE,
} from "../support/relay_transfers.ts";

testOnStages("relay: who meets whom", [
  {
    name: "the receiver is there first",
    run: async (stage) => {
      await stage.write("letter", "Dear friend");
      const receiver = stage.receive([], WITH_CODE);
      await receiver.waitFor("stderr", /Waiting for the sender/);
      await bothDone(stage.send(["letter"], WITH_CODE), receiver);
    },
  },
  {
    name: "two senders, one of them with the receiver's code",
    run: async (stage) => {
      await stage.write("right", "right");
      await using other = playSender(stage.relay, "another code");
      await other.event("registered");
      const receiver = stage.receive([], WITH_CODE);
      await receiver.waitFor("stderr", /^1 sender is waiting, it does not have this code/m);
      await other.event("failed");
      await bothDone(stage.send(["right"], WITH_CODE), receiver);
      assertEquals(stage.tree(), { right: "right" });
    },
  },
  {
    name: "three transfers at once",
    run: async (stage) => {
      const names = ["one", "two", "three"];
      for (const name of names) await stage.write(name, noise(3_000_000));
      await Promise.all(names.map(async (name) => {
        const options = { env: { SALLYPORT_CODE: `the code of ${name}` } };
        await bothDone(stage.send([name], options), stage.receive([], options));
      }));
      for (const name of names) {
        const [before, after] = [stage.in, stage.out].map((at) =>
          Deno.readFileSync(`${at}/${name}`)
        );
        assertEquals(sha256(after as Uint8Array), sha256(before as Uint8Array), name);
      }
    },
  },
  {
    name: "a relay of the sender's own, and the command that it prints",
    run: async (stage) => {
      await stage.write("letter", "Dear friend");
      const sender = stage.start(["send", "letter"], { cwd: stage.in });
      const [, command = ""] = await sender.waitFor("stderr", /^ {2}relay (receive .*)$/m);
      await sender.waitFor("stderr", /Waiting for the receiver/);
      const receiver = stage.start([...command.split(" "), "--yes"], { cwd: stage.out });
      const { sent } = await bothDone(sender, receiver);
      assertMatch(sent.stderr, /No relay was named: running one here/);
      assertEquals(stage.tree(), { letter: "Dear friend" });
    },
  },
  {
    name: "the relay is started anew while the sender waits",
    run: async (stage) => {
      await stage.write("letter", "Dear friend");
      const first = await stage.serve();
      const sender = stage.start(["send", "-r", first.address, "in/letter"], WITH_CODE);
      await sender.waitFor("stderr", /Waiting for the receiver/);
      await first.stop();
      await sender.waitFor("stderr", /The relay was lost; trying again in 1 s/);
      const ports = ["--bob-port", first.main.port, "--bob-secure-port", first.secure.port];
      await stage.serve(ports.map(String));
      const words = ["receive", "-r", first.address, "--yes", "-o", "out"];
      await bothDone(sender, stage.start(words, WITH_CODE));
    },
  },
  {
    name: "a sender is refused at the terminal, and sends to the next one",
    skipped: NO_TERMINAL,
    run: async (stage) => {
      await stage.write("letter", "Dear friend");
      const sender = stage.send(["letter"], WITH_CODE);
      const no = stage.start(["receive", "--relay", stage.relay.address], {
        ...WITH_CODE,
        terminal: true,
        stdin: "open",
      });
      await no.waitFor("stdout", /\[Y\/n\] $/);
      await no.type("no\n");
      assertEquals((await no.ended()).code, 1);
      await sender.waitFor("stderr", /refused; still waiting/);
      await bothDone(sender, stage.receive([], WITH_CODE));
    },
  },
  {
    name: "a user who thinks for longer than the sender's --timeout is waited for",
    skipped: NO_TERMINAL,
    run: async (stage) => {
      await stage.write("letter", "Dear friend");
      const sender = stage.send(["--timeout", "1", "letter"], WITH_CODE);
      const receiver = stage.start(["receive", "--relay", stage.relay.address, "--timeout", "1"], {
        ...WITH_CODE,
        cwd: stage.out,
        terminal: true,
        stdin: "open",
      });
      await receiver.waitFor("stdout", /\[Y\/n\] $/);
      await new Promise((resolve) => setTimeout(resolve, 1500));
      await receiver.type("yes\n");
      await bothDone(sender, receiver);
    },
  },
  {
    name: "--timeout begins anew when a sender leaves that had the code",
    skipped: NO_TERMINAL,
    run: async (stage) => {
      await using sender = playSender(stage.relay, CODE);
      const receiver = stage.start(["receive", "--relay", stage.relay.address, "--timeout", "1"], {
        ...WITH_CODE,
        terminal: true,
        stdin: "open",
      });
      await receiver.waitFor("stdout", /\[Y\/n\] $/);
      await sender[Symbol.asyncDispose]();
      const { code, stdout } = await receiver.ended();
      assertMatch(stdout, /\[Y\/n\] \r\nThe sender at \S+ left; waiting for another\r\n/);
      assertMatch(stdout, /No sender came within 1 s/);
      assertEquals(code, 5);
    },
  },
  {
    name: "--timeout begins anew when a receiver refuses",
    run: async (stage) => {
      await stage.write("letter", "Dear friend");
      const sender = stage.send(["--timeout", "1", "letter"], WITH_CODE);
      await using receiver = playReceiver(stage.relay, CODE, "refuse");
      await receiver.event("refused");
      const { code, stderr } = await sender.ended();
      assertMatch(stderr, /refused; still waiting\nrelay: Nobody took it within 1 s/);
      assertEquals(code, 5);
    },
  },
  {
    name: "--protocol bob, the relay from the environment",
    run: async (stage) => {
      await stage.write("letter", "Dear friend");
      const env = { ...WITH_CODE.env, SALLYPORT_RELAY: stage.relay.address };
      const sender = stage.start(["send", "--protocol", "bob", "in/letter"], { env });
      const receiver = stage.start(["receive", "--protocol=bob", "-y", "-o", "out"], { env });
      await bothDone(sender, receiver);
    },
  },
  {
    name: "a time-out of months does not end at once",
    run: async (stage) => {
      await stage.write("letter", "Dear friend");
      const sender = stage.send(["--timeout", "10000000", "letter"], WITH_CODE);
      await sender.waitFor("stderr", /Waiting for the receiver/);
      await bothDone(sender, stage.receive(["--timeout", "10000000"], WITH_CODE));
    },
  },
]);
