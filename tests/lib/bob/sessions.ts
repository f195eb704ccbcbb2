// The recorded sessions, and a stream that gives prepared chunks.

import { decodeHex } from "@std/encoding/hex";
import type { Generation } from "../../../lib/bob/record.ts";

export interface SessionRecord {
  readonly sequence: number;
  readonly nonce: string;
  readonly additional_data: string;
  readonly plaintext: string;
  readonly frame: string;
}

export interface SessionStep {
  readonly link: "sender/main" | "receiver/main" | "sender/secure" | "receiver/secure";
  readonly direction: "peer->relay" | "relay->peer";
  readonly bytes?: string;
  readonly event?: string;
}

export interface Session {
  readonly name: string;
  readonly sender_password: string;
  readonly receiver_password: string;
  readonly sender_identity: string;
  readonly receiver_identity: string;
  readonly x: string;
  readonly y: string;
  readonly key_client?: string;
  readonly key_server?: string;
  readonly records?: readonly SessionRecord[];
  readonly steps: readonly SessionStep[];
}

/** A session in which records travelled. */
export interface RecordSession {
  readonly name: string;
  readonly generation: Generation;
  readonly key: Uint8Array;
  readonly records: readonly SessionRecord[];
  /** All frames, joined. */
  readonly stream: Uint8Array;
}

const FOLDER = new URL("../../vectors/bob/", import.meta.url);

export const SESSIONS: readonly Session[] = [
  "session-file-nonce12",
  "session-file-nonce20",
  "session-directory-nonce12",
  "session-wrong-password",
  "session-refused",
].map((name) => ({
  name,
  ...JSON.parse(Deno.readTextFileSync(new URL(`${name}.json`, FOLDER))),
}));

export const RECORD_SESSIONS: readonly RecordSession[] = SESSIONS.flatMap((session) => {
  const { name, records, key_client: key } = session;
  if (records === undefined || key === undefined) return [];
  return [{
    name,
    generation: name.endsWith("nonce12") ? "nonce12" : "nonce20",
    key: decodeHex(key),
    records,
    stream: decodeHex(records.map(({ frame }) => frame).join("")),
  }];
});

/** The session of that name. */
export function sessionOf(name: string): Session {
  const session = SESSIONS.find((one) => one.name === name);
  if (session === undefined) throw new Error(`Cannot find session "${name}"`);
  return session;
}

/** All that travelled on a connection in one direction. */
export function bytesOf(
  session: Session,
  link: SessionStep["link"],
  direction: SessionStep["direction"],
): Uint8Array<ArrayBuffer> {
  const steps = session.steps.filter((step) => step.link === link && step.direction === direction);
  return decodeHex(steps.map(({ bytes }) => bytes ?? "").join(""));
}

/** A stream that gives one chunk per read, then its end or the error. */
export function sourceOf(chunks: Iterable<Uint8Array>, error?: Error) {
  const waiting = [...chunks];
  return {
    read(into: Uint8Array): Promise<number | null> {
      const chunk = waiting.shift();
      if (chunk === undefined) {
        return error === undefined ? Promise.resolve(null) : Promise.reject(error);
      }
      const part = chunk.subarray(0, into.length);
      into.set(part);
      if (part.length < chunk.length) waiting.unshift(chunk.subarray(part.length));
      return Promise.resolve(part.length);
    },
  };
}
