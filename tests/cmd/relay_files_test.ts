// Files and folders from `relay send` to `relay receive`, in all the ways that their help offers.

import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Program } from "../support/program.ts";
import { type Stage, testOnStages } from "../support/relay_stage.ts";
import {
  bothDone,
  makeBox,
  noise,
  sha256,
  transfer,
  WITH_CODE,
} from "../support/relay_transfers.ts";

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

/** The number of bytes that the last transfer through this relay took. */
async function bytesOfTransfer(relay: Program, transfers: number): Promise<number> {
  const pattern = new RegExp(`(?:transfer ended protocol=bob bytes=(\\d+)[^]*){${transfers}}`);
  const [, bytes] = await relay.waitFor("stderr", pattern);
  return Number(bytes);
}
