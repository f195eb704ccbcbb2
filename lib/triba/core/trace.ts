/**
 * What a core shows of its connections to somebody who wants to decode them. Whoever takes it holds
 * the keys: it is for looking for faults, never on by itself.
 *
 * @module
 */

import type { ByteOrder } from "../channel/frame.ts";

/**
 * One thing that happened on one connection. `connection` numbers them from 1; `at` is in
 * milliseconds since 1970. Bytes are those of the wire from the first on, before and after the keys
 * are known. Bytes, keys and secrets are valid during the call, so who keeps them copies them.
 *
 * All that a decoder needs: the id, both public keys and the nonce are the first bytes of the two
 * directions (section 4), the packet key opens what follows, and with the spawn secret it gives the
 * keys of sealed-1, in force as section 10 says if step 9 lists it.
 */
export type TraceRecord =
  /** A connection was accepted. */
  | { readonly type: "accepted"; readonly connection: number; readonly at: number }
  /** The id that it showed is that of a backend. */
  | {
    readonly type: "admitted";
    readonly connection: number;
    readonly at: number;
    /** Name of the backend. */
    readonly backend: string;
    /** Process id of its run. */
    readonly pid: number | undefined;
    /** Order of the size's bytes. */
    readonly byteOrder: ByteOrder;
    /** 32 bytes, if sealed-1 is required. */
    readonly spawnSecret: Uint8Array | undefined;
  }
  /** The key exchange of step 6 is done: 32 bytes. */
  | {
    readonly type: "key";
    readonly connection: number;
    readonly at: number;
    readonly packetKey: Uint8Array;
  }
  /** Bytes that were read, or handed to the socket; cut anywhere. */
  | {
    readonly type: "bytes";
    readonly connection: number;
    readonly at: number;
    readonly from: "core" | "backend";
    readonly bytes: Uint8Array;
  }
  /** The connection is over; why, if not as agreed. */
  | {
    readonly type: "ended";
    readonly connection: number;
    readonly at: number;
    readonly reason: string | undefined;
  };

/** Takes what happened; called synchronously, in order, so it must be quick and must not throw. */
export type CoreTrace = (record: TraceRecord) => void;
