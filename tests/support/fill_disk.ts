// Writes until the disk is full: fill_disk.ts FOLDER. Prints what came of it as JSON.

import { FileFault, requireSpace, TemporaryFile } from "../../lib/files/mod.ts";
import { writeLine } from "./write_line.ts";

const [folder = ""] = Deno.args;
const target = `${folder}/large`;

async function faultOf(operation: () => Promise<unknown>): Promise<FileFault | undefined> {
  try {
    await operation();
    return undefined;
  } catch (error) {
    if (error instanceof FileFault) return error;
    throw error;
  }
}

const names = () => Array.from(Deno.readDirSync(folder), ({ name }) => name);
let during = 0;
const writing = await faultOf(async () => {
  await using file = await TemporaryFile.create(target, 0o600);
  during = names().length;
  while (true) file.write(new Uint8Array(10_000));
});
const before = await faultOf(() => requireSpace(folder, 2 ** 40));
writeLine(JSON.stringify({
  writing: [writing?.code, writing?.message.replace(/"[^"]*"/, "PATH")],
  before: before?.code,
  during,
  left: names(),
}));
