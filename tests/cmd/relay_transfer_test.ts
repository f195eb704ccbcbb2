// Files and folders from `relay send` to `relay receive`, in all the ways that their help offers.

import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { createHash } from "node:crypto";
import { playReceiver, playSender } from "../support/bob_peers.ts";
import { namesIn } from "../support/folder.ts";
import { type Ended, HAS_TERMINALS, type Program, type StartOptions } from "../support/program.ts";
import { type Stage, testOnStages } from "../support/relay_stage.ts";

const CODE = "lusabag-gutihuz";
const NO_TERMINAL = HAS_TERMINALS ? undefined : "no script of util-linux";
const WITH_CODE: StartOptions = { env: { SALLYPORT_CODE: CODE } };

/** Both sides of a transfer, started at the same time with the same code. */
async function transfer(
  stage: Stage,
  send: readonly string[],
  receive: readonly string[] = [],
  options: StartOptions = {},
): Promise<{ readonly sent: Ended; readonly received: Ended }> {
  const sender = stage.send(send, { ...WITH_CODE, ...options });
  const receiver = stage.receive(receive, WITH_CODE);
  return await bothDone(sender, receiver);
}

async function bothDone(sender: Program, receiver: Program) {
  const [sent, received] = [await sender.ended(), await receiver.ended()];
  const all = `${sent.stderr}\n${received.stderr}`;
  assertEquals([sent.code, received.code], [0, 0], all);
  return { sent, received };
}

/** A code that a sender made. */
async function codeOf(sender: Program): Promise<string> {
  const [, code = ""] = await sender.waitFor("stdout", /^code (\S+)$/m);
  return code;
}

/** The number of bytes that the last transfer through this relay took. */
async function bytesOfTransfer(relay: Program, transfers: number): Promise<number> {
  const pattern = new RegExp(`(?:transfer ended protocol=bob bytes=(\\d+)[^]*){${transfers}}`);
  const [, bytes] = await relay.waitFor("stderr", pattern);
  return Number(bytes);
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Bytes without a pattern that compression could use. */
function noise(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += 65_536) {
    crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  }
  return bytes;
}

/** A folder with everything that travels. */
async function makeBox(stage: Stage): Promise<Record<string, string>> {
  await Deno.mkdir(`${stage.in}/box/deep/er`, { recursive: true });
  await Deno.mkdir(`${stage.in}/box/empty`);
  await stage.write("box/one", "the same");
  await stage.write("box/deep/two", "the same");
  await stage.write("box/deep/er/three", "x".repeat(200_000));
  await stage.write("box/nothing", "");
  await stage.write("box/.hidden", "seen by few");
  await stage.write("box/ÄÖ ü\u{1f600}.txt", "names of all kinds");
  return stage.tree(stage.in);
}

