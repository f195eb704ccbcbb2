// Ways to cut one input, for decoders that must not care where a stream is cut.

/** The whole, byte by byte, and every cut into two. */
export function* cuts(bytes: Uint8Array): Generator<{ name: string; chunks: Uint8Array[] }> {
  yield { name: "whole", chunks: [bytes] };
  yield { name: "byte by byte", chunks: Array.from(bytes, (byte) => Uint8Array.of(byte)) };
  for (let at = 1; at < bytes.length; at++) {
    yield { name: `cut at ${at}`, chunks: [bytes.subarray(0, at), bytes.subarray(at)] };
  }
}
