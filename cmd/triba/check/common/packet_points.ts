/**
 * Packets that the other side writes: ids, answers, forms (section 6).
 *
 * @module
 */

import { findOddity } from "../canonical.ts";
import { describePacket, type Side, type SidePoint, type SideStage } from "../side.ts";
import { Failure } from "../verdict.ts";

const PINGS = 8;

/** A session in which both sides have said something. */
async function talk(stage: SideStage): Promise<Side> {
  const side = await stage.shared();
  await side.settle();
  for (let i = 0; i < 3; i++) await side.responsePacket(side.request("Ping"));
  await side.settle();
  return side;
}

async function answersEachOnce(stage: SideStage): Promise<void> {
  const side = await stage.shared();
  const requests = Array.from({ length: PINGS }, () => side.request("Ping"));
  for (const id of requests) {
    const seen = await side.responsePacket(id);
    if (typeof seen === "string") {
      throw new Failure(`a response to request ${id}`, side.describe(seen));
    }
  }
  await side.settle();
  for (const id of requests) {
    const count = side.seen.filter(({ packet }) =>
      packet.kind === "response" && packet.req === id
    ).length;
    if (count !== 1) throw new Failure(`one response to request ${id}`, `${count} responses`);
  }
  const stray = side.seen.find(({ packet }) =>
    packet.kind === "response" && packet.req >= side.nextId
  );
  if (stray !== undefined) {
    throw new Failure("responses to requests that were made", describePacket(stray.packet));
  }
}

async function countsInOrder(stage: SideStage): Promise<void> {
  const { seen } = await talk(stage);
  for (let i = 1; i < seen.length; i++) {
    const before = seen[i - 1]?.packet.id as number;
    const packet = seen[i]?.packet;
    if (packet === undefined || packet.id === before + 1) continue;
    throw new Failure(`id ${before + 1} behind id ${before}`, describePacket(packet));
  }
}

/** Points about what the other side writes. */
export const PACKET_POINTS: readonly SidePoint[] = [
  {
    id: "P01",
    title: "Gives its first packet the id 0 or 1",
    section: "6.2",
    level: "must",
    advice: "Begin with 0: others close",
    needs: "H10",
    run: async (stage) => {
      const { seen: [first] } = await stage.shared();
      const id = first?.packet.id as number;
      if (id > 1) throw new Failure("id 0 or 1", `id ${id}`);
    },
  },
  {
    id: "P02",
    title: "Counts its requests and responses together, one by one",
    section: "6.2",
    level: "must",
    advice: "Use one counter for all packets of your side, and take the number when you send",
    needs: "H10",
    run: countsInOrder,
  },
  {
    id: "P03",
    title: "Answers each request exactly once, pipelined ones too",
    section: "6.3",
    level: "must",
    advice: "Send one response whose req is the request's id, to Ping as well",
    needs: "H10",
    run: answersEachOnce,
  },
  {
    id: "P04",
    title: "Writes integers and texts in their shortest form, and no bin, ext or float",
    section: "6.1",
    level: "should",
    advice: "Strict readers refuse the others; look for the options of your MessagePack library",
    needs: "H10",
    run: async (stage) => {
      const { seen } = await talk(stage);
      for (const { packet, plaintext } of seen) {
        const odd = findOddity(plaintext);
        if (odd !== undefined) {
          throw new Failure("the shortest form", `${describePacket(packet)}: ${odd}`);
        }
      }
    },
  },
];
