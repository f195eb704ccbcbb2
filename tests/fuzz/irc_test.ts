// Fuzz targets of IRC: the codec, and the client machine under hostile servers.

import { assert, assertEquals } from "@std/assert";
import { concat } from "@std/bytes/concat";
import {
  byteLength,
  type ClientEvent,
  ClientMachine,
  encodeMessage,
  formatTags,
  IrcFault,
  LineDecoder,
  parseMessage,
  parseTags,
  plainText,
  splitText,
} from "../../lib/irc/mod.ts";
import { foldCase } from "../../lib/irc/mod.ts";
import type { Step } from "../../lib/net/mod.ts";
import { fuzz, type Random } from "../support/fuzz.ts";

const utf8 = new TextEncoder();
const SECRET = "correct horse";
const RELAXED = { tags: 100_000, message: 100_000 };

const LINES: readonly string[] = [
  "CAP * LS * :batch sasl=PLAIN",
  "CAP * LS :batch echo-message labeled-response message-tags server-time sasl",
  "CAP anna ACK :batch echo-message labeled-response message-tags server-time sasl",
  "CAP anna NAK :batch echo-message",
  "CAP anna NEW :chghost",
  "CAP anna DEL :batch",
  "AUTHENTICATE +",
  "900 anna anna!a@h anna :Logged in",
  "903 anna :ok",
  "904 anna :no",
  "001 anna :Welcome",
  "005 anna CASEMAPPING=ascii CHANTYPES=#& PREFIX=(ov)@+ STATUSMSG=@ NICKLEN=30 :are",
  "376 anna :End",
  "433 * anna :in use",
  "437 anna #room :unavailable",
  "PING :x y",
  "PONG irc sent-1",
  ":anna!a@h JOIN #room",
  ":bert!b@h JOIN #room,#other",
  ":anna!a@h PART #room :bye",
  ":bert!b@h KICK #room anna :out",
  ":bert!b@h QUIT :bye",
  ":anna!a@h NICK anne",
  ":bert!b@h NICK bart",
  ":bert!b@h TOPIC #room :\x0304red",
  "332 anna #room :topic",
  "353 anna = #room :@anna +bert",
  "366 anna #room :End",
  "401 anna bert :No such nick",
  "404 anna #room :Cannot",
  "470 anna #room #else :Forward",
  "475 anna #room :Key",
  "@time=2026-11-21T16:38:05.123Z;msgid=m1 :bert!b@h PRIVMSG #room :gr\u00fc\u00dfe",
  "@label=1.0;msgid=m2 :anna!a@h PRIVMSG #room :hello",
  "@label=1.0 BATCH +7 labeled-response",
  "@batch=7 :anna!a@h PRIVMSG bert :hello",
  "BATCH -7",
  "@label=1.1 ACK",
  "@+typing=active :bert!b@h TAGMSG #room",
  ":bert!b@h PRIVMSG anna :\x01ACTION waves\x01",
  "FAIL JOIN X #room :no",
  "ERROR :Closing link",
];

function makeLine(random: Random): Uint8Array {
  const line = utf8.encode(random.pick(LINES));
  return random.below(3) === 0 ? random.mutate(line) : line;
}

fuzz("irc message: refused as malformed, or written and read the same", (random) => {
  const bytes = random.below(5) === 0 ? random.bytes(random.below(80)) : makeLine(random);
  let message;
  try {
    message = parseMessage(bytes);
  } catch (error) {
    assert(error instanceof IrcFault && error.code === "malformed", String(error));
    return;
  }
  try {
    const written = encodeMessage(message, RELAXED);
    assertEquals(parseMessage(written.subarray(0, -2)), message);
    const again = encodeMessage(parseMessage(written.subarray(0, -2)), RELAXED);
    assertEquals(again, written, "written the same way again");
  } catch (error) {
    throw new Error(`Read but not written: ${JSON.stringify(message)}`, { cause: error });
  }
});

