import { assertEquals, assertThrows } from "@std/assert";
import { decodeHex, encodeHex } from "@std/encoding/hex";
import { decode as decodeStd } from "@std/msgpack/decode";
import { decode as decodeOther, encode as encodeOther } from "@msgpack/msgpack";
import { MsgpackFault, type MsgpackFaultCode, readMsgpack } from "../../../lib/msgpack/mod.ts";

function read(hex: string) {
  return readMsgpack(decodeHex(hex));
}

function assertFault(run: () => unknown, code: MsgpackFaultCode, note: string): void {
  assertEquals(assertThrows(run, MsgpackFault).code, code, note);
}

const INTEGERS: readonly (readonly [string, number | bigint])[] = [
  ["00", 0],
  ["7f", 127],
  ["cc80", 128],
  ["cc00", 0],
  ["cdffff", 65535],
  ["ceffffffff", 4294967295],
  ["cf0000000100000000", 4294967296],
  ["cf001fffffffffffff", 9007199254740991],
  ["cf0020000000000000", 9007199254740992n],
  ["cfffffffffffffffff", 18446744073709551615n],
  ["ff", -1],
  ["e0", -32],
  ["d080", -128],
  ["d07f", 127],
  ["d18000", -32768],
  ["d280000000", -2147483648],
  ["d3ffffffffffffffff", -1],
  ["d30000000000000003", 3],
  ["d3ffe0000000000001", -9007199254740991],
  ["d38000000000000000", -9223372036854775808n],
];

Deno.test("MsgpackReader.integer: every width, exact, as both other decoders read it", async (t) => {
  for (const [hex, expected] of INTEGERS) {
    await t.step(hex, () => {
      assertEquals(read(hex).integer(), expected);
      assertEquals(BigInt(decodeStd(decodeHex(hex)) as number | bigint), BigInt(expected));
      const other = decodeOther(decodeHex(hex), { useBigInt64: true }) as number | bigint;
      assertEquals(BigInt(other), BigInt(expected));
    });
  }
});

Deno.test("MsgpackReader.unsigned: refuses what is negative or above the limit", () => {
  assertEquals(read("cdffff").unsigned(65535), 65535);
  assertEquals(read("cf001fffffffffffff").unsigned(), Number.MAX_SAFE_INTEGER);
  assertFault(() => read("ff").unsigned(), "range", "negative");
  assertFault(() => read("ce00010000").unsigned(65535), "range", "65536 as u16");
  assertFault(() => read("cf0020000000000000").unsigned(), "range", "2^53");
});

Deno.test("MsgpackReader.float: is never an integer", () => {
  assertEquals(read("cb4008000000000000").float(), 3);
  assertEquals(read("ca40400000").float(), 3);
  assertFault(() => read("cb4008000000000000").integer(), "type", "the float 3.0");
  assertFault(() => read("03").float(), "type", "the integer 3");
});

Deno.test("MsgpackReader.string: fixstr, str8, str16 and str32, short and long, plain and not", () => {
  for (const text of ["", "Ping", "h\u00e9llo", "\ufeffmark", "\u{1f600}", "x".repeat(300)]) {
    const bytes = new TextEncoder().encode(text);
    const length = (digits: number) => bytes.length.toString(16).padStart(digits, "0");
    const heads = ["da" + length(4), "db" + length(8)];
    if (bytes.length < 256) heads.push("d9" + length(2));
    if (bytes.length < 32) heads.push((0xa0 | bytes.length).toString(16));
    for (const head of heads) assertEquals(read(head + encodeHex(bytes)).string(), text, head);
  }
});

Deno.test("MsgpackReader.binary and extension: content as it is", () => {
  assertEquals(read("c403010203").binary(), Uint8Array.of(1, 2, 3));
  assertEquals(read("c50001ff").binary(), Uint8Array.of(255));
  assertEquals(read("c60000000107").binary(), Uint8Array.of(7));
  assertEquals(read("d4ff09").extension(), { type: -1, data: Uint8Array.of(9) });
  assertEquals(read("c7020501" + "02").extension(), { type: 5, data: Uint8Array.of(1, 2) });
  assertEquals(read("d8" + "05" + "00".repeat(16)).extension().data.length, 16);
});

Deno.test("MsgpackReader: containers, nil and booleans", () => {
  const reader = read("94" + "c0c3c2" + "82a16101a16291c0");
  assertEquals(reader.array(), 4);
  assertEquals(reader.type, "nil");
  reader.nil();
  assertEquals([reader.boolean(), reader.boolean()], [true, false]);
  assertEquals(reader.map(), 2);
  assertEquals([reader.string(), reader.integer(), reader.string()], ["a", 1, "b"]);
  assertEquals(reader.array(), 1);
  reader.nil();
  assertEquals(reader.type, undefined);
  assertFault(() => reader.nil(), "type", "after the last value");
});

