import { assert, assertEquals, assertRejects } from "@std/assert";
import { FileFault, freeBytes, requireSpace } from "../../../lib/files/mod.ts";
import { withTemporaryFolder } from "../../support/folder.ts";

Deno.test("freeBytes and requireSpace agree on what fits", async () => {
  await withTemporaryFolder(async (folder) => {
    const free = await freeBytes(folder);
    assert(Number.isSafeInteger(free) && free > 0, `${free}`);
    await requireSpace(folder, 0);
    await requireSpace(folder, 1);
    const fault = await assertRejects(
      () => requireSpace(folder, Number.MAX_SAFE_INTEGER),
      FileFault,
      `Cannot write 9007199254740991 bytes into "${folder}": only `,
    );
    assertEquals(fault.code, "full");
  });
});

Deno.test("freeBytes says that there is no such folder", async () => {
  await withTemporaryFolder(async (folder) => {
    const fault = await assertRejects(() => freeBytes(`${folder}/missing`), FileFault);
    assertEquals(fault.code, "missing");
    assertEquals(
      fault.message,
      `Cannot look at "${folder}/missing": no such file or folder`,
    );
  });
});