fuzz("irc message: whatever is written is one line of the size allowed", (random) => {
  const word = () =>
    new TextDecoder().decode(
      random.mutate(utf8.encode(random.pick(["#room", "a b", "x\r\nQUIT", ":x", ""]))),
    );
  const message = {
    command: random.pick(["PRIVMSG", "JOIN", word()]),
    params: Array.from({ length: random.below(4) }, word),
    tags: new Map(random.bool() ? [[random.pick(["label", word()]), word()]] : []),
  };
  let bytes;
  try {
    bytes = encodeMessage(message);
  } catch (error) {
    assert(error instanceof IrcFault, String(error));
    return;
  }
  assert(bytes.length <= 512 + 4096);
  const lines = new LineDecoder().push(bytes);
  assertEquals(lines.length, 1);
  const read = parseMessage(lines[0] as Uint8Array);
  assertEquals([read.command, read.params, read.tags], [
    message.command.toUpperCase(),
    message.params,
    message.tags,
  ]);
});

fuzz("irc tags: what is read can be written and read the same", (random) => {
  const text = new TextDecoder().decode(random.mutate(utf8.encode("a=b\\:;+c/d=\\s\\\\;time=x;e")));
  const tags = parseTags(text.replace(/[ \r\n\0]/g, ""));
  assertEquals(parseTags(formatTags(tags)), tags);
});

fuzz("irc lines: cuts change nothing", (random) => {
  const parts = Array.from({ length: random.below(8) }, () => makeLine(random));
  const stream = concat(
    parts.flatMap((part) => [part, utf8.encode(random.pick(["\r\n", "\n", ""]))]),
  );
  const decode = (chunks: readonly Uint8Array[]) => {
    const decoder = new LineDecoder();
    return chunks.flatMap((chunk) => decoder.push(chunk)).map((line) => [...line]);
  };
  const whole = decode([stream]);
  assertEquals(decode(split(random, stream)), whole);
  assertEquals(decode(Array.from(stream, (byte) => Uint8Array.of(byte))), whole);
  for (const line of whole) assert(line.length > 0 && !line.includes(10));
});

fuzz(
  "irc split: nothing is lost but spaces, no piece is too long or cut within a character",
  (random) => {
    const text = new TextDecoder().decode(
      random.mutate(
        utf8.encode(
          random.pick([
            "one two three",
            "\u{1f468}\u200d\u{1f469}\u200d\u{1f467}".repeat(3),
            "\u00e4".repeat(20),
            "a\r\nb\n\nc",
          ]),
        ),
      ),
    );
    const most = 4 + random.below(30);
    const pieces = splitText(text, most);
    for (const piece of pieces) {
      assert(byteLength(piece) <= most && piece.isWellFormed());
      assert(!["\r", "\n", "\0", "\x01"].some((hostile) => piece.includes(hostile)));
    }
    // deno-lint-ignore no-control-regex -- these characters are the matter
    const visible = (each: string) => each.toWellFormed().replace(/[\s\x00\x01]/g, "");
    assertEquals(visible(pieces.join("")), visible(text));
  },
);

fuzz("irc texts: plain text stays plain, folded names stay folded", (random) => {
  const text = new TextDecoder().decode(
    random.mutate(utf8.encode("\x0304,5red\x0f \x02[A]\x1b[31m")),
  );
  const plain = plainText(text);
  assertEquals(plainText(plain), plain);
  assert(!/(?!\t)\p{Cc}/u.test(plain));
  for (const mapping of ["ascii", "rfc1459", "rfc1459-strict"] as const) {
    const folded = foldCase(text, mapping);
    assertEquals([foldCase(folded, mapping), folded.length], [folded, text.length]);
  }
});

function split(random: Random, bytes: Uint8Array): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = 1 + random.below(random.pick([2, 40, 400]));
    chunks.push(bytes.slice(at, at + length));
    at += length;
  }
  return chunks;
}

/** A machine whose steps are checked and written down. */
class Watched {
  readonly machine: ClientMachine;
  readonly sent: number[] = [];
  readonly events: unknown[] = [];
  #done = false;

