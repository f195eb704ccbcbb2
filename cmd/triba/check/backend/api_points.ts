/**
 * The chat set, as far as it can be tried without a trace on the network (sections 6.3 and 7.2).
 *
 * @module
 */

import type { BackendPoint } from "./points.ts";
import { describePacket, describeResponse, QUIET_MS } from "../side.ts";
import { type Bytes, text, variant } from "../common/bytes.ts";
import { rows } from "../common/reading_points.ts";
import { Failure, Skipped } from "../verdict.ts";
import type { Stage } from "../stage.ts";
import {
  BACKEND_REQUESTS,
  MAX_OUTSTANDING,
  type Response,
  TribaFault,
} from "../../../../lib/triba/mod.ts";

/** More requests at once than a side may have outstanding. */
const CROWD = MAX_OUTSTANDING + 6;
const NO_ROOM = "triba-check: no such room";

/** Asks in the shared session. */
async function ask(
  stage: Stage,
  body: Parameters<Awaited<ReturnType<Stage["shared"]>>["request"]>[0],
): Promise<Response> {
  const player = await stage.shared();
  return await player.response(player.request(body));
}

function expectType(response: Response, ...types: readonly Response["type"][]): void {
  if (types.includes(response.type)) return;
  throw new Failure(types.join(" or "), describeResponse(response));
}

/** A question about a room that nobody has; only `invalid_argument` would be wrong. */
const ODD_STRUCTS: readonly (readonly [title: string, bytes: Bytes])[] = [
  [
    "a struct by names, in any order, without its options",
    (id) =>
      fetch(id, 0x83, text("limit"), 1, text("later"), 0xc0, text("room"), text("triba-check")),
  ],
  [
    "a struct with surplus elements",
    (id) => fetch(id, 0x95, text("triba-check"), 0xc0, 1, 0xc4, 1, 0, text("later")),
  ],
];

function fetch(id: number, ...struct: readonly (number | Uint8Array)[]): Uint8Array {
  return variant(id, "FetchMessages", ...struct);
}

/** Points about the chat set. */
export const API_POINTS: readonly BackendPoint[] = [
  {
    id: "A01",
    title: "Answers Ping with Success",
    section: "7.2",
    level: "should",
    advice: "The core takes a backend that leaves pings unanswered for dead",
    needs: "H10",
    run: async (stage) => expectType(await ask(stage, "Ping"), "Success"),
  },
  {
    id: "A02",
    title: "Answers ListRooms with Rooms, or says why not",
    section: "7.2",
    level: "should",
    advice: "Rooms holds a list of [id, name, topic or nil, unread, direct]",
    needs: "H10",
    run: async (stage) => expectType(await ask(stage, "ListRooms"), "Rooms", "Error"),
  },
  {
    id: "A03",
    title: "Answers Cancel of a request that does not wait with Success",
    section: "7.2",
    level: "should",
    advice: "The answer may have crossed the cancel: that is no fault of the core",
    needs: "H10",
    run: async (stage) => expectType(await ask(stage, { Cancel: 1_000_000 }), "Success"),
  },
  {
    id: "A04",
    title: "Answers a cancelled request too, once",
    section: "7.2",
    level: "should",
    advice: "Cancel gets Success; the other request gets its result, or Error cancelled",
    needs: "H10",
    run: async (stage) => {
      const player = await stage.open();
      const id = player.request("ListRooms");
      expectType(await player.response(player.request({ Cancel: id })), "Success");
      expectType(await player.response(id), "Rooms", "Error");
      await player.settle();
      const answers = player.seen.filter(({ packet }) =>
        packet.kind === "response" && packet.req === id
      );
      if (answers.length > 1) throw new Failure("one response", `${answers.length} responses`);
    },
  },
  {
    id: "A05",
    title: `Answers each of ${CROWD} requests that come at once, with busy if need be`,
    section: "6.3",
    level: "should",
    advice: "Read on while you write: two full buffers would stop both sides",
    needs: "H10",
    run: async (stage) => {
      const player = await stage.open();
      const requests = Array.from({ length: CROWD }, () => player.request("ListRooms"));
      for (const id of requests) expectType(await player.response(id), "Rooms", "Error");
    },
  },
  {
    id: "A06",
    title: "Answers a question about a room that does not exist with an Error that says so",
    section: "7.2",
    level: "should",
    advice: "Use not_found; unavailable or unauthenticated if that cannot be known now",
    needs: "H10",
    run: async (stage) => {
      const response = await ask(stage, { FetchMessages: [NO_ROOM, null, 1] });
      const codes = ["not_found", "denied", "unavailable", "unauthenticated", "unknown_request"];
      if (response.type === "Error" && codes.includes(response.code)) return;
      throw new Failure("Error not_found", describeResponse(response));
    },
  },
  {
    id: "A07",
    title: "Asks only what belongs to a backend, with the right arguments",
    section: "7.2",
    level: "should",
    advice: "Ping, Status and Event are the requests of a backend",
    needs: "H10",
    run: async (stage) => {
      const player = await stage.open();
      await player.settle();
      for (const { packet } of player.seen) {
        if (packet.kind !== "request") continue;
        if (!BACKEND_REQUESTS.has(packet.name)) {
          throw new Failure("a request of section 7.2", describePacket(packet));
        }
        try {
          BACKEND_REQUESTS.decode(packet.name, packet.argument);
        } catch (error) {
          if (!(error instanceof TribaFault)) throw error;
          throw new Failure("a right argument", error.message);
        }
      }
    },
  },
  {
    id: "F14.2",
    title: "Goes on when a response to its own request is none that it knows",
    section: "8",
    level: "should",
    advice: "Let that request fail with internal, and the session live",
    needs: "H10",
    run: async (stage) => {
      const player = await stage.open();
      const seen = await player.next(5 * QUIET_MS);
      if (typeof seen === "string" || seen.packet.kind !== "request") {
        throw new Skipped("The backend makes no request of its own when the session opens");
      }
      player.respond(seen.packet.id, { TribaCheck: 1 });
      expectType(await player.response(player.request("Ping")), "Success", "Error");
    },
  },
  ...rows(21, ODD_STRUCTS, "6.1, 7.3"),
];
