import { assertEquals, assertThrows } from "@std/assert";
import {
  CofferFault,
  loadDefinition,
  secretsOf,
  type SecretValue,
  setEntry,
  unsetEntry,
} from "../../../../lib/coffer/mod.ts";
import { keyPair, utf8 } from "../../../support/coffer.ts";
import { idOf } from "../../../support/coffer_stage.ts";

const WEB = keyPair("web").publicKey;
const DB = keyPair("db").publicKey;
const NEW: SecretValue = { type: "String", value: "new" };

/** Layouts: what set and unset of `X` and set of `Y` make of them. */
const LAYOUTS: readonly {
  readonly name: string;
  readonly before: string;
  readonly replaced: string;
  readonly added: string;
  readonly removed: string;
}[] = [
  {
    name: "headers, comments, values over several lines",
    before: `# c\n[web]\nid = "WEB"\nX = """\na\nb""" # two\nZ = 1\n\n[g.db]\n  id = "DB"\n`,
    replaced: `# c\n[web]\nid = "WEB"\nX = "new" # two\nZ = 1\n\n[g.db]\n  id = "DB"\n`,
    added:
      `# c\n[web]\nid = "WEB"\nX = """\na\nb""" # two\nZ = 1\nY = "new"\n\n[g.db]\n  id = "DB"\n`,
    removed: `# c\n[web]\nid = "WEB"\nZ = 1\n\n[g.db]\n  id = "DB"\n`,
  },
  {
    name: "inline tables",
    before: `web = { X = 1, id = "WEB" }\ndb = { id = "DB" }`,
    replaced: `web = { X = "new", id = "WEB" }\ndb = { id = "DB" }`,
    added: `web = { X = 1, id = "WEB", Y = "new" }\ndb = { id = "DB" }`,
    removed: `web = { id = "WEB" }\ndb = { id = "DB" }`,
  },
  {
    name: "dotted keys",
    before: `web.id = "WEB"\nweb . X = true\n`,
    replaced: `web.id = "WEB"\nweb . X = "new"\n`,
    added: `web.id = "WEB"\nweb . X = true\nweb . Y = "new"\n`,
    removed: `web.id = "WEB"\n`,
  },
  {
    name: "the whole file is one shard, without a line end",
    before: `id = "WEB"\nX = 2020-01-19`,
    replaced: `id = "WEB"\nX = "new"`,
    added: `id = "WEB"\nX = 2020-01-19\nY = "new"\n`,
    removed: `id = "WEB"\n`,
  },
  {
    name: "the seed's shape with CRLF and a byte-order mark",
    before: `\uFEFF[clients]\r\nweb = "WEB"\r\n[web]\r\nX = 1.5\r\n`,
    replaced: `\uFEFF[clients]\r\nweb = "WEB"\r\n[web]\r\nX = "new"\r\n`,
    added: `\uFEFF[clients]\r\nweb = "WEB"\r\n[web]\r\nX = 1.5\r\nY = "new"\r\n`,
    removed: `\uFEFF[clients]\r\nweb = "WEB"\r\n[web]\r\n`,
  },
];

function fill(text: string): string {
  return text.replaceAll("WEB", idOf("web")).replaceAll("DB", idOf("db"));
}

Deno.test("setEntry, unsetEntry: change this entry's text and nothing else, in every layout", async (t) => {
  for (const { name, before, replaced, added, removed } of LAYOUTS) {
    await t.step(name, () => {
      assertEquals(setEntry(fill(before), WEB, "X", NEW), fill(replaced), "replaced");
      assertEquals(setEntry(fill(before), WEB, "Y", NEW), fill(added), "added");
      assertEquals(unsetEntry(fill(before), WEB, "X"), fill(removed), "removed");
    });
  }
});

Deno.test("setEntry: a client that is declared only gets a table, an empty table its first entry", () => {
  const declared = fill(`[clients]\nweb = "WEB"\n"d b" = "DB"\n[web] # w`);
  assertEquals(setEntry(declared, DB, "Y", NEW), `${declared}\n\n["d b"]\nY = "new"\n`);
  assertEquals(setEntry(declared, WEB, "Y", NEW), `${declared}\nY = "new"\n`);
  const inline = fill(`clients = { web = "WEB" }\nweb = {}\n`);
  assertEquals(
    setEntry(inline, WEB, "Y", NEW),
    fill(`clients = { web = "WEB" }\nweb = { Y = "new" }\n`),
  );
});

Deno.test("unsetEntry: the only entry of an inline table, and the last one", () => {
  const one = fill(`clients = { web = "WEB" }\nweb = { X = 1 }\n`);
  assertEquals(unsetEntry(one, WEB, "X"), fill(`clients = { web = "WEB" }\nweb = {  }\n`));
  const last = fill(`web = { id = "WEB", X = 1 }\n`);
  assertEquals(unsetEntry(last, WEB, "X"), fill(`web = { id = "WEB" }\n`));
});

Deno.test("setEntry: any name and any text read back as they were", () => {
  const base = fill(`[web]\nid = "WEB"\n`);
  const texts = [
    "",
    "\n",
    "a\nb\n",
    '"""\n"',
    '""""\n""',
    "\\\n\\",
    "a\r\nb",
    "\u0007\n",
    "\x7f",
    " \t",
    "ü\u{1f511}\n",
    "-----BEGIN X-----\nAAAA\n-----END X-----\n",
  ];
  for (const text of texts) {
    for (const key of ["A", "a b", 'q"', "ü.ü", "", "id2"].filter((name) => name !== "")) {
      const value: SecretValue = { type: "String", value: text };
      const [client] = loadDefinition(utf8(setEntry(base, WEB, key, value))).clients;
      assertEquals(client && secretsOf(client).get(key), value, JSON.stringify([key, text]));
    }
  }
});

Deno.test("setEntry, unsetEntry: no such client, no such entry; no value in the message", () => {
  const toml = fill(`[web]\nid = "WEB"\nX = "canary"\n`);
  for (
    const change of [
      () => setEntry(toml, DB, "X", NEW),
      () => unsetEntry(toml, DB, "X"),
      () => unsetEntry(toml, WEB, "Y"),
    ]
  ) {
    const fault = assertThrows(change, CofferFault, "Cannot change the definition");
    assertEquals([fault.code, fault.message.includes("canary")], ["bad-definition", false]);
  }
});
