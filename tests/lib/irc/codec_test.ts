import { assert, assertEquals, assertThrows } from "@std/assert";
import { decodeBase64 } from "@std/encoding/base64";
import {
  byteLength,
  cutText,
  foldCase,
  formatAction,
  formatPlain,
  formatSource,
  IrcFault,
  isChannelName,
  isNick,
  isServer,
  Isupport,
  NameMap,
  parseChannelAddress,
  parseCtcp,
  parseSource,
  plainText,
  splitText,
} from "../../../lib/irc/mod.ts";

Deno.test("foldCase follows the mapping of the network", () => {
  assertEquals(foldCase("Anna[]\\~^\u00c4", "rfc1459"), "anna{}|^^\u00c4");
  assertEquals(foldCase("Anna[]\\~^\u00c4", "rfc1459-strict"), "anna{}|~^\u00c4");
  assertEquals(foldCase("Anna[]\\~^\u00c4", "ascii"), "anna[]\\~^\u00c4");
});

Deno.test("NameMap finds names in any case, and keeps its order when the mapping changes", () => {
  const map = new NameMap<string>();
  map.set("A[", "A[");
  map.set("b", "b");
  map.set("a{", "a{");
  assertEquals([...map.values()], ["a{", "b"]);
  assertEquals([map.get("A{"), map.has("B"), map.size], ["a{", true, 2]);
  map.remap("ascii", (name) => name);
  assertEquals([map.get("A["), map.get("A{")], [undefined, "a{"]);
  assertEquals([map.delete("B"), map.delete("B")], [true, false]);
});

Deno.test("Isupport knows what holds until a server says otherwise", () => {
  const isupport = new Isupport();
  assertEquals(isupport.casemapping, "rfc1459");
  assertEquals(isupport.channelTypes, "#&");
  assertEquals(isupport.memberPrefixes, "@+");
  assertEquals(isupport.nickLength, 9);
  assertEquals(isupport.hostLength, 63);
  assertEquals(isupport.network, undefined);
});

Deno.test("Isupport takes, changes and drops tokens", () => {
  const isupport = new Isupport();
  isupport.update([
    "CASEMAPPING=ascii",
    "CHANTYPES=#!",
    "PREFIX=(qaohv)~&@%+",
    "NETWORK=Two\\x20Words",
    "NICKLEN=30",
    "STATUSMSG=@+",
    "CLIENTTAGDENY=*,-typing",
    "lower=1",
    "",
    "=x",
    "-",
  ]);
  assertEquals(isupport.casemapping, "ascii");
  assertEquals([isupport.isChannel("!x"), isupport.isChannel("&x")], [true, false]);
  assertEquals(isupport.memberPrefixes, "~&@%+");
  assertEquals(isupport.network, "Two Words");
  assertEquals(isupport.nickLength, 30);
  assertEquals(isupport.withoutStatus("@#room"), "#room");
  assertEquals(isupport.withoutStatus("@nick"), "@nick");
  assertEquals([isupport.deniesTag("typing"), isupport.deniesTag("other")], [false, true]);
  isupport.update(["-CASEMAPPING", "NICKLEN=x", "HOSTLEN=99999"]);
  assertEquals([isupport.casemapping, isupport.nickLength], ["rfc1459", 9]);
  assertEquals(isupport.hostLength, 63);
});

Deno.test("Isupport remembers no more than it should", () => {
  const isupport = new Isupport();
  isupport.update(Array.from({ length: 10_000 }, (_, i) => `T${i}=x`));
  assertEquals([isupport.get("T10"), isupport.get("T9999")], ["x", undefined]);
  isupport.update(["T10=y"]);
  assertEquals(isupport.get("T10"), "y");
});

Deno.test("parseSource and formatSource agree", () => {
  for (const text of ["anna", "anna!a@h", "anna@h", "anna!a", "irc.example", "a!b!c@d@e"]) {
    assertEquals(formatSource(parseSource(text)), text);
  }
  assertEquals(isServer(parseSource("irc.example")), true);
  assertEquals(isServer(parseSource("a.b!c@d")), false);
  assertEquals(isServer(parseSource("anna")), false);
});

Deno.test("parseCtcp reads what people do, with or without the mark at the end", () => {
  assertEquals(parseCtcp(formatAction("waves")), { command: "ACTION", text: "waves" });
  assertEquals(parseCtcp("\x01action waves at you"), { command: "ACTION", text: "waves at you" });
  assertEquals(parseCtcp("\x01VERSION\x01"), { command: "VERSION", text: "" });
  assertEquals(parseCtcp("\x01"), { command: "", text: "" });
  assertEquals(parseCtcp("plain"), undefined);
});

