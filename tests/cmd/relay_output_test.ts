// What `relay send` and `relay receive` print, and where.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { namesIn } from "../support/folder.ts";
import { testOnStages } from "../support/relay_stage.ts";
import { bothDone, codeOf, NO_TERMINAL, noise, WITH_CODE } from "../support/relay_transfers.ts";

testOnStages("relay: what is printed", [
  {
    name: "--json: one object a line",
    run: async (stage) => {
      await Deno.mkdir(`${stage.in}/box`);
      await stage.write("box/letter", "Dear friend");
      const sender = stage.send(["--json", "box"]);
      const [line] = await sender.waitFor("stdout", /^.*"event":"code".*$/m);
      const { code, command } = JSON.parse(line);
      assertEquals(command, `relay receive --relay ${stage.relay.address} ${code}`);
      const { sent, received } = await bothDone(sender, stage.receive(["--json", code]));
      const [first, second, ...more] = sent.stdout.trim().split("\n").map((text) =>
        JSON.parse(text)
      );
      const document = { name: "box", kind: "folder", bytes: 11, files: 1 };
      assertEquals(first, { event: "code", code, command, ...document });
      assertEquals([second, more], [{ event: "sent", ...document }, []]);
      const saved = { event: "saved", path: "./box", kind: "folder", bytes: 11, files: 1 };
      assertEquals(JSON.parse(received.stdout), saved);
    },
  },
  {
    name: "--quiet: results alone",
    run: async (stage) => {
      await stage.write("letter", "Dear friend");
      const sender = stage.send(["--quiet", "letter"]);
      const code = await codeOf(sender);
      const { sent, received } = await bothDone(sender, stage.receive(["-q", code]));
      assertEquals([sent.stderr, received.stderr], ["", ""]);
      assertEquals(sent.stdout, `code ${code}\nsent letter 11\n`);
      assertEquals(received.stdout, "saved ./letter 11\n");
    },
  },
  {
    name: "--quiet: errors all the same",
    run: async (stage) => {
      const { code, stderr } = await stage.send(["--quiet", "nothing-there"]).ended();
      assertEquals(code, 6);
      assertMatch(stderr, /^relay: Cannot read "nothing-there": no such file or folder\n/);
    },
  },
  {
    name: "--qr: the receive command as a picture",
    run: async (stage) => {
      await stage.write("letter", "Dear friend");
      const sender = stage.send(["--qr", "letter"], WITH_CODE);
      await sender.waitFor("stderr", /^[█▀▄ ]{25,}\n([█▀▄ ]{25,}\n){10,}/m);
    },
  },
  {
    name: "the commands for the other side, ours and the original's",
    run: async (stage) => {
      await stage.write("letter", "Dear friend");
      const sender = stage.send(["letter"]);
      const code = await codeOf(sender);
      const { main, secure } = stage.relay;
      await sender.waitFor("stderr", /Waiting for the receiver/);
      assert(sender.stderr.includes(`\n  relay receive --relay ${stage.relay.address} ${code}\n`));
      const theirs = `bob recv --relay 127.0.0.1:${main.port} --secure-port ${secure.port} ${code}`;
      assert(sender.stderr.includes(`\n  ${theirs}\n`), sender.stderr);
      assertMatch(sender.stderr, /nonce12/);
    },
  },
  {
    name: "a bar on a terminal for what takes its time",
    skipped: NO_TERMINAL,
    run: async (stage) => {
      await stage.write("noise", noise(3_000_000));
      const slow = await stage.serve(["--max-rate", "1M"]);
      const sender = stage.start(["send", "-r", slow.address, "in/noise"], WITH_CODE);
      const receiver = stage.start(["receive", "-r", slow.address, "-y", "-o", "out"], {
        ...WITH_CODE,
        terminal: true,
        stdin: "open",
      });
      // A bar is drawn over itself; an escape sequence takes it away for the last line.
      await receiver.waitFor("stdout", /\rReceiving \[#*\.*\] \d+ % of 2\.9 MiB, .* left/);
      const { received } = await bothDone(sender, receiver);
      assert(received.stdout.includes("\r\x1b[K2.9 MiB in "), received.stdout);
      assertEquals(namesIn(stage.out), ["noise"]);
    },
  },
]);
