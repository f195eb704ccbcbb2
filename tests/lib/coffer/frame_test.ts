import { assertEquals, assertThrows } from "@std/assert";
import { decodeHex, encodeHex } from "@std/encoding/hex";
import {
  detectFraming,
  encodeFrame,
  type Frame,
  FrameDecoder,
  type FrameHeader,
  type Framing,
  type Verdict,
} from "../../../lib/coffer/mod.ts";
import { cuts } from "../../support/chunks.ts";
import { utf8 } from "../../support/coffer.ts";

const takeAll = (): Verdict => "take";

function framesIn(decoder: FrameDecoder, judge: (header: FrameHeader) => Verdict): Frame[] {
  const frames: Frame[] = [];
  for (let frame = decoder.next(judge); frame; frame = decoder.next(judge)) frames.push(frame);
  return frames;
}

const BODIES = [utf8("hello"), new Uint8Array(), new Uint8Array(300).fill(7)];

for (const framing of ["wide", "narrow"] satisfies Framing[]) {
  Deno.test(`FrameDecoder: ${framing} frames however they are cut`, () => {
    const stream = Uint8Array.of(
      ...BODIES.flatMap((body, type) => [...encodeFrame(framing, type + 2, body)]),
    );
    for (const { name, chunks } of cuts(stream)) {
      const decoder = new FrameDecoder();
      const frames = chunks.flatMap((chunk) => {
        decoder.push(chunk);
        return framesIn(decoder, takeAll);
      });
      assertEquals(frames, BODIES.map((body, type) => ({ type: type + 2, body })), name);
      assertEquals(decoder.framing, framing);
    }
  });

  Deno.test(`FrameDecoder: a ${framing} header is judged once, before any byte of the body`, () => {
    const decoder = new FrameDecoder();
    const judged: FrameHeader[] = [];
    const judge = (header: FrameHeader): Verdict => {
      judged.push(header);
      return "take";
    };
    const bytes = encodeFrame(framing, 0x42, utf8("body"));
    for (const byte of bytes.subarray(0, -4)) {
      decoder.push(Uint8Array.of(byte));
      assertEquals(decoder.next(judge), undefined);
    }
    assertEquals(judged, [{ type: 0x42, length: 4 }]);
    decoder.push(bytes.subarray(-4));
    assertEquals(decoder.next(judge), { type: 0x42, body: utf8("body") });
    assertEquals(judged.length, 1);
  });

  Deno.test(`FrameDecoder: skipped ${framing} bodies are dropped as they arrive`, () => {
    const decoder = new FrameDecoder([framing]);
    const judge = ({ type }: FrameHeader): Verdict => type === 1 ? "skip" : "take";
    const stream = Uint8Array.of(
      ...encodeFrame(framing, 1, new Uint8Array(100)),
      ...encodeFrame(framing, 1),
      ...encodeFrame(framing, 2, utf8("x")),
    );
    const frames: Frame[] = [];
    for (const byte of stream) {
      decoder.push(Uint8Array.of(byte));
      frames.push(...framesIn(decoder, judge));
    }
    assertEquals(frames, [
      { type: 1, body: new Uint8Array() },
      { type: 1, body: new Uint8Array() },
      { type: 2, body: utf8("x") },
    ]);
  });
}

Deno.test("FrameDecoder reads nothing more after a refusal", () => {
  const decoder = new FrameDecoder();
  decoder.push(encodeFrame("narrow", 2, utf8("x")));
  assertEquals(decoder.next(() => "refuse"), undefined);
  decoder.push(encodeFrame("narrow", 2, utf8("x")));
  assertEquals(decoder.next(takeAll), undefined);
});

Deno.test("FrameDecoder knows huge lengths without taking memory", () => {
  const lengths: number[] = [];
  for (const hex of ["000000ffffffffff02", "ffffffffffffffff02"]) {
    const decoder = new FrameDecoder(["wide"]);
    decoder.push(decodeHex(hex));
    decoder.next(({ length }) => {
      lengths.push(length);
      return "take";
    });
  }
  assertEquals(lengths, [2 ** 40 - 1, 2 ** 64]);
});

Deno.test("detectFraming goes by three bytes", () => {
  const cases: [string, Framing][] = [
    ["000000", "wide"],
    ["002000", "narrow"],
    ["000002", "narrow"],
    ["000001", "narrow"],
    ["474554", "narrow"],
    ["160301", "narrow"],
    ["ffffff", "narrow"],
  ];
  for (const [hex, framing] of cases) assertEquals(detectFraming(decodeHex(hex)), framing, hex);
});

Deno.test("FrameDecoder: with one framing allowed nothing is detected", () => {
  const decoder = new FrameDecoder(["narrow"]);
  decoder.push(decodeHex("0000"));
  assertEquals(decoder.framing, undefined);
  assertEquals(decoder.next(takeAll), undefined);
  decoder.push(decodeHex("00"));
  assertEquals(decoder.next(takeAll), { type: 0, body: new Uint8Array() });
  assertEquals(decoder.framing, "narrow");
});

Deno.test("encodeFrame: the largest narrow body, and one byte more", () => {
  assertEquals(
    encodeHex(encodeFrame("narrow", 3, new Uint8Array(65_535)).subarray(0, 3)),
    "ffff03",
  );
  assertThrows(() => encodeFrame("narrow", 3, new Uint8Array(65_536)), RangeError, "65536 bytes");
  const wide = encodeFrame("wide", 5, new Uint8Array(65_536));
  assertEquals(encodeHex(wide.subarray(0, 9)), "000000000001000005");
});
