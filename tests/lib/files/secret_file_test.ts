import { assertEquals, assertRejects } from "@std/assert";
import {
  FileFault,
  type FileFaultCode,
  readSecretFile,
  SECRET_FILE_MODE,
  writeSecretFile,
} from "../../../lib/files/mod.ts";
import { hasProgram } from "../../support/child.ts";
import { namesIn, withTemporaryFolder } from "../../support/folder.ts";
import { Random } from "../../support/fuzz.ts";

const KEY = new TextEncoder().encode("AGE-SECRET-KEY");

async function faultOf(operation: () => Promise<unknown>): Promise<[FileFaultCode, string]> {
  const { code, message } = await assertRejects(operation, FileFault);
  return [code, message];
}

Deno.test("readSecretFile trusts a file that only its owner can write, and tells who can read it", async () => {
  await withTemporaryFolder(async (folder) => {
    const path = `${folder}/key`;
    await Deno.writeFile(path, KEY);
    const cases = [
      [0o600, false],
      [0o400, false],
      [0o700, false],
      [0o611, false],
      [0o640, true],
      [0o604, true],
      [0o444, true],
    ] as const;
    for (const [mode, readableByOthers] of cases) {
      await Deno.chmod(path, mode);
      assertEquals(await readSecretFile(path, 100), { bytes: KEY, readableByOthers }, `${mode}`);
    }
  });
});

Deno.test("readSecretFile does not trust a file that others can write", async () => {
  await withTemporaryFolder(async (folder) => {
    const path = `${folder}/key`;
    await Deno.writeFile(path, KEY);
    for (const [mode, shown] of [[0o620, "0620"], [0o602, "0602"], [0o666, "0666"]] as const) {
      await Deno.chmod(path, mode);
      assertEquals(await faultOf(() => readSecretFile(path, 100)), [
        "exposed",
        `Cannot trust "${path}": others than its owner can write to it (mode ${shown})`,
      ]);
    }
    await Deno.symlink("key", `${folder}/link`);
    assertEquals((await faultOf(() => readSecretFile(`${folder}/link`, 100)))[0], "exposed");
  });
});

Deno.test("readSecretFile keeps to its limit", async () => {
  await withTemporaryFolder(async (folder) => {
    const path = `${folder}/key`;
    for (const size of [0, 1, 4095, 4096, 4097, 20_000]) {
      const content = new Random(size).bytes(size);
      await Deno.writeFile(path, content, { mode: 0o600 });
      assertEquals((await readSecretFile(path, size)).bytes, content, `${size} bytes`);
      if (size === 0) continue;
      assertEquals(await faultOf(() => readSecretFile(path, size - 1)), [
        "failed",
        `Cannot read "${path}": ${size} bytes are more than ${size - 1}`,
      ]);
    }
  });
});

Deno.test({
  name: "readSecretFile reads a pipe, and keeps to its limit there too",
  ignore: !hasProgram("mkfifo"),
  fn: async () => {
    await withTemporaryFolder(async (folder) => {
      const path = `${folder}/pipe`;
      await new Deno.Command("mkfifo", { args: ["-m", "600", path] }).output();
      for (const most of [10_000, 9999]) {
        const writing = new Deno.Command("sh", {
          args: ["-c", 'head -c 10000 /dev/zero > "$1"', "sh", path],
          stderr: "null",
        }).output();
        const reading = readSecretFile(path, most);
        if (most === 10_000) assertEquals((await reading).bytes, new Uint8Array(10_000));
        else {assertEquals(
            (await faultOf(() => reading))[1],
            `Cannot read "${path}": more than 9999 bytes`,
          );}
        await writing;
      }
    });
  },
});

Deno.test("readSecretFile says why it cannot read", async () => {
  await withTemporaryFolder(async (folder) => {
    assertEquals(await faultOf(() => readSecretFile(`${folder}/key`, 9)), [
      "missing",
      `Cannot read "${folder}/key": no such file or folder`,
    ]);
    assertEquals(await faultOf(() => readSecretFile(folder, 9)), [
      "not-a-file",
      `Cannot read "${folder}": it is a folder`,
    ]);
  });
});

Deno.test("writeSecretFile writes for this user alone, and replaces only when told", async () => {
  await withTemporaryFolder(async (folder) => {
    const path = `${folder}/key`;
    await writeSecretFile(path, KEY, false);
    assertEquals((Deno.lstatSync(path).mode ?? 0) & 0o777, SECRET_FILE_MODE);
    assertEquals(await Deno.readFile(path), KEY);
    const other = Uint8Array.of(1);
    assertEquals(await faultOf(() => writeSecretFile(path, other, false)), [
      "exists",
      `Cannot create "${path}": a file of this name exists already`,
    ]);
    await Deno.chmod(path, 0o644);
    await writeSecretFile(path, other, true);
    assertEquals(await readSecretFile(path, 9), { bytes: other, readableByOthers: false });
    assertEquals(namesIn(folder), ["key"]);
  });
});
