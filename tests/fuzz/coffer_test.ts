// Fuzz targets of coffer, CBOR and TOML.

import { parse as parseWithSmol } from "smol-toml";
import { assert, assertEquals } from "@std/assert";
import { concat } from "@std/bytes/concat";
import { CborFault, type CborItem, decodeCbor, encodeCbor } from "../../lib/cbor/mod.ts";
import {
  type ClientEvent,
  ClientMachine,
  CofferFault,
  compute,
  convertDefinition,
  dateKind,
  decodeEntries,
  decodeKeyFile,
  DESIGN_ENCODING,
  detectFraming,
  encodeEntries,
  encodeFrame,
  encodeKeyFile,
  EXACT_ENCODING,
  type Frame,
  FrameDecoder,
  type Framing,
  FRAMINGS,
  loadDefinition,
  openDefinition,
  openRequest,
  ReplyDesk,
  type Secrets,
  type SecretValue,
  type ServerEvent,
  ServerMachine,
} from "../../lib/coffer/mod.ts";
import { x25519Node } from "../../lib/coffer/keys/x25519_node.ts";
import type { Machine } from "../../lib/net/machine.ts";
import { parseToml, TomlFault, type TomlNode } from "../../lib/toml/mod.ts";
import {
  type AuthenticatedVectors,
  definition,
  keyPair,
  readFrames,
  readVectors,
  Run,
  utf8,
} from "../support/coffer.ts";
import { fuzz, Random } from "../support/fuzz.ts";

/** Runs something that may fail with this fault only; undefined if it did. */
function attempt<Result>(
  fault: typeof CofferFault | typeof CborFault | typeof TomlFault,
  run: () => Result,
): Result | undefined {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof fault)) throw error;
    assert(!error.message.includes("canary"), error.message);
    return undefined;
  }
}

function randomText(random: Random): string {
  const length = random.below(12);
  return Array.from({ length }, () => random.pick([..."aZ09 -_=.\"'\\\n\té☃\u{1F512}#[]{}"])).join(
    "",
  );
}

function randomFloat(random: Random): number {
  const view = new DataView(random.bytes(8).buffer);
  switch (random.below(4)) {
    case 0:
      return view.getFloat64(0);
    case 1:
      return view.getFloat32(0);
    case 2:
      return view.getInt16(0);
    default:
      return random.pick([0, -0, NaN, Infinity, -Infinity, 1e300, 5e-324]);
  }
}

function randomInteger(random: Random): bigint {
  return BigInt.asIntN(1 + random.below(64), new DataView(random.bytes(8).buffer).getBigInt64(0));
}

function randomItem(random: Random, depth = 0): CborItem {
  const items = () => Array.from({ length: random.below(4) }, () => randomItem(random, depth + 1));
  switch (random.below(depth < 4 ? 9 : 6)) {
    case 0:
      return { type: "integer", value: BigInt.asUintN(64, randomInteger(random)) };
    case 1:
      return { type: "integer", value: randomInteger(random) };
    case 2:
      return { type: "float", value: randomFloat(random) };
    case 3:
      return { type: "boolean", value: random.bool() };
    case 4:
      return { type: "text", value: randomText(random) };
    case 5:
      return { type: "bytes", value: random.bytes(random.below(12)) };
    case 6:
      return { type: "array", items: items() };
    case 7:
      return { type: "map", pairs: items().map((key) => [key, randomItem(random, depth + 1)]) };
    default:
      return {
        type: "tag",
        number: BigInt.asUintN(64, randomInteger(random)),
        item: randomItem(random, depth + 1),
      };
  }
}

fuzz("cbor: what is written is read, what is read is written equal", (random) => {
  const item = randomItem(random);
  const bytes = encodeCbor(item);
  assertEquals(decodeCbor(bytes), item);
  const mutated = random.bool() ? random.mutate(bytes) : random.bytes(random.below(40));
  const read = attempt(CborFault, () => decodeCbor(mutated));
  if (read === undefined) return;
  const again = encodeCbor(read);
  assert(again.length <= mutated.length, "the shortest form is never longer");
  assertEquals(encodeCbor(decodeCbor(again)), again);
});

