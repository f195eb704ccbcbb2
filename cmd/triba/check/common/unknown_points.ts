/**
 * Requests that the other side does not know: it answers and lives (section 8, F16).
 *
 * @module
 */

import { type Bytes, float, join, request, text } from "./bytes.ts";
import { describeResponse, type Side, type SidePoint } from "../side.ts";
import { Failure } from "../verdict.ts";

/** Arguments of all kinds, some of which no known request has. */
const UNKNOWN: readonly (readonly [title: string, bytes: Bytes])[] = [
  ["without argument", (id) => request(id, text("TribaCheck"))],
  ["that holds bin", (id) => unknown(id, 0xc4, 2, 1, 2)],
  ["that holds a float", (id) => unknown(id, float(1.5))],
  ["that holds an extension", (id) => unknown(id, 0xd4, 5, 7)],
  [
    "that holds a map with a key twice and keys that are no texts",
    (id) => unknown(id, 0x83, 0xc0, 1, 0xc0, 2, 5, 3),
  ],
  ["of 16 levels", (id) => unknown(id, ...Array.from({ length: 14 }, () => 0x91), 0xc0)],
  ["with an empty name", (id) => request(id, text(""))],
  ["named like something of the programming language", (id) => request(id, text("__proto__"))],
];

function unknown(id: number, ...argument: readonly (number | Uint8Array)[]): Uint8Array {
  return request(id, 0x81, text("TribaCheck"), join(...argument));
}

/** Sends an unknown request, which must be answered as such. */
export async function answersUnknown(side: Side, bytes: Bytes): Promise<void> {
  const id = side.nextId;
  side.plaintext(bytes(id));
  const response = await side.response(id);
  if (response.type === "Error" && response.code === "unknown_request") return;
  throw new Failure("Error unknown_request", describeResponse(response));
}

/** Points about unknown requests. */
export const UNKNOWN_POINTS: readonly SidePoint[] = [
  {
    id: "F16.1",
    title: "Answers a request that it does not know, and goes on",
    section: "6.3, 7.3, 8",
    level: "must",
    advice: "Each request gets a response: read the name before you choose the type to parse",
    needs: "H10",
    run: async (stage) => {
      const side = await stage.shared();
      for (const id of [side.request("TribaCheck"), side.request("Ping")]) {
        const seen = await side.responsePacket(id);
        if (typeof seen === "string") {
          throw new Failure(`a response to request ${id}`, side.describe(seen));
        }
      }
    },
  },
  ...UNKNOWN.map(([title, bytes], i): SidePoint => ({
    id: `F16.${i + 2}`,
    title: `Answers an unknown request ${title} with Error unknown_request`,
    section: "7.3, 8",
    level: "should",
    advice: "Pass over the argument of what you do not know, whatever it holds",
    needs: "H10",
    run: async (stage) => await answersUnknown(await stage.shared(), bytes),
  })),
];
