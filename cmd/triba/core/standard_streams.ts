/**
 * Standard input and output as one stream of bytes.
 *
 * @module
 */

import { type ByteStream, toNetFault } from "../../../lib/net/mod.ts";

/** The two streams of this process. */
export class StandardStreams implements ByteStream {
  #closed = Promise.withResolvers<null>();

  /** Reads standard input; a call that waits ends when this is closed. */
  async read(into: Uint8Array): Promise<number | null> {
    try {
      return await Promise.race([Deno.stdin.read(into), this.#closed.promise]);
    } catch (error) {
      throw toNetFault(error, "read standard input");
    }
  }

  /** Writes all to standard output. */
  async write(bytes: Uint8Array): Promise<void> {
    try {
      for (let done = 0; done < bytes.length;) {
        done += await Deno.stdout.write(bytes.subarray(done));
      }
    } catch (error) {
      throw toNetFault(error, "write to standard output");
    }
  }

  /** Standard output stays open: it is the process's, and ends with it. */
  async closeWrite(): Promise<void> {}

  /** Lets nobody wait for standard input any longer. */
  close(): void {
    this.#closed.resolve(null);
  }
}
