/**
 * What a sender reads on the encrypted channel: nothing but its end (bob protocol, section 6.2).
 *
 * @module
 */

import type { ByteStream } from "../net/mod.ts";
import { BobFault } from "./fault.ts";
import { RecordDecoder } from "./record_decoder.ts";
import type { ChannelEnding } from "./record_reader.ts";

const BUFFER_BYTES = 256;

/**
 * Waits for the other side to end the channel. A sender starts this before its first record: an end
 * before the last one means that the transfer failed, and an end of the stream without a marker
 * never tells whether anything arrived.
 *
 * @param received Bytes of the channel that have been read from the stream before.
 * @throws {BobFault} `unexpected-record` when the receiver sends a record, which none does,
 *   `connection-lost` when the stream ends inside one, `oversized-record`.
 * @throws {NetFault} when reading from the stream failed.
 */
export async function readEnding(
  stream: Pick<ByteStream, "read">,
  received: Uint8Array = new Uint8Array(),
): Promise<ChannelEnding> {
  const decoder = new RecordDecoder();
  const buffer = new Uint8Array(BUFFER_BYTES);
  let chunk = received;
  while (true) {
    decoder.push(chunk);
    if (decoder.next() !== undefined) {
      throw new BobFault("unexpected-record", "Cannot go on: the receiver sent a record");
    }
    if (decoder.marked) return "marker";
    const count = await stream.read(buffer);
    if (count === null) {
      decoder.end();
      return "end-of-stream";
    }
    chunk = buffer.subarray(0, count);
  }
}
