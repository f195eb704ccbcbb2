import { assertEquals, assertThrows } from "@std/assert";
import { CommandFault, type CommandFaultCode, findCommand } from "../../../lib/process/mod.ts";
import { withTemporaryFolder } from "../../support/folder.ts";

async function withFolders(run: (folder: string) => void): Promise<void> {
  await withTemporaryFolder(async (folder) => {
    for (const name of ["a", "b", "c"]) await Deno.mkdir(`${folder}/${name}`);
    await Deno.writeTextFile(`${folder}/a/tool`, "", { mode: 0o644 });
    await Deno.writeTextFile(`${folder}/b/tool`, "", { mode: 0o755 });
    await Deno.writeTextFile(`${folder}/c/tool`, "", { mode: 0o755 });
    await Deno.mkdir(`${folder}/a/folder`);
    run(folder);
  });
}

function assertFault(code: CommandFaultCode, run: () => unknown): void {
  assertEquals(assertThrows(run, CommandFault).code, code);
}

Deno.test("findCommand takes the first executable file on the search path", async () => {
  await withFolders((folder) => {
    const path = ["a", "b", "c"].map((name) => `${folder}/${name}`).join(":");
    assertEquals(findCommand("tool", path), `${folder}/b/tool`);
    assertEquals(
      findCommand("tool", `${folder}/none:${folder}/b/tool:${path}`),
      `${folder}/b/tool`,
    );
    assertEquals(findCommand("sh", undefined), "/bin/sh");
  });
});

Deno.test("findCommand takes a name with a slash as it is", async () => {
  await withFolders((folder) => {
    assertEquals(findCommand(`${folder}/c/tool`, `${folder}/b`), `${folder}/c/tool`);
    assertFault("missing", () => findCommand("b/tool", folder));
  });
});

Deno.test("findCommand tells what is missing from what cannot be executed", async () => {
  await withFolders((folder) => {
    assertFault("missing", () => findCommand("tool", `${folder}/none`));
    assertFault("missing", () => findCommand("", `${folder}/b`));
    assertFault("missing", () => findCommand(`${folder}/b/tool/more`, undefined));
    assertFault("not-executable", () => findCommand("tool", `${folder}/a:${folder}/none`));
    assertFault("not-executable", () => findCommand("folder", `${folder}/a`));
    assertFault("not-executable", () => findCommand(`${folder}/a/tool`, undefined));
  });
});
