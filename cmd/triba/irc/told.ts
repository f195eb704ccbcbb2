/**
 * What is on its way to the core: so much of it may be, before no more is read from the network.
 *
 * @module
 */

import type { ByteStream } from "../../../lib/net/mod.ts";
import type { CoreLink } from "../../../lib/triba/backend/mod.ts";
import type { BackendEvent, Status } from "../../../lib/triba/bodies/backend.ts";

/** Events without an acknowledgement that are borne. */
const MOST_UNACKNOWLEDGED = 256;

/** Tells the core, and counts what it has not acknowledged. */
export class Told {
  #core: CoreLink | undefined;
  #open = 0;
  #room = Promise.withResolvers<void>();

  /** From here on the core can be told things. */
  begin(core: CoreLink): void {
    this.#core = core;
  }

  /** Whether bodies of API 1.1 can be sent. */
  get knowsReplies(): boolean {
    return (this.#core?.agreement.minor ?? 0) >= 1;
  }

  /** Something happened. That the core does not take it is in the log already. */
  event(event: BackendEvent): void {
    this.#count(this.#core?.event(event));
  }

  /** The network stands otherwise now. */
  status(status: Status): void {
    this.#count(this.#core?.status(status));
  }

  /** Resolves when there is room for more. */
  async room(): Promise<void> {
    while (this.#open >= MOST_UNACKNOWLEDGED) await this.#room.promise;
  }

  /** A stream that is read only while there is room for what it brings. */
  slowDown(stream: ByteStream): ByteStream {
    return {
      read: async (into) => {
        await this.room();
        return await stream.read(into);
      },
      write: (bytes) => stream.write(bytes),
      closeWrite: () => stream.closeWrite(),
      close: () => stream.close(),
    };
  }

  #count(told: Promise<void> | undefined): void {
    if (told === undefined) return;
    this.#open++;
    const settled = () => {
      this.#open--;
      this.#room.resolve();
      this.#room = Promise.withResolvers<void>();
    };
    told.then(settled, settled);
  }
}
