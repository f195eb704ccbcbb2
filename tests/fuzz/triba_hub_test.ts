// Whatever user interfaces, configurations and people type: nothing is thrown but what is meant to
// be, and every request with an id is answered.

import { assert, assertEquals } from "@std/assert";
import { CommandFault, parseCommandLine } from "../../cmd/triba/core/terminal/commands.ts";
import { LineEditor } from "../../cmd/triba/core/terminal/line_editor.ts";
import { forwardContent, goesRound } from "../../lib/triba/bridge/mod.ts";
import { ConfigFault, readCoreConfig } from "../../lib/triba/config/mod.ts";
import { LineCutter, MESSAGE_LINE_JSON, REQUEST_JSON } from "../../lib/triba/hub/mod.ts";
import { fuzz, type Random } from "../support/fuzz.ts";
import { attach, makeHub } from "../lib/triba/hub/support.ts";

const utf8 = new TextEncoder();
const STRICT = { path: "", strict: true, depth: 0 } as const;
const CONTEXT = {
  folder: "/x",
  credentials: "/c",
  builtins: new Map([["echo", { command: ["echo"], environment: {} }]]),
};

const REQUESTS = [
  '{"type":"subscribe","id":1,"logs":true}',
  '{"type":"resume","id":"a","run":"run-1","sequence":0}',
  '{"type":"call","id":2,"backend":"echo","call":{"type":"SendMessage","room":"r","txn":"t",' +
  '"content":{"type":"Reply","to":"m","content":{"type":"Text","text":"x"}}}}',
  '{"type":"call","id":3,"backend":"echo","call":{"type":"FetchMessages","room":"r","before":null,"limit":5}}',
  '{"type":"logs","id":4,"backend":"echo","lines":5}',
  '{"type":"cancel","id":5,"request":3}',
];

const CONFIG = `[backends.a]
builtin = "echo"
environment = { A = "b" }
account = { name = "n", credential = "c" }
[backends.b-2]
command = ["x", "y"]
ids = 1
start_timeout = 1.5
handshake = "plain"
[bridges.x]
a = { backend = "a", room = "r" }
b = { backend = "b-2", room = "s" }
`;

function pieces(bytes: Uint8Array, random: Random): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = 1 + random.below(bytes.length - at);
    parts.push(bytes.subarray(at, at + length));
    at += length;
  }
  return parts;
}

fuzz("user interfaces: each line is answered once, and nothing is thrown", async (random) => {
  const { hub, defects } = makeHub();
  const { attachment, screen } = attach(hub);
  const sent = utf8.encode(`${random.pick(REQUESTS)}\n${random.pick(REQUESTS)}\n`);
  const cutter = new LineCutter(1 + random.below(400));
  let lines = 0;
  for (const part of pieces(random.mutate(sent), random)) {
    for (const line of cutter.push(part)) {
      lines++;
      attachment.receive(line);
    }
  }
  for (let i = 0; i < 20; i++) await Promise.resolve(); // the answers of the core
  const answers = screen.messages.filter(({ type }) => type === "reply" || type === "error");
  assertEquals(answers.length, lines);
  for (const message of screen.messages) {
    assertEquals(MESSAGE_LINE_JSON.read(message, STRICT), message);
  }
  assertEquals(defects, []);
});

fuzz("REQUEST_JSON: what is accepted is read back as the same", (random) => {
  const text = new TextDecoder().decode(random.mutate(utf8.encode(random.pick(REQUESTS))));
  try {
    const request = REQUEST_JSON.read(JSON.parse(text), STRICT);
    const again = REQUEST_JSON.read(JSON.parse(JSON.stringify(request)), STRICT);
    assertEquals(again, request);
  } catch (error) {
    assert(error instanceof Error && /^(JsonFault|SyntaxError)$/.test(error.name), String(error));
  }
});

fuzz("LineCutter: pieces make the same lines as the whole", (random) => {
  const bytes = random.mutate(utf8.encode("one\ntwo \u00e9\n\r\n\x00three"));
  const cut = (parts: readonly Uint8Array[]) => {
    const cutter = new LineCutter(12);
    return [...parts.flatMap((part) => cutter.push(part)), ...cutter.end()];
  };
  assertEquals(cut(pieces(bytes, random)), cut([bytes]));
});

fuzz("readCoreConfig: altered files are read, or refused with places", (random) => {
  try {
    readCoreConfig(random.mutate(utf8.encode(CONFIG)), CONTEXT);
  } catch (error) {
    assert(error instanceof ConfigFault, String(error));
    assert(error.problems.length > 0);
    for (const { line, column, reason } of error.problems) {
      assert(line >= 1 && column >= 1 && reason !== "");
    }
  }
});

fuzz("the terminal: any keys make lines, which are commands or refused", (random) => {
  const editor = new LineEditor();
  const keys = random.mutate(
    utf8.encode("/edit 4 \x1b[Ax\x7f\x15/react 1 +\u{1f44d}\r\x04/help\r"),
  );
  for (const part of pieces(keys, random)) {
    for (const typed of editor.push(part)) {
      if (typed.type === "end") continue;
      assert(!/\p{Cc}/u.test(typed.text), "no control character gets into a line");
      try {
        parseCommandLine(typed.text);
      } catch (error) {
        assert(error instanceof CommandFault, String(error));
      }
    }
  }
  assert(editor.visible(random.below(40), false).length <= editor.text.length);
});

fuzz("forwardContent: every line of what is forwarded begins with the sender's name", (random) => {
  const text = new TextDecoder().decode(
    random.mutate(utf8.encode("hi\n<eve> no\r\nx\u2028<a> <b> y")),
  );
  const content = { type: "Text", text } as const;
  const forwarded = forwardContent("Ada\n<x>", content);
  assert(forwarded.type === "Text");
  for (const line of forwarded.text.split(/[\n\r\u2028\u2029]/)) {
    assert(line.startsWith("<Ada\\x0a_x_> "), line);
  }
  goesRound(forwarded);
});
