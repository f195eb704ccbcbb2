import { assertEquals, assertThrows } from "@std/assert";
import {
  encodeMessage,
  formatTags,
  IrcFault,
  type IrcMessage,
  MAX_CLIENT_TAGS_BYTES,
  MAX_MESSAGE_BYTES,
  NO_TAGS,
  type OutgoingMessage,
  parseMessage,
  parseTags,
} from "../../../lib/irc/mod.ts";

const utf8 = new TextEncoder();

function parse(line: string): IrcMessage {
  return parseMessage(utf8.encode(line));
}

function encode(message: OutgoingMessage): string {
  return new TextDecoder().decode(encodeMessage(message));
}

function codeOf(operation: () => unknown): string {
  return assertThrows(operation, IrcFault).code;
}

Deno.test("parseMessage reads all parts of a message", () => {
  assertEquals(parse("@id=7;+typing :anna!a@host.example PRIVMSG #room :two words"), {
    tags: new Map([["id", "7"], ["+typing", ""]]),
    source: { name: "anna", user: "a", host: "host.example" },
    command: "PRIVMSG",
    params: ["#room", "two words"],
  });
});

const LINES: readonly (readonly [string, string, readonly string[]])[] = [
  ["PING", "PING", []],
  ["ping x", "PING", ["x"]],
  ["PING :", "PING", [""]],
  ["A  b   c ", "A", ["b", "c"]],
  ["A b :c d :e", "A", ["b", "c d :e"]],
  ["A b:c", "A", ["b:c"]],
  ["A ::", "A", [":"]],
  [":irc.example  001  nick :hi ", "001", ["nick", "hi "]],
  ["@a=b  :x  A", "A", []],
  [
    `A ${Array.from({ length: 20 }, (_, i) => i).join(" ")}`,
    "A",
    [...Array(20).keys()].map(String),
  ],
];

Deno.test("parseMessage reads commands and parameters", async (t) => {
  for (const [line, command, params] of LINES) {
    await t.step(line, () => {
      const message = parse(line);
      assertEquals([message.command, message.params], [command, params]);
    });
  }
});

Deno.test("parseMessage refuses what is no message", async (t) => {
  for (
    const line of [
      "",
      " A",
      ":",
      ": A",
      ":a",
      "@a=b",
      "@a=b ",
      "A\0b",
      "A b\rc",
      "A\nb",
      "1",
      "12",
      "1234",
      "A1",
      "\u00c4",
    ]
  ) {
    await t.step(JSON.stringify(line), () => assertEquals(codeOf(() => parse(line)), "malformed"));
  }
});

Deno.test("parseMessage takes bytes that are no UTF-8 for windows-1252", () => {
  const line = Uint8Array.of(...utf8.encode("A :gr"), 0xfc, 0xdf, 0x80);
  assertEquals(parseMessage(line).params, ["gr\u00fc\u00df\u20ac"]);
  assertEquals(parse("A :gr\u00fc\u00df\u20ac").params, ["gr\u00fc\u00df\u20ac"]);
});

Deno.test("encodeMessage writes what parseMessage reads", async (t) => {
  const messages: readonly OutgoingMessage[] = [
    { command: "PING", params: [] },
    { command: "PRIVMSG", params: ["#a", "two words"] },
    { command: "PRIVMSG", params: ["#a", ":colon"] },
    { command: "PRIVMSG", params: ["#a", ""] },
    { command: "001", params: ["a"], source: { name: "irc.example" } },
    { command: "A", params: ["b"], source: { name: "n", user: "u", host: "h" } },
    { command: "A", params: [], tags: new Map([["+a/b", "; \\\r\n"], ["c", ""]]) },
  ];
  for (const message of messages) {
    await t.step(JSON.stringify(message), () => {
      const bytes = encodeMessage(message);
      const read = parseMessage(bytes.slice(0, -2));
      assertEquals([...bytes.slice(-2)], [13, 10]);
      assertEquals([read.command, read.params], [message.command, message.params]);
      assertEquals(read.tags, message.tags ?? NO_TAGS);
      assertEquals(
        read.source,
        message.source && { user: undefined, host: undefined, ...message.source },
      );
    });
  }
});