function randomValue(random: Random): SecretValue {
  switch (random.below(5)) {
    case 0:
      return { type: "String", value: randomText(random) };
    case 1:
      return { type: "Integer", value: randomInteger(random) };
    case 2:
      return { type: "Float", value: randomFloat(random) };
    case 3:
      return { type: "Boolean", value: random.bool() };
    default:
      return {
        type: "Date",
        value: random.pick([
          "1979-05-27",
          "07:32:00.5",
          "1979-05-27T07:32:00",
          "1979-05-27T07:32:00Z",
        ]),
      };
  }
}

function randomSecrets(random: Random): Secrets {
  return new Map(
    Array.from({ length: random.below(5) }, () => [randomText(random), randomValue(random)]),
  );
}

fuzz("entries: either encoding reads back, damage is a fault", (random) => {
  const secrets = randomSecrets(random);
  const encoding = random.pick([
    EXACT_ENCODING,
    DESIGN_ENCODING,
    { int64: true, dates: false },
    { int64: false, dates: true },
  ]);
  const bytes = encodeEntries(secrets, encoding);
  assertEquals(decodeEntries(bytes), secrets);
  const read = attempt(CofferFault, () => decodeEntries(random.mutate(bytes)));
  if (read === undefined) return;
  for (const value of read.values()) {
    if (value.type === "Date") assert(dateKind(value.value) !== undefined);
  }
  assertEquals(decodeEntries(encodeEntries(read, DESIGN_ENCODING)), read);
  assertEquals(decodeEntries(encodeEntries(read, EXACT_ENCODING)), read);
});

const takeAll = () => "take" as const;

function framesOf(bytes: Uint8Array, random: Random | undefined, framing: Framing): Frame[] {
  const decoder = new FrameDecoder([framing]);
  return (random === undefined ? [bytes] : cutRandomly(random, bytes)).flatMap((chunk) => {
    decoder.push(chunk);
    const frames: Frame[] = [];
    for (let frame = decoder.next(takeAll); frame; frame = decoder.next(takeAll)) {
      frames.push(frame);
    }
    return frames;
  });
}

function cutRandomly(random: Random, bytes: Uint8Array): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = 1 + random.below(random.bool() ? 4 : 100);
    chunks.push(bytes.subarray(at, at + length));
    at += length;
  }
  return chunks;
}

fuzz("frame: cuts do not matter, what is read is written the same", (random) => {
  const framing = random.pick(FRAMINGS);
  const written = Array.from({ length: random.below(4) }, () => ({
    type: random.below(256),
    body: random.bytes(random.below(60)),
  }));
  const stream = concat(written.map(({ type, body }) => encodeFrame(framing, type, body)));
  assertEquals(framesOf(stream, random, framing), written);
  const damaged = random.mutate(stream);
  const frames = framesOf(damaged, random, framing);
  assertEquals(frames, framesOf(damaged, undefined, framing));
  const again = concat(frames.map(({ type, body }) => encodeFrame(framing, type, body)));
  assertEquals(again, damaged.slice(0, again.length));
});

const keyFile = encodeKeyFile(keyPair("fixed"));

fuzz("key file: damage is a fault or changes nothing that counts", (random) => {
  const bytes = random.below(10) === 0 ? random.bytes(random.below(120)) : random.mutate(keyFile);
  const pair = attempt(CofferFault, () => compute(decodeKeyFile(bytes), x25519Node));
  if (pair === undefined) return;
  assertEquals(compute(decodeKeyFile(encodeKeyFile(pair)), x25519Node), pair);
});

const TOML_SEEDS = [
  ...["typed", "project-sample"].map((name) => definition(name).toml),
  ...readVectors<{ readonly cases: readonly { readonly toml?: string }[] }>("definition-cases.json")
    .cases.flatMap(({ toml }) => toml === undefined || toml === "" ? [] : [toml]),
].map((toml) => toml.replaceAll('"v"', '"canary"').replaceAll('"value"', '"canary"'));
const SNIPPETS = [
  '"""',
  "'''",
  "\\u0041",
  "[a.b]\n",
  "[[a]]\n",
  "a.b = 1\n",
  "{ x = 1 }",
  "[1, 2]",
  "2021-02-30",
  "9223372036854775808",
  "\r\n",
  "\r",
  "# canary\n",
  "id = ",
  "[clients]\n",
  "\\",
  "\0",
  '"canary',
].map(utf8);

