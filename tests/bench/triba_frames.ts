// What travels in the TriBA benchmark, without anybody who sends it: how large the packets are, and
// what sealing and opening them costs.

import { CORE_REQUESTS } from "../../lib/triba/bodies/core.ts";
import { RESPONSES } from "../../lib/triba/bodies/response.ts";
import { encodeRequest, encodeResponse } from "../../lib/triba/channel/packet.ts";
import { createSealed1Cipher } from "../../lib/triba/channel/seal.ts";
import { KEY_BYTES, SIZE_BYTES, TAG_BYTES } from "../../lib/triba/constants.ts";

/** A room that the echo backend has from the start. */
export const ROOM = "lobby";
/** Text of the large message. */
export const LARGE_TEXT_BYTES = 64 * 1024;
/** Ids as they are in the middle of a run: five bytes each. */
const SOME_ID = 100_000;
const CIPHER_RUNS = 5_000;

/** Round trips per second. */
export interface SideFigures {
  readonly serial: number;
  readonly pipelined: number;
  readonly large: number;
  readonly largePipelined: number;
  /** From the spawn to the backend's first words, in milliseconds. */
  readonly openMs?: number;
}

/** Bytes of both frames of a round trip. */
export interface TripSizes {
  readonly request: number;
  readonly answer: number;
}

interface TripPlaintexts {
  readonly request: Uint8Array;
  readonly answer: Uint8Array;
}

function makePlaintexts(): { readonly small: TripPlaintexts; readonly large: TripPlaintexts } {
  const sender = "you";
  const content = { type: "Text", text: "x".repeat(LARGE_TEXT_BYTES) } as const;
  const message = { id: "1", room: ROOM, sender, sent_ms: Date.now(), content };
  const request = (body: Parameters<typeof CORE_REQUESTS.write>[0]) =>
    encodeRequest(SOME_ID, CORE_REQUESTS.write(body));
  const answer = (body: Parameters<typeof RESPONSES.write>[0]) =>
    encodeResponse(SOME_ID, SOME_ID, RESPONSES.write(body));
  return {
    small: { request: request({ type: "Ping" }), answer: answer({ type: "Success" }) },
    large: {
      request: request({ type: "FetchMessages", room: ROOM, before: null, limit: 1 }),
      answer: answer({ type: "Messages", messages: [message], next: null }),
    },
  };
}

/** How large the frames are that a core and the echo backend exchange. */
export function frameSizes(): { readonly small: TripSizes; readonly large: TripSizes } {
  const overhead = SIZE_BYTES + TAG_BYTES;
  const { small, large } = makePlaintexts();
  const sizes = ({ request, answer }: TripPlaintexts) => {
    return { request: request.length + overhead, answer: answer.length + overhead };
  };
  return { small: sizes(small), large: sizes(large) };
}

/** Microseconds that both sides together spend on sealing and opening in a round trip. */
export function measureCipher(): { readonly small: number; readonly large: number } {
  const { small, large } = makePlaintexts();
  timeTrips(small, CIPHER_RUNS); // from now on the code is compiled
  return { small: timeTrips(small, CIPHER_RUNS), large: timeTrips(large, CIPHER_RUNS / 20) };
}

function timeTrips({ request, answer }: TripPlaintexts, runs: number): number {
  const key = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
  const [sealer, opener] = [createSealed1Cipher(key), createSealed1Cipher(key)];
  const begun = performance.now();
  for (let id = 0; id < 2 * runs; id++) {
    for (const cipher of [sealer, opener]) cipher.prepare(id);
    opener.open(sealer.seal(id % 2 === 0 ? request : answer, id), id);
  }
  return (performance.now() - begun) / runs * 1000;
}
