import { assertEquals, assertRejects } from "@std/assert";
import { FileFault, type FileFaultCode, toFileFault, withFile } from "../../../lib/files/mod.ts";
import { withTemporaryFolder } from "../../support/folder.ts";

Deno.test("toFileFault gives each error of the platform a code and a reason for people", () => {
  const { errors } = Deno;
  const cases: readonly (readonly [unknown, FileFaultCode, string])[] = [
    [new errors.AlreadyExists("File exists (os error 17)"), "exists", "it exists already"],
    [new errors.NotFound("No such file (os error 2)"), "missing", "no such file or folder"],
    [new errors.PermissionDenied("denied (os error 13)"), "denied", "permission denied"],
    [new errors.NotCapable("Requires write access"), "denied", "not permitted to this program"],
    [new errors.NotADirectory("(os error 20)"), "not-a-folder", "a part of the path is no folder"],
    [new errors.IsADirectory("(os error 21)"), "not-a-file", "it is a folder"],
    [new errors.FilesystemLoop("(os error 40)"), "failed", "too many links"],
    [new Error("No space left on device (os error 28)"), "full", "the disk is full"],
    [new Error("Disk quota exceeded (os error 122)"), "full", "the disk is full"],
    [new Error("ENOSPC: no space left on device, write"), "full", "the disk is full"],
    [new Error("Input/output error (os error 5)"), "failed", "Input/output error"],
    [
      new Error("Directory not empty (os error 39): rename '/a' -> '/b'"),
      "failed",
      "Directory not empty",
    ],
    [
      Object.assign(new Error("EACCES: permission denied, statfs '/tmp/a'"), { code: "EACCES" }),
      "denied",
      "permission denied",
    ],
    ["torn", "failed", "torn"],
  ];
  for (const [error, code, reason] of cases) {
    const fault = toFileFault(error, "write", "/tmp/a");
    assertEquals([fault.code, fault.message, fault.cause], [
      code,
      `Cannot write "/tmp/a": ${reason}`,
      error,
    ]);
  }
});

Deno.test("toFileFault passes a fault through and escapes the path", () => {
  const fault = new FileFault("changed", "Cannot send: changed");
  assertEquals(toFileFault(fault, "write", "a"), fault);
  assertEquals(
    toFileFault(new Deno.errors.NotFound(""), "read", "a\n\x1b[2Jb").message,
    'Cannot read "a\\x0a\\x1b[2Jb": no such file or folder',
  );
});

Deno.test("withFile returns what the operation does, and translates what it throws", async () => {
  assertEquals(await withFile("count", "a", () => 5), 5);
  assertEquals(await withFile("count", "a", () => Promise.resolve(6)), 6);
  const broken = [
    () => Promise.reject(new Deno.errors.NotFound("gone")),
    () => {
      throw new Deno.errors.NotFound("gone");
    },
  ];
  for (const operation of broken) {
    const fault = await assertRejects(() => withFile("read", "a", operation), FileFault);
    assertEquals([fault.code, String(fault)], [
      "missing",
      'FileFault: Cannot read "a": no such file or folder',
    ]);
  }
});

Deno.test("withFile tells real errors of the system apart", async () => {
  await withTemporaryFolder(async (folder) => {
    const file = `${folder}/file`;
    await Deno.writeTextFile(file, "x");
    await Deno.mkdir(`${folder}/full/x`, { recursive: true });
    await Deno.symlink("loop", `${folder}/loop`);
    const cases: readonly (readonly [FileFaultCode, () => Promise<unknown>])[] = [
      ["exists", () => Deno.mkdir(file)],
      ["exists", () => Deno.open(file, { createNew: true, write: true })],
      ["missing", () => Deno.open(`${folder}/missing`)],
      ["not-a-folder", () => Deno.open(`${file}/x`)],
      ["not-a-file", () => Deno.open(folder, { write: true })],
      ["failed", () => Deno.open(`${folder}/loop`)],
      ["failed", () => Deno.remove(`${folder}/full`)],
      ["failed", () => Deno.open(`${folder}/${"x".repeat(256)}`)],
    ];
    for (const [code, operation] of cases) {
      const fault = await assertRejects(() => withFile("use", folder, operation), FileFault);
      assertEquals(fault.code, code, fault.message);
      assertEquals(/os error/.test(fault.message), false, fault.message);
    }
  });
});