  constructor(login: boolean) {
    this.machine = new ClientMachine({
      nick: "anna",
      user: "anna",
      realname: "Anna",
      random: () => 0.5,
      ...(login ? { login: { by: "sasl", as: { account: "anna", secret: SECRET } } } : {}),
    }, 0);
    this.take(this.machine.start(0));
  }

  take(step: Step<ClientEvent>): void {
    assert(!this.#done || step.done, "what is done stays done");
    if (this.#done) assertEquals([step.send, step.events], [[], []]);
    this.#done = step.done;
    const last = step.events.at(-1)?.type;
    assertEquals(step.done && step.events.length > 0, last === "fault" || last === "end");
    for (const bytes of step.send) {
      assert(bytes.length <= 512 + 4096, "no line is too long");
      assertEquals([...bytes.slice(-2)], [13, 10]);
      assertEquals(bytes.indexOf(10), bytes.length - 1, "one line at a time");
      this.sent.push(...bytes);
    }
    for (const event of step.events) {
      const shown = event.type === "fault" ? [event.fault.code, event.fault.message] : event;
      assert(!JSON.stringify(shown).includes(SECRET), "no secret in any event");
      this.events.push(shown);
    }
  }

  user(random: Random): void {
    const target = random.pick(["#room", "bert", "x y", ""]);
    const call = (work: () => Step<ClientEvent>) => {
      try {
        this.take(work());
      } catch (error) {
        assert(error instanceof IrcFault, String(error));
      }
    };
    switch (random.below(6)) {
      case 0:
        return call(() => this.machine.join([{ name: target }], 1));
      case 1:
        return call(() => this.machine.part(target, 1));
      case 2:
        return call(() => this.machine.tellTyping(target, random.bool(), 1));
      case 3:
        return void this.machine.cancel(random.below(4));
      default:
        return call(() =>
          this.machine.say({ target, kind: random.pick(["text", "emote"]), text: "hello" }, 1).step
        );
    }
  }
}

fuzz("irc machine: a hostile server, cut anywhere", (random) => {
  const lines = Array.from({ length: random.below(25) }, () => makeLine(random));
  const stream = concat(lines.flatMap((line) => [line, utf8.encode("\r\n")]));
  const login = random.bool();
  const [one, two] = [new Watched(login), new Watched(login)];
  one.take(one.machine.receive(stream, 1));
  for (const chunk of split(random, stream)) two.take(two.machine.receive(chunk, 1));
  one.take(one.machine.end(2));
  two.take(two.machine.end(2));
  assertEquals([two.sent, two.events], [one.sent, one.events]);
});

fuzz("irc machine: a hostile server while its user is at work, and time goes by", (random) => {
  const watched = new Watched(random.below(4) === 0);
  let now = 1;
  if (random.bool()) {
    const greeting = LINES.slice(1, 3).concat(LINES.slice(10, 13)).map((line) => `${line}\r\n`);
    watched.take(watched.machine.receive(utf8.encode(greeting.join("")), now));
  }
  for (let left = random.below(40); left > 0; left--) {
    const choice = random.below(4);
    if (choice === 0) watched.user(random);
    else if (choice === 1) {
      const wakeAt = watched.machine.wakeAt;
      now = Math.max(now, random.bool() ? now + random.below(3000) : wakeAt ?? now);
      watched.take(watched.machine.tick(now));
    } else {
      watched.take(watched.machine.receive(concat([makeLine(random), Uint8Array.of(10)]), now));
    }
    const wakeAt = watched.machine.wakeAt;
    assert(wakeAt === undefined || Number.isFinite(wakeAt));
  }
});

fuzz("irc machine: any bytes", (random) => {
  const watched = new Watched(random.bool());
  for (const chunk of split(random, random.bytes(random.below(600)))) {
    watched.take(watched.machine.receive(chunk, 1));
  }
  watched.take(watched.machine.end(1));
});
