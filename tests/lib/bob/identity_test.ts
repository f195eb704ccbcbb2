import { assertEquals, assertThrows } from "@std/assert";
import { identityText, isAcceptableIdentity, makeIdentity } from "../../../lib/bob/mod.ts";
import { latin } from "./relay_world.ts";

Deno.test("makeIdentity writes address and port, IPv6 without brackets", () => {
  assertEquals(makeIdentity({ host: "127.0.0.1", port: 43502 }), latin("127.0.0.1:43502"));
  assertEquals(makeIdentity({ host: "::1", port: 1 }), latin("::1:1"));
  const longest = "0000:0000:0000:0000:0000:ffff:192.168.100.228";
  assertEquals(makeIdentity({ host: longest, port: 65535 }), latin(`${longest}:65535`));
});

Deno.test("makeIdentity refuses what is no address", () => {
  for (const host of ["", "a b", "a\0b", "\u00e9", "x".repeat(98)]) {
    assertThrows(() => makeIdentity({ host, port: 1 }), RangeError, "Cannot make an identity");
  }
});

Deno.test("isAcceptableIdentity wants 1 to 99 bytes of visible ASCII", async (t) => {
  const table: readonly (readonly [name: string, identity: string, acceptable: boolean])[] = [
    ["an IPv4 address", "127.0.0.1:43502", true],
    ["an IPv6 address", "::ffff:127.0.0.1:48366", true],
    ["first and last visible character", "!~", true],
    ["99 bytes", "x".repeat(99), true],
    ["100 bytes", "x".repeat(100), false],
    ["nothing", "", false],
    ["blank", "a b", false],
    ["newline", "a\nb", false],
    ["escape", "a\x1b[2J", false],
    ["delete", "a\x7f", false],
    ["byte above 7f", "a\xa0", false],
  ];
  for (const [name, identity, acceptable] of table) {
    await t.step(name, () => assertEquals(isAcceptableIdentity(latin(identity)), acceptable));
  }
});

Deno.test("identityText tells every two identities apart", () => {
  const texts = Array.from({ length: 256 }, (_, byte) => identityText(Uint8Array.of(byte)));
  assertEquals(new Set(texts).size, 256);
  assertEquals(identityText(latin("::1:40000")), "::1:40000");
});
