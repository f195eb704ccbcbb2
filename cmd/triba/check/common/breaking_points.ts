/**
 * Packets that break an open session, whoever gets them: sizes, tags, order (section 8, F07 to F11).
 *
 * @module
 */

import { describePacket, QUIET_MS, type Side, type SidePoint, type SideStage } from "../side.ts";
import { Failure } from "../verdict.ts";
import { encodeRequest, MAX_PAYLOAD_BYTES, TAG_BYTES } from "../../../../lib/triba/mod.ts";

/** Sends something in an open session that must end it. */
export function inSession(
  id: string,
  title: string,
  advice: string,
  because: string,
  send: (side: Side) => void,
): SidePoint {
  return {
    id,
    title,
    section: "8",
    level: "should",
    advice,
    needs: "H10",
    run: async (stage) => {
      const side = await stage.open();
      const offence = side.nextId;
      send(side);
      await side.expectEnd(because, offence);
    },
  };
}

/** What to do about tags. */
export const TAMPERED =
  "Verify before you use anything: take the library's decrypt, and end on its error";
const IN_ORDER = "Compare each id with the one before: it must be that plus one";
const MINIMUM = "Check 17 <= size before reading on";

/** A sealed ping in which the last bit of the text is changed: who does not verify reads "Pinf". */
function tamperedPing(side: Side): Uint8Array {
  const payload = side.seal(encodeRequest(side.nextId, "Ping", side.form));
  const last = payload.length - TAG_BYTES - 1;
  payload[last] = (payload[last] as number) ^ 1;
  return payload;
}

async function doesNotUseTampered(stage: SideStage): Promise<void> {
  const side = await stage.open();
  await side.settle();
  const before = side.seen.length;
  side.payload(tamperedPing(side));
  await side.line.hears(2 * QUIET_MS);
  await side.settle();
  const answer = side.seen.slice(before).find(({ packet }) => packet.kind === "response");
  if (answer !== undefined) {
    throw new Failure("no answer to a packet with a flipped bit", describePacket(answer.packet));
  }
}

/** Points about sessions that a packet ends. */
export const BREAKING_POINTS: readonly SidePoint[] = [
  inSession(
    "F07.1",
    "Closes at a size of 0",
    MINIMUM,
    "a payload has at least 17 bytes",
    (side) => side.size(0),
  ),
  inSession(
    "F07.2",
    "Closes at a size of 16",
    MINIMUM,
    "a payload has at least 17 bytes",
    (side) => side.payload(new Uint8Array(16)),
  ),
  inSession(
    "F07.3",
    "Closes at a size above 16 MiB without waiting for the rest",
    "Check the size against the limit before you take memory for it",
    "16,777,216 bytes is the limit",
    (side) => side.size(MAX_PAYLOAD_BYTES + 1),
  ),
  {
    id: "F08.1",
    title: "Uses nothing of a packet whose tag does not verify",
    section: "5, 8",
    level: "must",
    advice: TAMPERED,
    needs: "H10",
    run: doesNotUseTampered,
  },
  inSession(
    "F08.2",
    "Closes at a packet whose tag does not verify",
    TAMPERED,
    "the tag does not verify",
    (side) => {
      side.payload(tamperedPing(side));
      side.nextId++;
    },
  ),
  inSession(
    "F10.1",
    "Closes at a packet that comes a second time",
    IN_ORDER,
    "the id was there before",
    (side) => {
      side.nextId--;
      side.request("Ping");
    },
  ),
  {
    id: "F10.2",
    title: "Closes when a packet is missing",
    section: "6.2, 8",
    level: "should",
    advice: IN_ORDER,
    needs: "H10",
    run: async (stage) => {
      const side = await stage.open();
      side.nextId++;
      await side.expectEnd("an id is left out", side.request("Ping"));
    },
  },
  inSession(
    "F11.1",
    "Closes at a response to a request that it never made",
    "Keep the ids of your outstanding requests",
    "no such request waits",
    (side) => side.respond(1_000_000, "Success"),
  ),
];
