import { assertEquals } from "@std/assert";
import { checkName, decodeName, MAX_NAME_BYTES, type NameRefusal } from "../../../lib/files/mod.ts";

const RESERVED: NameRefusal = "a name that Windows reserves";

Deno.test("checkName lets through what every file system takes", () => {
  const names = [
    ...["a", "a.txt", ".hidden", "...", "..a", "a..", "-rf", "--help", "~", "$HOME", "*", "a b"],
    ...["caf\u00e9", "cafe\u0301", "\u65e5\u672c\u8a9e", "\u{1f600}.png", "\ufeff", "\ufffd"],
    ...["new\nline", "\x1b[2J", "\u202etxt.exe", "con", "a:b", "a.", " ", "a "],
    "x".repeat(MAX_NAME_BYTES),
    "\u65e5".repeat(85),
    "\u{1f600}".repeat(63),
  ];
  for (const name of names) assertEquals(checkName(name), undefined, JSON.stringify(name));
});

Deno.test("checkName refuses what would leave the folder or become another name", () => {
  const cases: readonly (readonly [string, NameRefusal])[] = [
    ["", "empty"],
    [".", "a reference to a folder"],
    ["..", "a reference to a folder"],
    ["/", "a path"],
    ["a/b", "a path"],
    ["../a", "a path"],
    ["a/", "a path"],
    ["a\\b", "a path"],
    ["..\\a", "a path"],
    ["C:\\a", "a path"],
    ["a\0", "a NUL byte"],
    ["\0", "a NUL byte"],
    ["\ud800", "not UTF-8"],
    ["a\udc00b", "not UTF-8"],
    ["x".repeat(MAX_NAME_BYTES + 1), "longer than 255 bytes"],
    ["\u65e5".repeat(86), "longer than 255 bytes"],
    ["\u{1f600}".repeat(64), "longer than 255 bytes"],
  ];
  for (const windows of [false, true]) {
    for (const [name, expected] of cases) {
      assertEquals(checkName(name, windows), expected, JSON.stringify(name));
    }
  }
});

Deno.test("checkName refuses on Windows what means something else there", () => {
  const refused = [
    ...["con", "CON", "nul", "PRN", "aux", "com0", "COM1", "com9", "lpt1", "LPT\u00b2"],
    ...["nul.txt", "con.tar.gz", "aux.", "a.", "a ", "...", "a..", " "],
    ...["a:b", "a:stream", "a<b", "a>b", 'a"b', "a|b", "a?b", "a*b"],
    ...["new\nline", "\x01", "tab\t"],
  ];
  for (const name of refused) assertEquals(checkName(name, true), RESERVED, JSON.stringify(name));
  const taken = [
    "a.b",
    ".a",
    " a",
    "console",
    "com",
    "com10",
    "comet",
    "nul_",
    "a.nul",
    "lpt",
    "a\x7f",
  ];
  for (const name of taken) assertEquals(checkName(name, true), undefined, JSON.stringify(name));
});

Deno.test("decodeName reads strict UTF-8 and keeps a byte-order mark", () => {
  const utf8 = new TextEncoder();
  for (const name of ["", "a", "caf\u00e9", "\u{1f600}", "\ufeffa"]) {
    assertEquals(decodeName(utf8.encode(name)), name);
  }
  const bad = [[0xff], [0x61, 0x80], [0xc3], [0xc0, 0xaf], [0xed, 0xa0, 0x80]];
  for (const bytes of bad) assertEquals(decodeName(Uint8Array.from(bytes)), undefined, `${bytes}`);
});
