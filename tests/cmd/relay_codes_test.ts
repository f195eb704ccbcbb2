// Where the codes of `relay send` and `relay receive` come from, and who sees them.

import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { testOnStages } from "../support/relay_stage.ts";
import { bothDone, codeOf, NO_TERMINAL } from "../support/relay_transfers.ts";

testOnStages("relay: codes", [
  {
    name: "a generated one has the form of all, and is another each time",
    run: async (stage) => {
      await stage.write("letter", "Dear friend");
      const [one, two] = [stage.send(["letter"]), stage.send(["letter"])];
      const codes = await Promise.all([codeOf(one), codeOf(two)]);
      for (const code of codes) assertMatch(code, /^([b-z][aiou]){3}[b-z]-([b-z][aiou]){3}[b-z]$/);
      assertNotEquals(codes[0], codes[1]);
    },
  },
  {
    name: "as an argument",
    run: async (stage) => {
      await stage.write("letter", "Dear friend");
      const sender = stage.send(["letter"]);
      await bothDone(sender, stage.receive([await codeOf(sender)]));
    },
  },
  {
    name: "from a file on both sides, its first line",
    run: async (stage) => {
      await stage.write("letter", "Dear friend");
      await stage.write("code", " a code of my own \nanother line\n");
      const args = ["--code-file", `${stage.in}/code`];
      const sender = stage.send([...args, "letter"]);
      const receiver = stage.receive(args);
      await bothDone(sender, receiver);
    },
  },
  {
    name: "from standard input on both sides",
    run: async (stage) => {
      await stage.write("letter", "Dear friend");
      const options = { stdin: "a code of my own\r\n" };
      const sender = stage.send(["--code-file", "-", "letter"], options);
      const receiver = stage.receive(["--code-file", "-"], options);
      await bothDone(sender, receiver);
    },
  },
  {
    name: "typed at the terminal with blanks, and yes typed after it",
    skipped: NO_TERMINAL,
    run: async (stage) => {
      await stage.write("letter", "Dear friend");
      const sender = stage.send(["letter"]);
      const code = await codeOf(sender);
      const receiver = stage.start(["receive", "--relay", stage.relay.address], {
        cwd: stage.out,
        terminal: true,
        stdin: "open",
      });
      await receiver.waitFor("stdout", /^Code: $/);
      await receiver.type(`\n  ${code.replace("-", " - ")} \n`);
      await receiver.waitFor("stdout", /Receive from 127\.0\.0\.1:\d+\? \[Y\/n\] $/);
      await sender.waitFor("stderr", /has the code and is asked/);
      await receiver.type("maybe\n");
      await receiver.waitFor("stdout", /"maybe" is neither yes nor no\r\n.*\[Y\/n\] $/);
      await receiver.type("\n");
      const { received } = await bothDone(sender, receiver);
      assertMatch(received.stdout, /Receiving "letter" \(11 B\)/);
      assertEquals(stage.tree(), { letter: "Dear friend" });
    },
  },
  {
    name: "one of one's own never appears in what anybody prints",
    run: async (stage) => {
      await stage.write("letter", "Dear friend");
      const secret = "tell-nobody-0815";
      const relay = await stage.serve(["--log-level", "debug"]);
      const options = { env: { SALLYPORT_CODE: secret } };
      const sender = stage.start(["send", "-r", relay.address, "--qr", "in/letter"], options);
      const receiver = stage.start(["receive", "-r", relay.address, "-y", "-o", "out"], options);
      const { sent, received } = await bothDone(sender, receiver);
      await relay.stop();
      const printed = [sent, received, relay.program].map((it) => `${it.stdout}${it.stderr}`);
      for (const text of printed) {
        assert(text.length > 0 && !text.includes("nobody-0815"), text);
      }
      assertMatch(sent.stderr, /relay receive --relay \S+ --protocol bob\n/);
    },
  },
  {
    name: "a short one is warned about",
    run: async (stage) => {
      await stage.write("letter", "Dear friend");
      const sender = stage.send(["letter"], { env: { SALLYPORT_CODE: "tiny" } });
      await sender.waitFor("stderr", /Warning: this code is short/);
    },
  },
]);
