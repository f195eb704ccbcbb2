// Names that a sender must not have: nothing is created outside of the chosen folder, whatever the
// name, and what is shown of a name cannot steer a terminal.

import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  blobOf,
  commitOf,
  directoryPieces,
  filePieces,
  hashOf,
  packPieces,
  type RawEntry,
  treeOf,
} from "../support/raw_pack.ts";
import { type Case, type Stage, testOnStages } from "../support/relay_stage.ts";
import { receivePlayed } from "../support/relay_transfers.ts";

const utf8 = new TextEncoder();

/** Names that are refused, and the reason that is given. */
const REFUSED: Readonly<Record<string, readonly [string | Uint8Array, RegExp]>> = {
  "a parent folder": ["../evil", /the name is a path/],
  "a way down and up": ["down/../../evil", /the name is a path/],
  "an absolute path": ["/tmp/evil", /the name is a path/],
  "backslashes": ["..\\evil", /the name is a path/],
  "the folder itself": [".", /the name is a reference to a folder/],
  "the folder above": ["..", /the name is a reference to a folder/],
  "nothing": ["", /the name is empty/],
  "a NUL byte": ["ev\0il", /the name is a NUL byte|holds a NUL byte/],
  "no UTF-8": [Uint8Array.of(0x65, 0xff, 0x6c), /the name is not UTF-8/],
  "half a surrogate pair": [Uint8Array.of(0xed, 0xa0, 0x80), /the name is not UTF-8/],
  "a slash in two bytes": [Uint8Array.of(0x2e, 0x2e, 0xc0, 0xaf, 0x78), /the name is not UTF-8/],
  "300 bytes": ["x".repeat(300), /the name is longer than 255 bytes/],
  "100,000 bytes": [
    "x".repeat(100_000),
    /the name is (100000 bytes long|longer than 255)|Cannot store a commit of \d+ bytes/,
  ],
};

/** Names that are accepted as they are, but shown otherwise. */
const ESCAPED: Readonly<Record<string, readonly [name: string, shown: string]>> = {
  "a line feed": ["a\nsaved b 1", "a\\x0asaved b 1"],
  "an escape sequence": ["\x1b[2Jgone", "\\x1b[2Jgone"],
  "a turn of direction": ["exe.\u202egpj", "exe.\\u{202e}gpj"],
};

function refused(
  pieces: (name: string | Uint8Array) => readonly Uint8Array[],
  [name, reason]: readonly [string | Uint8Array, RegExp],
) {
  return async (stage: Stage) => {
    const { code, stdout, stderr } = await receivePlayed(stage, { pieces: pieces(name) });
    assertEquals(code, 4, stderr);
    assertMatch(stderr, reason);
    assertEquals(stdout, "");
    assertEquals(stage.tree(), {});
  };
}

const namedCases = (
  what: string,
  pieces: (name: string | Uint8Array) => readonly Uint8Array[],
  without: readonly string[] = [],
): Case[] =>
  Object.entries(REFUSED)
    .filter(([title]) => !without.includes(title))
    .map(([title, row]) => ({ name: `${what}: ${title}`, run: refused(pieces, row) }));

/** A name that the format itself cannot hold, or ends early, is another fault. */
const OF_TREES = ["a way down and up", "an absolute path", "nothing", "a NUL byte"];

testOnStages("relay receive: hostile names of single files are refused", [
  ...namedCases("bob-relay 10.11", (name) => filePieces(name, "evil")),
]);

testOnStages("relay receive: hostile names of folders and in folders are refused", [
  ...namedCases(
    "bob-relay 10.11: folder",
    (name) => directoryPieces(name, [["letter", "Dear friend"]]),
    ["a NUL byte"], // ends the name
  ),
  ...namedCases(
    "bob-relay 10.11: file in a folder",
    (name) => directoryPieces("folder", [[name, "evil"]]),
    ["a parent folder", ...OF_TREES],
  ),
  ...namedCases(
    "bob-relay 10.11: folder in a folder",
    (name) => nested([{ mode: "40000", name }]),
    ["a parent folder", ...OF_TREES],
  ),
  {
    name: "bob-relay 10.11: a tree that holds a path, or no name",
    run: async (stage) => {
      for (const name of ["../evil", "/tmp/evil", ""]) {
        const { code, stderr } = await receivePlayed(stage, {
          pieces: directoryPieces("folder", [[name, "evil"]]),
        });
        assertEquals(code, 4, stderr);
        assertEquals(stage.tree(), {});
      }
    },
  },
  {
    name: "bob-relay 10.11: a link as an entry",
    run: async (stage) => {
      const target = blobOf("/tmp");
      const root = treeOf([{ mode: "120000", name: "link", hash: hashOf(target) }]);
      const { code, stderr } = await receivePlayed(stage, {
        pieces: packPieces([commitOf("folder", root), root, target]),
      });
      assertEquals(code, 4, stderr);
      assertEquals(stage.tree(), {});
    },
  },
  {
    name: "bob-relay 10.11: one name twice in a folder",
    run: async (stage) => {
      const files = [["same", "one"], ["same", "two"]] as const;
      const { code, stderr } = await receivePlayed(stage, {
        pieces: directoryPieces("folder", files),
      });
      assertEquals(code, 4, stderr);
      assertEquals(stage.tree(), {});
    },
  },
]);

testOnStages("relay receive: names are shown so that they steer nothing", [
  ...Object.entries(ESCAPED).map(([title, [name, shown]]) => ({
    name: title,
    run: async (stage: Stage) => {
      const { code, stdout, stderr } = await receivePlayed(stage, {
        pieces: filePieces(name, "x"),
      });
      assertEquals([code, stdout], [0, `saved ./${shown} 1\n`], stderr);
      assertEquals(stage.tree(), { [name]: "x" });
      assert(!stderr.includes(name), "The name is shown as it is");
      assert(stderr.includes(shown), stderr);
    },
  })),
  {
    name: "in an error",
    run: async (stage) => {
      const { code, stderr } = await receivePlayed(stage, {
        pieces: filePieces("\x1b[2J\n/\u202eevil", "x"),
      });
      assertEquals(code, 4);
      assert(stderr.includes("\\x1b[2J\\x0a/\\u{202e}evil"), stderr);
    },
  },
  {
    name: "as JSON, where they are whole",
    run: async (stage) => {
      const name = "a\n\x1b[2J\u202eb";
      const { code, stdout } = await receivePlayed(stage, {
        pieces: filePieces(name, "x"),
        args: ["--json"],
      });
      assertEquals(code, 0);
      assertEquals(JSON.parse(stdout).path, `./${name}`);
      assertEquals(stdout.split("\n").length, 2, "one line");
      assert(!stdout.includes("\x1b") && !stdout.includes("\u202e"), "escaped");
    },
  },
]);

/** A folder `folder` with these entries, each an empty folder or one with a file. */
function nested(entries: readonly Omit<RawEntry, "hash">[]): Uint8Array[] {
  const inner = treeOf([]);
  const root = treeOf(entries.map((entry) => ({ ...entry, hash: hashOf(inner) })));
  return packPieces([commitOf(utf8.encode("folder"), root), root, inner]);
}