testOnStages("relay: files", [
  {
    name: "a file",
    run: async (stage) => {
      await stage.write("letter.txt", "Dear friend");
      const { sent, received } = await transfer(stage, ["letter.txt"]);
      assertEquals(stage.tree(), { "letter.txt": "Dear friend" });
      assertEquals([sent.stdout, received.stdout], [
        ...["sent letter.txt 11\n", "saved ./letter.txt 11\n"],
      ]);
      const { mode } = await Deno.stat(`${stage.out}/letter.txt`);
      assertEquals((mode ?? 0) & 0o777, 0o644 & ~Deno.umask());
      assert(!`${sent.stderr}${received.stderr}`.includes("\r"), "No bars without a terminal");
    },
  },
  {
    name: "a file of 10 MB that does not shrink",
    run: async (stage) => {
      const content = noise(10_000_000);
      await stage.write("noise", content);
      await transfer(stage, ["noise"]);
      assertEquals(sha256(await Deno.readFile(`${stage.out}/noise`)), sha256(content));
    },
  },
  {
    name: "an empty file",
    run: async (stage) => {
      await stage.write("nothing", "");
      const { received } = await transfer(stage, ["nothing"]);
      assertEquals(stage.tree(), { nothing: "" });
      assertEquals(received.stdout, "saved ./nothing 0\n");
    },
  },
  {
    name: "names with blanks, letters of the world, quotes and a hyphen in front",
    run: async (stage) => {
      const name = "-ö 'q\" $HOME \u{1f600}.txt";
      await stage.write(name, "x");
      await transfer(stage, ["--", name]);
      assertEquals(stage.tree(), { [name]: "x" });
    },
  },
  {
    name: "by a path, and by a link to it under the link's name",
    run: async (stage) => {
      await Deno.mkdir(`${stage.in}/deep`);
      await stage.write("deep/letter", "Dear friend");
      await Deno.symlink("deep/letter", `${stage.in}/link`);
      await transfer(stage, [`${stage.in}/deep/../deep//letter`]);
      await transfer(stage, ["link"]);
      assertEquals(stage.tree(), { letter: "Dear friend", link: "Dear friend" });
    },
  },
  {
    name: "standard input under a name",
    run: async (stage) => {
      const content = noise(300_000);
      const options = { stdin: content };
      const { sent } = await transfer(stage, ["--name", "notes.tar", "-"], [], options);
      assertEquals(sent.stdout, "sent notes.tar 300000\n");
      assertEquals(sha256(await Deno.readFile(`${stage.out}/notes.tar`)), sha256(content));
    },
  },
  {
    name: "--output -: to standard output, and nothing else there",
    run: async (stage) => {
      const content = noise(300_000);
      await stage.write("noise", content);
      const sender = stage.send(["noise"], WITH_CODE);
      const receiver = stage.receive(["--output", "-"], WITH_CODE);
      await bothDone(sender, receiver);
      assertEquals(sha256(receiver.stdoutBytes), sha256(content));
      assertEquals(stage.tree(), {});
    },
  },
  {
    name: "--output: into another folder",
    run: async (stage) => {
      await Deno.mkdir(`${stage.out}/there`);
      await stage.write("letter", "Dear friend");
      const { received } = await transfer(stage, ["letter"], ["-o", "there/"]);
      assertEquals(received.stdout, "saved there/letter 11\n");
      assertEquals(stage.tree(), { "there/": "", "there/letter": "Dear friend" });
    },
  },
  {
    name: "--overwrite: in the place of a file, and of a link that leads elsewhere",
    run: async (stage) => {
      await Deno.writeTextFile(`${stage.out}/letter`, "older and longer");
      await Deno.writeTextFile(`${stage.folder}/in/elsewhere`, "not touched");
      await Deno.symlink(`${stage.in}/elsewhere`, `${stage.out}/link`);
      await stage.write("letter", "newer");
      await stage.write("link", "no link");
      await transfer(stage, ["letter"], ["--overwrite"]);
      await transfer(stage, ["link"], ["--overwrite"]);
      assertEquals(stage.tree(), { letter: "newer", link: "no link" });
      assertEquals(await Deno.readTextFile(`${stage.in}/elsewhere`), "not touched");
    },
  },
  {
    name: "--max-size: as large as allowed",
    run: async (stage) => {
      await stage.write("letter", "Dear friend");
      await transfer(stage, ["letter"], ["--max-size", "11"]);
      assertEquals(stage.tree(), { letter: "Dear friend" });
    },
  },
  {
    name: "--no-compress: as it is; without it smaller where that is possible",
    run: async (stage) => {
      await stage.writeZeros("zeros", 1_000_000);
      const relay = await stage.serve();
      const counts: number[] = [];
      for (const words of [[], ["--no-compress"], ["--no-compression"]]) {
        const sender = stage.start(
          ["send", "-r", relay.address, ...words, `${stage.in}/zeros`],
          WITH_CODE,
        );
        const receiver = stage.start(
          ["receive", "-r", relay.address, "-y", "-o", stage.out, "--overwrite"],
          WITH_CODE,
        );
        await bothDone(sender, receiver);
        counts.push(await bytesOfTransfer(relay.program, counts.length + 1));
      }
      const [smaller = 0, asItIs = 0, theSame = 0] = counts;
      assert(smaller < 100_000 && asItIs > 1_000_000 && theSame > 1_000_000, counts.join());
    },
  },
]);

