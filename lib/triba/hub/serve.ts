/**
 * Serves one user interface over a stream of bytes.
 *
 * @module
 */

import type { ByteStream } from "../../net/mod.ts";
import { formatGoodbye } from "./attachment.ts";
import type { Hub } from "./hub.ts";
import { LineCutter } from "./line_cutter.ts";
import { LineQueue } from "./line_queue.ts";

/** How long the last line may take. */
const GOODBYE_MS = 2_000;

/** How a user interface is served. */
export interface ServeOptions {
  /** Whether all notices so far, and those to come, are sent without being asked for. */
  readonly subscribed?: boolean | undefined;
}

/**
 * Serves a user interface until it ends, reads too slowly, or the hub is closed; then closes the
 * stream.
 *
 * @throws {NetFault} when the connection is lost.
 */
export async function serveInterface(
  stream: ByteStream,
  hub: Hub,
  options: ServeOptions = {},
): Promise<void> {
  const queue = new LineQueue(stream);
  const over = Promise.withResolvers<null>();
  const attachment = hub.attach({
    push: (line) => queue.push(line),
    end: (line, instead) => {
      queue.end(line, instead);
      over.resolve(null);
    },
  });
  if (options.subscribed) attachment.subscribeFrom(0);
  const cutter = new LineCutter();
  const buffer = new Uint8Array(16 * 1024);
  try {
    while (!attachment.ended) {
      const count = await Promise.race([stream.read(buffer), over.promise]);
      const lines = count === null ? cutter.end() : cutter.push(buffer.subarray(0, count));
      for (const line of lines) attachment.receive(line);
      // Who ends its side may still listen: what it asked for is answered first.
      await Promise.race([count === null ? attachment.idle() : queue.rest(), over.promise]);
      if (count === null) break;
    }
  } finally {
    attachment.end();
    const timer = setTimeout(() => stream.close(), GOODBYE_MS);
    await queue.flush();
    clearTimeout(timer);
    stream.close();
  }
}

/** Tells a user interface why it is not let in, and closes the stream. */
export async function refuseInterface(stream: ByteStream): Promise<void> {
  const queue = new LineQueue(stream);
  queue.end(formatGoodbye("too_many"), false);
  const timer = setTimeout(() => stream.close(), GOODBYE_MS);
  await queue.flush();
  clearTimeout(timer);
  stream.close();
}