Deno.test("plainText takes away formatting and controls, and leaves the text", () => {
  assertEquals(plainText("\x02b\x1di\x1fu\x1es\x11m\x16r\x0f"), "biusmr");
  assertEquals(plainText("\x034,12red\x03 \x0399x \x03,5 \x0412AB34hex\x04"), "red x ,5 hex");
  assertEquals(plainText("a\tb\x00\x07\x1b[31m\x7f\x9bc"), "a\tb[31mc");
  assertEquals(plainText("gr\u00fc\u00dfe \u{1f600}"), "gr\u00fc\u00dfe \u{1f600}");
});

Deno.test("isNick and isChannelName keep names from being anything else", () => {
  for (const good of ["anna", "[a]", "a1", "\u00e4nna", "a-b", "_a"]) assert(isNick(good), good);
  for (
    const bad of [
      "",
      "1a",
      "-a",
      "a b",
      "a,b",
      ":a",
      "a\n",
      "#a",
      "&a",
      "+a",
      "a!b",
      "a@b",
      "*",
      "a*",
    ]
  ) {
    assertEquals(isNick(bad), false, JSON.stringify(bad));
  }
  for (const good of ["#a", "&a:b", "!X"]) assert(isChannelName(good), good);
  for (const bad of ["", "#a b", "#a,b", "#a\r", ":a", "#a\x07"]) {
    assertEquals(isChannelName(bad), false, JSON.stringify(bad));
  }
});

Deno.test("parseChannelAddress reads a name and a key", () => {
  assertEquals(parseChannelAddress("#a"), { name: "#a" });
  assertEquals(parseChannelAddress(" #a  key "), { name: "#a", key: "key" });
  for (const bad of ["", "#a b c", "#a,#b", "#a b,c", "#a\r\nQUIT"]) {
    assertThrows(() => parseChannelAddress(bad), IrcFault);
  }
});

Deno.test("formatPlain cuts base64 into pieces of 400, and marks the end of full ones", () => {
  const plain = (length: number) => formatPlain({ account: "a", secret: "x".repeat(length) });
  assertEquals(plain(3), [btoa("\0a\0xxx")]);
  assertEquals(plain(297).map(({ length }) => length), [400, 1]);
  assertEquals(plain(297)[1], "+");
  assertEquals(plain(298).map(({ length }) => length), [400, 4]);
  assertEquals(plain(1000).map(({ length }) => length), [400, 400, 400, 140]);
  const text = new TextDecoder().decode(decodeBase64(plain(1000).join("")));
  assertEquals(text, `\0a\0${"x".repeat(1000)}`);
  const account = { account: "\u00e4", secret: "\u00f6" };
  assertEquals(
    new TextDecoder().decode(decodeBase64(formatPlain(account)[0] ?? "")),
    "\0\u00e4\0\u00f6",
  );
});

Deno.test("formatPlain refuses what would be another account, and repeats no secret", () => {
  for (
    const [account, secret] of [["", "hunter2"], ["a", ""], ["a\0b", "hunter2"], ["a", "hunter2\0"]]
  ) {
    const fault = assertThrows(
      () => formatPlain({ account: account as string, secret: secret as string }),
      IrcFault,
    );
    assertEquals([fault.code, fault.message.includes("hunter2")], ["argument", false]);
  }
});

Deno.test("cutText never cuts a character", () => {
  const text = "a\u00e4\u20ac\u{1f600}";
  for (let most = 0; most < 12; most++) {
    const cut = cutText(text, most);
    assert(text.startsWith(cut) && byteLength(cut) <= most && cut.isWellFormed(), `${most}`);
  }
  assertEquals(cutText(text, 100), text);
});

Deno.test("splitText cuts between words, leaves out empty lines and marks of CTCP", () => {
  assertEquals(splitText("one two three", 8), ["one two", "three"]);
  assertEquals(splitText("one two three", 7), ["one two", "three"]);
  assertEquals(splitText("a\r\n\r\n b \rc\n\n", 100), ["a", " b ", "c"]);
  assertEquals(splitText("\x01ACTION waves\x01\0", 100), ["ACTION waves"]);
  assertEquals(splitText(" \n\t\n", 100), []);
  assertEquals(splitText("\ud800", 100), ["\ufffd"]);
  assertThrows(() => splitText("x", 3), RangeError);
});

Deno.test("splitText cuts long words between characters, and emoji only if they must be", () => {
  const family = "\u{1f468}\u200d\u{1f469}\u200d\u{1f467}"; // 18 bytes, one character to people
  assertEquals(splitText(family.repeat(3), 40), [family.repeat(2), family]);
  assertEquals(splitText(`xx${family}`, 19), ["xx", family]);
  const pieces = splitText(family, 10);
  assertEquals(pieces.join(""), family);
  for (const piece of pieces) assert(byteLength(piece) <= 10 && piece.isWellFormed());
  assertEquals(splitText("\u00e4".repeat(10), 5).map(byteLength), [4, 4, 4, 4, 4]);
});