Deno.test("MsgpackReader.type: names what comes next", () => {
  const types = [
    ["05", "integer"],
    ["e0", "integer"],
    ["d30000000000000001", "integer"],
    ["ca00000000", "float"],
    ["a0", "string"],
    ["db00000000", "string"],
    ["c400", "binary"],
    ["90", "array"],
    ["dc0000", "array"],
    ["dd00000000", "array"],
    ["80", "map"],
    ["de0000", "map"],
    ["df00000000", "map"],
    ["d40000", "extension"],
    ["c70000", "extension"],
    ["c2", "boolean"],
    ["c0", "nil"],
  ] as const;
  for (const [hex, type] of types) assertEquals(read(hex).type, type, hex);
});

Deno.test("MsgpackReader.value: a reader for the next value alone", () => {
  const reader = read("93" + "82a16193010203a162c0" + "c403010203" + "07");
  assertEquals(reader.array(), 3);
  const map = reader.value();
  reader.skip();
  assertEquals(reader.integer(), 7);
  assertEquals([map.map(), map.string(), map.array()], [2, "a", 3]);
  map.skip();
  map.skip();
  map.skip();
  assertEquals(map.string(), "b");
  map.nil();
  assertEquals(map.type, undefined);
});

const MALFORMED: readonly (readonly [string, MsgpackFaultCode, string])[] = [
  ["", "truncated", "nothing"],
  ["c1", "reserved", "c1"],
  ["92c1c0", "reserved", "c1 inside an array"],
  ["a4506967", "truncated", "text cut short"],
  ["cd01", "truncated", "number cut short"],
  ["cb40", "truncated", "float cut short"],
  ["c40301", "truncated", "bytes cut short"],
  ["c7ff00", "truncated", "extension cut short"],
  ["d901", "truncated", "length without content"],
  ["dd7fffffff", "truncated", "array length beyond the end"],
  ["ddffffffff", "truncated", "largest array"],
  ["dfffffffff", "truncated", "largest map"],
  ["db7fffffff", "truncated", "text length beyond the end"],
  ["c6ffffffff", "truncated", "byte length beyond the end"],
  ["c9ffffffff00", "truncated", "extension length beyond the end"],
  ["82c0c0", "truncated", "map with half of its pairs"],
  ["c0c0", "trailing", "two values"],
  ["9003", "trailing", "bytes after an array"],
  ["a2fffe", "utf8", "bytes that no text has"],
  ["a2c080", "utf8", "overlong form"],
  ["a3eda080", "utf8", "half of a surrogate pair"],
  ["a4f4908080", "utf8", "above the last code point"],
  ["a1c3", "utf8", "text ends inside a character"],
];

Deno.test("readMsgpack: refuses what is not one well-formed value", async (t) => {
  for (const [hex, code, note] of MALFORMED) {
    await t.step(note, () => assertFault(() => read(hex), code, hex));
  }
});

Deno.test("readMsgpack: every proper beginning of a value is cut short", () => {
  const whole = decodeHex("93ce0001000082a16101a162da0003616263c7020501029103");
  readMsgpack(whole.subarray(0, whole.length - 2));
  for (let end = 0; end < whole.length - 2; end++) {
    assertFault(() => readMsgpack(whole.subarray(0, end)), "truncated", `first ${end} bytes`);
  }
});

Deno.test("readMsgpack: 16 levels are read, the 17th is refused, whatever kind it is", () => {
  assertEquals(read("91".repeat(15) + "90").array(), 1);
  assertEquals(read("91".repeat(16) + "c0").array(), 1);
  assertFault(() => read("91".repeat(16) + "90"), "depth", "empty array");
  assertFault(() => read("81c0".repeat(16) + "80"), "depth", "empty map");
  assertEquals(read("93" + "90".repeat(3)).array(), 3, "side by side is no depth");
  assertFault(() => readMsgpack(decodeHex("9190"), 1), "depth", "a limit of the caller");
  assertFault(() => read("91".repeat(200_000)), "depth", "no recursion");
});

Deno.test("readMsgpack: refuses what the other decoders let pass", () => {
  assertEquals(decodeStd(decodeHex("cb4008000000000000")), 3, "std makes the float an integer");
  assertEquals(typeof decodeStd(decodeHex("a2fffe")), "string", "std repairs the text");
  assertEquals(typeof decodeOther(decodeHex("a2fffe")), "string", "msgpack repairs the text");
  assertFault(() => read("a2fffe"), "utf8", "ours");
});

Deno.test("readMsgpack: agrees with the other decoder on values of every kind", () => {
  const value = { a: [1, -1, 300, 70000, 2 ** 40, null, true, "text"], b: { c: [] }, d: 1.5 };
  const reader = readMsgpack(encodeOther(value));
  assertEquals(reader.map(), 3);
  assertEquals([reader.string(), reader.array()], ["a", 8]);
  assertEquals(Array.from({ length: 5 }, () => reader.integer()), [1, -1, 300, 70000, 2 ** 40]);
  reader.nil();
  assertEquals([reader.boolean(), reader.string(), reader.string()], [true, "text", "b"]);
  assertEquals([reader.map(), reader.string(), reader.array()], [1, "c", 0]);
  assertEquals([reader.string(), reader.float()], ["d", 1.5]);
});