function randomToml(random: Random): Uint8Array<ArrayBuffer> {
  const seed = utf8(random.pick(TOML_SEEDS));
  const start = random.below(seed.length);
  const cut = random.bool() ? seed : seed.slice(start, start + random.below(400));
  if (random.bool()) return random.mutate(cut);
  const at = random.below(cut.length + 1);
  return concat([cut.subarray(0, at), random.pick(SNIPPETS), cut.subarray(at)]);
}

fuzz("TOML: any text is a document or a fault that quotes nothing", (random) => {
  const text = new TextDecoder().decode(randomToml(random));
  attempt(TomlFault, () => parseToml(text));
});

/** Values that both readers hold; dates are left out, which the other one does not keep as written. */
function comparable(value: unknown): unknown {
  if (value instanceof Date) return "date";
  if (typeof value === "string") return value.replaceAll("\r\n", "\n");
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value !== "object" || value === null) return value;
  return new Map(Object.entries(value).map(([key, held]) => [key, comparable(held)]));
}

function plain(node: TomlNode): unknown {
  switch (node.kind) {
    case "table":
      return new Map([...node.entries].map(([key, entry]) => [key, plain(entry.node)]));
    case "array":
      return node.items.map(plain);
    case "string":
      return node.value.replaceAll("\r\n", "\n");
    case "integer":
    case "float":
    case "boolean":
      return node.value;
    case "invalid":
      return "invalid";
    default:
      return "date";
  }
}

fuzz("TOML: smol-toml reads the same where both read", (random) => {
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(randomToml(random));
  const ours = attempt(TomlFault, () => plain(parseToml(text)));
  let theirs: unknown;
  try {
    theirs = parseWithSmol(text, { integersAsBigInt: true });
  } catch {
    return; // stricter in places, and not ours to judge
  }
  if (ours === undefined || JSON.stringify(ours, toText)?.includes("invalid")) return;
  assertEquals(ours, comparable(theirs));
});

function toText(_: string, value: unknown): unknown {
  if (value instanceof Map) return [...value];
  return typeof value === "bigint" ? String(value) : value;
}

