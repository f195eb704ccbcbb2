/**
 * Packets that the backend writes: ids, answers, forms (section 6).
 *
 * @module
 */

import type { BackendPoint } from "./points.ts";
import { findOddity } from "../canonical.ts";
import { describePacket, type Player } from "../player.ts";
import { Failure } from "../verdict.ts";
import type { Stage } from "../stage.ts";

const PINGS = 8;

/** A session in which both sides have said something. */
async function talk(stage: Stage): Promise<Player> {
  const player = await stage.shared();
  await player.settle();
  for (let i = 0; i < 3; i++) await player.responsePacket(player.request("Ping"));
  await player.settle();
  return player;
}

async function answersEachOnce(stage: Stage): Promise<void> {
  const player = await stage.shared();
  const requests = Array.from({ length: PINGS }, () => player.request("Ping"));
  requests.push(player.request("ListRooms"));
  for (const id of requests) {
    const seen = await player.responsePacket(id);
    if (typeof seen === "string") {
      throw new Failure(`a response to request ${id}`, player.describe(seen));
    }
  }
  await player.settle();
  for (const id of requests) {
    const count = player.seen.filter(({ packet }) =>
      packet.kind === "response" && packet.req === id
    ).length;
    if (count !== 1) throw new Failure(`one response to request ${id}`, `${count} responses`);
  }
  const stray = player.seen.find(({ packet }) =>
    packet.kind === "response" && packet.req >= player.nextId
  );
  if (stray !== undefined) {
    throw new Failure("responses to the core's requests only", describePacket(stray.packet));
  }
}

async function countsInOrder(stage: Stage): Promise<void> {
  const { seen } = await talk(stage);
  for (let i = 1; i < seen.length; i++) {
    const before = seen[i - 1]?.packet.id as number;
    const packet = seen[i]?.packet;
    if (packet === undefined || packet.id === before + 1) continue;
    throw new Failure(`id ${before + 1} behind id ${before}`, describePacket(packet));
  }
}

/** Points about what the backend writes. */
export const PACKET_POINTS: readonly BackendPoint[] = [
  {
    id: "P01",
    title: "Gives its first packet the id 0 or 1",
    section: "6.2",
    level: "must",
    advice: "Begin with 0: other cores close",
    needs: "H06",
    run: async (stage) => {
      const { seen: [first] } = await stage.beforeUpgrade();
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
  {
    id: "P05",
    title: "Answers in the form in which the core writes",
    section: "6.1",
    level: "should",
    advice: "Wrap packets into Request and Response exactly if the core's first packet is wrapped",
    needs: "H10",
    run: async (stage) => {
      for (const form of ["compact", "tagged"] as const) {
        const player = await stage.open({ form });
        await player.responsePacket(player.request("Ping"));
        const other = player.seen.slice(1).find(({ packet }) => packet.form !== form);
        if (other !== undefined) {
          throw new Failure(
            `the ${form} form`,
            `${describePacket(other.packet)}, ${other.packet.form}`,
          );
        }
      }
    },
  },
];
