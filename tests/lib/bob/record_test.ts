import { assertEquals, assertRejects } from "@std/assert";
import { decodeHex, encodeHex } from "@std/encoding/hex";
import {
  createRecordCipher,
  GENERATIONS,
  MAX_RECORD_BYTES,
  RECORD_HEADER_BYTES,
  RECORD_TAG_BYTES,
} from "../../../lib/bob/record.ts";
import { RECORD_SESSIONS } from "./sessions.ts";

Deno.test("createRecordCipher seals and opens every recorded record byte for byte", async (t) => {
  for (const { name, generation, key, records } of RECORD_SESSIONS) {
    const cipher = await createRecordCipher(key, generation);
    for (const { sequence, plaintext, frame } of records) {
      await t.step(`${name}, record ${sequence}`, async () => {
        const sealed = decodeHex(frame).subarray(RECORD_HEADER_BYTES);
        assertEquals(
          encodeHex(await cipher.seal(sequence, decodeHex(plaintext))),
          encodeHex(sealed),
        );
        const opened = await cipher.open(sequence, sealed);
        assertEquals(opened && encodeHex(opened), plaintext);
      });
    }
  }
});

for (const generation of GENERATIONS) {
  const key = Uint8Array.from({ length: 64 }, (_, index) => index);

  Deno.test(`createRecordCipher opens no record of another number, key or length: ${generation}`, async () => {
    const cipher = await createRecordCipher(key, generation);
    const sealed = await cipher.seal(7, Uint8Array.of(1, 2, 3));
    assertEquals(await cipher.open(7, sealed), Uint8Array.of(1, 2, 3));
    assertEquals(await cipher.open(8, sealed), undefined);
    assertEquals(await cipher.open(7, sealed.subarray(1)), undefined);
    const other = await createRecordCipher(key.map((byte) => byte ^ 1), generation);
    assertEquals(await other.open(7, sealed), undefined);
    for (let at = 0; at < sealed.length; at++) {
      const damaged = sealed.slice();
      damaged[at] = (damaged[at] as number) ^ 0x80;
      assertEquals(await cipher.open(7, damaged), undefined, `byte ${at}`);
    }
  });

  Deno.test(`createRecordCipher takes plaintexts from empty to the largest: ${generation}`, async () => {
    const cipher = await createRecordCipher(key, generation);
    for (const length of [0, 1, 15, 16, 17, 255, 256, MAX_RECORD_BYTES]) {
      const plaintext = new Uint8Array(length).fill(length);
      const sealed = await cipher.seal(length, plaintext);
      assertEquals(sealed.length, length + RECORD_TAG_BYTES);
      assertEquals(await cipher.open(length, sealed), plaintext);
    }
  });

  Deno.test(`createRecordCipher has read its input when the call returns: ${generation}`, async () => {
    const cipher = await createRecordCipher(key, generation);
    const buffer = new Uint8Array(MAX_RECORD_BYTES).fill(1);
    const sealing = cipher.seal(0, buffer);
    buffer.fill(2);
    const sealed = await sealing;
    const opening = cipher.open(0, sealed);
    sealed.fill(3);
    assertEquals(await opening, new Uint8Array(MAX_RECORD_BYTES).fill(1));
  });

  Deno.test(`createRecordCipher counts beyond 32 bits: ${generation}`, async () => {
    const cipher = await createRecordCipher(key, generation);
    const low = await cipher.seal(5, Uint8Array.of(1));
    const high = await cipher.seal(2 ** 32 + 5, Uint8Array.of(1));
    assertEquals(await cipher.open(2 ** 32 + 5, high), Uint8Array.of(1));
    assertEquals(await cipher.open(2 ** 32 + 5, low), undefined);
  });
}

Deno.test("createRecordCipher refuses a key of another length", async () => {
  for (const length of [0, 44, 63, 65]) {
    for (const generation of GENERATIONS) {
      await assertRejects(
        () => createRecordCipher(new Uint8Array(length), generation),
        RangeError,
        `${length} bytes`,
      );
    }
  }
});

Deno.test("bob-relay 10.1: the two generations seal differently and open only their own", async () => {
  const [session] = RECORD_SESSIONS;
  const key = session?.key ?? new Uint8Array(64);
  const [old, current] = await Promise.all(GENERATIONS.map((one) => createRecordCipher(key, one)));
  const sealed = await old?.seal(0, Uint8Array.of(9)) ?? new Uint8Array();
  assertEquals(await old?.open(0, sealed), Uint8Array.of(9));
  assertEquals(await current?.open(0, sealed), undefined);
});