Deno.test("encodeMessage lets no value end the line or add a parameter", async (t) => {
  const hostile: readonly OutgoingMessage[] = [
    ...["\r", "\n", "\0", "a\r\nQUIT", "a\nQUIT :x"].flatMap((text): OutgoingMessage[] => [
      { command: "PRIVMSG", params: ["#a", text] },
      { command: "PRIVMSG", params: [text, "x"] },
      { command: text, params: [] },
      { command: "A", params: [], source: { name: text } },
    ]),
    { command: "PRIVMSG", params: ["#a b", "x"] },
    { command: "PRIVMSG", params: ["", "x"] },
    { command: "PRIVMSG", params: [":a", "x"] },
    { command: "", params: [] },
    { command: "A B", params: [] },
    { command: "A", params: [], source: { name: "a b" } },
    { command: "A", params: [], tags: new Map([["a b", "x"]]) },
    { command: "A", params: [], tags: new Map([["a;b", "x"]]) },
    { command: "A", params: [], tags: new Map([["", "x"]]) },
    { command: "A", params: [], tags: new Map([["a", "\0"]]) },
  ];
  for (const message of hostile) {
    await t.step(JSON.stringify(message), () => {
      assertEquals(codeOf(() => encodeMessage(message)), "argument");
    });
  }
});

Deno.test("encodeMessage does not repeat a value in its fault", () => {
  const { message } = assertThrows(
    () => encodeMessage({ command: "PASS", params: ["hunter2\r\n"] }),
    IrcFault,
  );
  assertEquals(message.includes("hunter2"), false);
});

Deno.test("encodeMessage keeps the limits for message and tags", () => {
  const text = "x".repeat(MAX_MESSAGE_BYTES - "PRIVMSG #a \r\n".length);
  assertEquals(encode({ command: "PRIVMSG", params: ["#a", text] }).length, MAX_MESSAGE_BYTES);
  assertEquals(
    codeOf(() => encode({ command: "PRIVMSG", params: ["#a", `${text}x`] })),
    "too-long",
  );
  const value = "x".repeat(MAX_CLIENT_TAGS_BYTES - "@a= ".length);
  const tagged = (tag: string) => encode({ command: "A", params: [], tags: new Map([["a", tag]]) });
  assertEquals(tagged(value).length, MAX_CLIENT_TAGS_BYTES + "A\r\n".length);
  assertEquals(codeOf(() => tagged(`${value}x`)), "too-long");
});

const TAGS: readonly (readonly [string, readonly (readonly [string, string])[]])[] = [
  ["", []],
  ["a", [["a", ""]]],
  ["a=", [["a", ""]]],
  ["a=b=c", [["a", "b=c"]]],
  ["a=1;a=2", [["a", "2"]]],
  ["a=\\:\\s\\\\\\r\\n", [["a", "; \\\r\n"]]],
  ["a=\\b\\", [["a", "b"]]],
  ["a=\\\u{1f600}", [["a", "\u{1f600}"]]],
  ["+example.com/x-y=1", [["+example.com/x-y", "1"]]],
  ["a;;b", [["a", ""], ["b", ""]]],
  ["++a=1;a_b=2;\u00e4=3;ok=4", [["ok", "4"]]],
];

Deno.test("parseTags reads tags and undoes escapes", async (t) => {
  for (const [text, tags] of TAGS) {
    await t.step(JSON.stringify(text), () => {
      assertEquals([...parseTags(text)], tags.map((tag) => [...tag] as [string, string]));
      assertEquals(parseTags(formatTags(new Map(tags))), new Map(tags));
    });
  }
});