fuzz("definition: any file loads or is refused with places and without values", (random) => {
  const file = randomToml(random);
  try {
    const loaded = loadDefinition(file);
    const converted = attempt(CofferFault, () => convertDefinition(loaded));
    if (converted === undefined) return;
    const again = loadDefinition(utf8(converted.toml));
    const content = (from: typeof loaded) =>
      from.clients.map(({ publicKey, entries }) => [
        publicKey,
        [...entries].map(([key, { value }]) => [key, value]),
      ]);
    assertEquals(content(again), content(loaded));
  } catch (error) {
    if (!(error instanceof CofferFault)) throw error;
    assertEquals(error.code, "bad-definition");
    assert(error.problems.length > 0);
    for (const { line, column, reason } of error.problems) {
      assert(line >= 1 && column >= 1);
      // A mutation may make a key of the canary, which is then named, but in quotes and whole.
      assert(!reason.replace(/"[^"]*"/g, "").includes("canary"), reason);
    }
  }
});

const authenticated = readVectors<AuthenticatedVectors>("authenticated.json");
const definitionFile = Uint8Array.from(
  authenticated.definition.fileHex.match(/../g) ?? [],
  (pair) => Number.parseInt(pair, 16),
);

fuzz("sealed definition: damage is a fault", (random) => {
  const bytes = random.mutate(definitionFile);
  const opened = attempt(
    CofferFault,
    () => compute(openDefinition(bytes, keyPair("server")), x25519Node),
  );
  if (opened !== undefined) assertEquals(opened.toml, utf8(authenticated.toml));
});

fuzz("request: any body is a request, bad, or nobody's", (random) => {
  const key = random.bytes(32);
  const opened = openRequest(random.bytes(random.below(120)), key);
  assertEquals(opened, "ignored");
});

const KEYS = ["web", "app", "stranger", "empty"].map((name) => keyPair(name).publicKey);
const ERROR_TEXTS = [
  "bad key",
  "unexpected message",
  "message too long",
  "timeout",
  "shard too large for this framing",
  "authentication required",
  "bad request",
];
const desk = new ReplyDesk(loadDefinition(utf8(definition("typed").toml)), {
  server: keyPair("server"),
  x25519: x25519Node,
  random: (length) => new Random(length).bytes(length),
  clock: () => 0,
});

/** What a client might send: mostly sense, sometimes none. */
function clientStream(random: Random): Uint8Array {
  const framing = random.pick(FRAMINGS);
  const frames = Array.from({ length: random.below(6) }, () => {
    switch (random.below(6)) {
      case 0:
      case 1:
        return encodeFrame(framing, 0x00, random.pick(KEYS));
      case 2:
      case 3:
        return encodeFrame(framing, 0x02, random.bytes(random.pick([0, 0, 0, 90])));
      case 4:
        return encodeFrame(framing, 0x99, random.bool() ? new Uint8Array() : random.pick(KEYS));
      default:
        return encodeFrame(framing, random.below(256), random.bytes(random.below(40)));
    }
  });
  const stream = concat(frames);
  return random.below(3) === 0 ? random.mutate(stream) : stream;
}

/** Lets time or the peer's end come, in any order; one of the two always ends a connection. */
function finish<Event extends { readonly type: string }>(
  random: Random,
  run: Run<Event, Machine<Event>>,
): void {
  for (let step = 0; step < 4 && !run.done; step++) {
    assert(run.machine.wakeAt !== undefined);
    if (random.bool()) run.wait();
    else run.end();
  }
  assertEquals(run.done, true);
  assertEquals(run.machine.wakeAt, undefined);
}

/** An event without the traces of where it was made. */
function told(event: ServerEvent): unknown {
  return event.type === "refused" ? { ...event, fault: event.fault.message } : event;
}

fuzz("server machine: cuts do not matter, and it sends what the protocol has", (random) => {
  const stream = clientStream(random);
  const start = () => new Run<ServerEvent, ServerMachine>(new ServerMachine(desk));
  const whole = start().receive(stream);
  const run = start().receive(...cutRandomly(random, stream));
  assertEquals(run.stream, whole.stream);
  assertEquals(run.events.map(told), whole.events.map(told));
  finish(random, run);
  const framing = detectFraming(run.stream);
  for (const { type, body } of readFrames(run.stream, framing)) {
    assert([0x01, 0x03, 0x05, 0xaa, 0xff].includes(type), `type ${type}`);
    if (type === 0xff) assert(ERROR_TEXTS.includes(new TextDecoder().decode(body)));
  }
});

fuzz("client machine: any answer comes to one outcome, and Bye is said", (random) => {
  const framing = random.pick(FRAMINGS);
  const purpose = random.pick(["fetch", "ping"] as const);
  const types = [0x01, 0x03, 0x05, 0xaa, 0xff, 0x42];
  const answer = concat(
    Array.from({ length: random.below(4) }, () => {
      const body = random.bool() ? new Uint8Array() : random.bytes(random.below(80));
      return encodeFrame(random.below(8) === 0 ? "narrow" : framing, random.pick(types), body);
    }),
  );
  const bytes = random.below(3) === 0 ? random.mutate(answer) : answer;
  const publicKey = keyPair("web").publicKey;
  const detect = random.bool();
  const start = () =>
    new Run<ClientEvent, ClientMachine>(
      new ClientMachine({ framing, publicKey, purpose, detect }),
    );
  const whole = start().receive(bytes);
  const run = start().receive(...cutRandomly(random, bytes));
  assertEquals(run.stream, whole.stream);
  assertEquals(run.eventTypes, whole.eventTypes);
  finish(random, run);
  const outcomes = run.events.filter(({ type }) => type !== "half-close");
  assertEquals(outcomes.length, 1);
  const sent = readFrames(run.stream, framing).map(({ type }) => type);
  const closedOnUs = run.events.every(({ type }) => type !== "half-close");
  if (!closedOnUs || purpose === "ping" && framing === "wide") assertEquals(sent.at(-1), 0x99);
  assertEquals(sent.filter((type) => type === 0x99).length <= 1, true);
});