testOnStages("relay: folders", [
  {
    name: "a folder with all that travels",
    run: async (stage) => {
      const box = await makeBox(stage);
      const { sent, received } = await transfer(stage, ["box"]);
      assertEquals(stage.tree(), box);
      const bytes = Object.values(box).join("");
      const size = new TextEncoder().encode(bytes).length;
      assertEquals([sent.stdout, received.stdout], [`sent box ${size}\n`, `saved ./box ${size}\n`]);
    },
  },
  {
    name: "--no-hidden: without names that begin with a dot",
    run: async (stage) => {
      const { "box/.hidden": _, ...rest } = await makeBox(stage);
      const { sent } = await transfer(stage, ["--no-hidden", "box/"]);
      assertEquals(stage.tree(), rest);
      assertMatch(sent.stderr, /Left out: ".*\/box\/\.hidden" \(hidden\)/);
    },
  },
  {
    name: "an empty folder",
    run: async (stage) => {
      await Deno.mkdir(`${stage.in}/empty`);
      await transfer(stage, ["empty"]);
      assertEquals(stage.tree(), { "empty/": "" });
    },
  },
  {
    name: "the folder in which the sender is, under its name",
    run: async (stage) => {
      await stage.write("letter", "Dear friend");
      await transfer(stage, ["."]);
      assertEquals(stage.tree(), { "in/": "", "in/letter": "Dear friend" });
    },
  },
  {
    name: "several paths, named after what holds them",
    run: async (stage) => {
      await makeBox(stage);
      await stage.write("letter", "Dear friend");
      await transfer(stage, ["box/deep", "letter", "box/one"]);
      const { "in/": _, ...tree } = stage.tree();
      assertEquals(Object.keys(tree), [
        ...["in/deep/", "in/deep/er/", "in/deep/er/three", "in/deep/two", "in/letter", "in/one"],
      ]);
    },
  },
  {
    name: "links inside are followed, others are left out and named",
    run: async (stage) => {
      await Deno.mkdir(`${stage.in}/box/deep`, { recursive: true });
      await stage.write("elsewhere", "private");
      await stage.write("box/letter", "Dear friend");
      await Deno.symlink("../letter", `${stage.in}/box/deep/inside`);
      await Deno.symlink("../elsewhere", `${stage.in}/box/outside`);
      await Deno.symlink("..", `${stage.in}/box/deep/loop`);
      await Deno.symlink("nothing", `${stage.in}/box/broken`);
      const { sent } = await transfer(stage, ["box"]);
      assertEquals(stage.tree(), {
        ...{ "box/": "", "box/deep/": "", "box/deep/inside": "Dear friend" },
        ...{ "box/letter": "Dear friend" },
      });
      assertMatch(sent.stderr, /outside" \(link out of the folder\)/);
      assertMatch(sent.stderr, /loop" \(loop of links\)/);
      assertMatch(sent.stderr, /broken" \(broken link\)/);
    },
  },
  {
    name: "--max-size: as large as allowed",
    run: async (stage) => {
      await Deno.mkdir(`${stage.in}/box`);
      await stage.write("box/one", "Dear friend");
      await stage.write("box/two", "Dear friends");
      await transfer(stage, ["box"], ["--max-size", "23"]);
      assertEquals(Object.keys(stage.tree()).length, 3);
    },
  },
]);

testOnStages("relay: both generations of records", [
  ...["nonce12", "nonce20"].map((wire) => ({
    name: `bob-relay 10.1: --wire ${wire}, a file and a folder`,
    run: async (stage: Stage) => {
      const box = await makeBox(stage);
      await stage.write("noise", noise(1_000_000));
      await transfer(stage, ["--wire", wire, "box"]);
      await transfer(stage, ["--wire", wire, "noise"]);
      const sizes = Deno.statSync(`${stage.out}/noise`).size;
      await Deno.remove(`${stage.out}/noise`);
      assertEquals([sizes, stage.tree()], [1_000_000, box]);
    },
  })),
]);

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
      const type = (keys: string) => receiver.stdin?.write(new TextEncoder().encode(keys));
      await receiver.waitFor("stdout", /^Code: $/);
      await type(`\n  ${code.replace("-", " - ")} \n`);
      await receiver.waitFor("stdout", /Receive from 127\.0\.0\.1:\d+\? \[Y\/n\] $/);
      await sender.waitFor("stderr", /has the code and is asked/);
      await type("maybe\n");
      await receiver.waitFor("stdout", /"maybe" is neither yes nor no\r\n.*\[Y\/n\] $/);
      await type("\n");
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
      await no.stdin?.write(new TextEncoder().encode("no\n"));
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
      await receiver.stdin?.write(new TextEncoder().encode("yes\n"));
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
