import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  CofferFault,
  formatId,
  Keyring,
  parseId,
  requireDistinctKeys,
} from "../../../../lib/coffer/mod.ts";
import { keyPair } from "../../../support/coffer.ts";

const { publicKey } = keyPair("web");
const ID = formatId(publicKey);

Deno.test("parseId reads an id in any case, with hyphens and blanks", () => {
  const grouped = ID.match(/.{4}/g) ?? [];
  for (const text of [ID, ID.toLowerCase(), grouped.join("-"), ` ${grouped.join(" ")}\n`]) {
    assertEquals(parseId(text), publicKey);
  }
});

Deno.test("parseId refuses what is no usable key, without quoting it", async (t) => {
  const cases = {
    "too short": [ID.slice(2), "62 digits instead of 64"],
    "odd": [ID.slice(1), "63 digits instead of 64"],
    "too long": [`${ID}00`, "66 digits instead of 64"],
    "nothing": ["", "0 digits"],
    "the seed's example": ["AAAA-AAAA-AAAA-AAAA", "16 digits instead of 64"],
    "another word": ["canary", "not hexadecimal"],
    "other dashes": [ID.replace(/(.{4})/g, "$1\u2013"), "not hexadecimal"],
    "a point of low order": ["00".repeat(32), "low order"],
    "another point of low order": [`ec${"ff".repeat(30)}7f`, "low order"],
  };
  for (const [name, [text = "", expected = ""]] of Object.entries(cases)) {
    await t.step(name, () => {
      const fault = assertThrows(() => parseId(text), CofferFault, expected);
      assertEquals(fault.code, "bad-key");
      assert(text.length < 5 || !fault.message.includes(text));
    });
  }
});

Deno.test("requireDistinctKeys names the two roles of one key", () => {
  const [server, client] = [keyPair("server").publicKey, keyPair("web").publicKey];
  requireDistinctKeys([
    { owner: "the server", publicKey: server },
    { owner: "the client", publicKey: client },
  ]);
  const fault = assertThrows(
    () =>
      requireDistinctKeys([
        { owner: "the server", publicKey: server },
        { owner: "the companion", publicKey: client },
        { owner: "the client", publicKey: server },
      ]),
    CofferFault,
    "the client has the same as the server",
  );
  assertEquals(fault.code, "bad-key");
});

Deno.test("Keyring finds by bytes, not by array, and keeps the order", () => {
  const ring = new Keyring<string>();
  ring.set(publicKey, "web");
  ring.set(keyPair("app").publicKey, "app");
  ring.set(publicKey.slice(), "web again");
  assertEquals(ring.size, 2);
  assertEquals(ring.get(publicKey.slice()), "web again");
  assertEquals(ring.has(keyPair("db").publicKey), false);
  assertEquals(ring.get(publicKey.subarray(1)), undefined);
  assertEquals([...ring.entries()].map(([, value]) => value), ["web again", "app"]);
});
