// The other side of an exchange, played by hand: a receiver for a sender under test, and the
// reverse.

import { type Packet, type PacketOf, type PacketType } from "../../../lib/bob/mod.ts";
import { createServer, type SpokeServer, startClient } from "../../../lib/spoke/mod.ts";
import type { Probe } from "./probe.ts";

export const PASSWORD = "lusabag-gutihuz";
const ascii = new TextEncoder();

export const bytesOfText = (text: string): Uint8Array<ArrayBuffer> => ascii.encode(text);
export const randomBytes = (length: number) => crypto.getRandomValues(new Uint8Array(length));

/** The identity of the peer with this number. */
export function identityOf(uid: number): Uint8Array<ArrayBuffer> {
  return bytesOfText(`10.0.0.${uid}:${40000 + uid}`);
}

/** A spoke server for a password. */
export function serverFor(password = PASSWORD): SpokeServer {
  return createServer({ password: bytesOfText(password), randomBytes });
}

/** The only packet that was sent, which must be of this type. */
export function onlyPacket<Type extends PacketType>(packets: Packet[], type: Type): PacketOf<Type> {
  const [packet] = packets;
  if (packets.length !== 1 || packet?.type !== type) {
    throw new Error(`Expected ${type} alone, got ${packets.map((one) => one.type).join(" ")}`);
  }
  return packet as PacketOf<Type>;
}

/** Starts an exchange with a sender: its packet 07, and what answers the 06. */
export function makeVisitor(
  server: SpokeServer,
  uid: number,
  { password = PASSWORD, own = 1 }: { password?: string; own?: number } = {},
) {
  const client = startClient({
    password: bytesOfText(password),
    publicValue: server.publicValue,
    randomBytes,
  });
  const identity = identityOf(uid);
  return {
    knock: { type: "x-and-client-identity", uid, x: client.X, identity } as const,
    answer: ({ y, validator }: PacketOf<"y-and-server-validator">) => {
      const { secondValidator, keys } = client.receiveY(y, validator, identity, identityOf(own));
      return {
        proof: { type: "client-validator", uid, validator: secondValidator } as const,
        keys,
      };
    },
  };
}

/** A sender that a receiver meets: its announcement, and what it answers to the 07. */
export function makeHost(uid: number, password = PASSWORD) {
  const server = serverFor(password);
  const identity = identityOf(uid);
  return {
    announcement: {
      type: "new-server",
      uid: 0,
      server: uid,
      public: server.publicValue,
      identity,
    } as const,
    answer: ({ x, identity: client }: PacketOf<"x-and-client-identity">) => {
      const { Y, firstValidator, pending } = server.receiveX(x, client, identity);
      const reply = {
        type: "y-and-server-validator",
        uid,
        y: Y,
        validator: firstValidator,
      } as const;
      return { reply, pending };
    },
  };
}

/** Feeds packets one at a time and gives what was sent in answer to all of them. */
export function exchangePackets(
  probe: Probe<{ readonly type: string }>,
  ...packets: Packet[]
): Packet[] {
  return packets.flatMap((packet) => {
    probe.feedPackets(packet);
    return probe.takePackets();
  });
}
