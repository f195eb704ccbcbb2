// A file travels from one process to another through a relay, under a short code.

import { createHash } from "node:crypto";
import type { Stage } from "./stage.ts";

async function sha256(path: string): Promise<string> {
  const hash = createHash("sha256");
  using file = await Deno.open(path);
  for await (const chunk of file.readable) hash.update(chunk);
  return hash.digest("hex");
}

async function makeFile(folder: string): Promise<string> {
  const path = `${folder}/letter.txt`;
  const lines = Array.from({ length: 20_000 }, (_, i) => `Line ${i + 1} of a letter to a friend.`);
  await Deno.writeTextFile(path, lines.join("\n"));
  return path;
}

/** Shows what the relay, the sender and the receiver print, and compares the files. */
export async function demoRelay({ folder, file, say, start }: Stage): Promise<void> {
  const source = file === undefined ? await makeFile(folder) : await Deno.realPath(file);
  const received = `${folder}/received`;
  await Deno.mkdir(received);

  say("1. A relay, on free ports of this machine only.");
  const relay = start("relay", "relay", [
    ...["serve", "--listen", "127.0.0.1", "--bob-port", "0", "--bob-secure-port", "0"],
  ]);
  const [, port] = await relay.waitFor("stderr", /listening on 127\.0\.0\.1:(\d+) \(bob\)/);
  const [, secure] = await relay.waitFor("stderr", /:(\d+) \(bob-secure\)\nready/);
  const address = `127.0.0.1:${port},${secure}`;

  say("\n2. Somebody sends. The code is for the other person's ears only.");
  const sender = start("sender", "relay", ["send", "--relay", address, source]);
  const [, code = ""] = await sender.waitFor("stdout", /^code (\S+)$/m);

  say("\n3. The other person receives.");
  const receiver = start("receiver", "relay", ["receive", "--relay", address, "--yes", code], {
    cwd: received,
  });
  const [received_, sent] = [await receiver.ended(), await sender.ended()];
  if (received_.code !== 0 || sent.code !== 0) {
    throw new Error(`The receiver ended with ${received_.code}, the sender with ${sent.code}`);
  }

  say("\n4. Both files have the same SHA-256.");
  const names = Array.from(Deno.readDirSync(received), ({ name }) => name);
  const [before, after] = [await sha256(source), await sha256(`${received}/${names[0]}`)];
  say(`  sent     ${before}\n  received ${after}`);
  if (names.length !== 1 || before !== after) throw new Error("The files differ");
  relay.kill("SIGTERM");
  const { code: status } = await relay.ended();
  if (status !== 0) throw new Error(`The relay ended with ${status}`);
}
