// Fuzz targets of spoke. Each case with a valid point costs milliseconds of curve arithmetic, so
// the targets that name a share run their dear part in that share of the cases only.

import { assert, assertEquals } from "@std/assert";
import { Curve, multiplyBase } from "../../lib/spoke/group.ts";
import { mapToCurve } from "../../lib/spoke/map_to_curve.ts";
import {
  createServer,
  decodePublic,
  encodePublic,
  SpokeFault,
  startClient,
} from "../../lib/spoke/mod.ts";
import { fuzz, type Random } from "../support/fuzz.ts";
import { ED25519_TORSION_SUBGROUP } from "@noble/curves/ed25519.js";

/** What the run gives, or undefined when it throws the codec's own fault. */
function attempt<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    if (error instanceof SpokeFault) return undefined;
    throw error;
  }
}

const PASSWORD = new TextEncoder().encode("lusabag-gutihuz");
const server = createServer({
  password: PASSWORD,
  randomBytes: (length) => new Uint8Array(length).fill(0x35),
});
const { publicValue } = server;
const [CLIENT, SERVER] = ["127.0.0.1:40001", "127.0.0.1:40000"].map((text) =>
  new TextEncoder().encode(text)
) as [Uint8Array, Uint8Array];

/** 32 bytes: mostly noise, sometimes near p, sometimes a point with or without a torsion part. */
function hostilePoint(random: Random): Uint8Array {
  switch (random.below(16)) {
    case 0:
      return multiplyBase(random.bytes(32)).toBytes();
    case 1: {
      const torsion = Curve.fromHex(random.pick(ED25519_TORSION_SUBGROUP));
      return multiplyBase(random.bytes(32)).add(torsion).toBytes();
    }
    case 2: {
      const near = new Uint8Array(32).fill(0xff);
      near[0] = random.next() & 0xff;
      near[31] = random.bool() ? 0x7f : 0xff;
      return near;
    }
    case 3: {
      const small = new Uint8Array(32);
      small[0] = random.next() & 0xff;
      small[31] = random.bool() ? 0x80 : 0;
      return small;
    }
    default:
      return random.bytes(32);
  }
}

fuzz("decodePublic: faults only, and what it accepts encodes to the same bytes", (random) => {
  const bytes = random.bool() ? random.mutate(publicValue) : random.bytes(random.below(40));
  const element = attempt(() => decodePublic(bytes));
  if (element !== undefined) assertEquals(encodePublic(element), bytes);
});

fuzz("mapToCurve: any 32 bytes give a point of the subgroup (1 case in 4)", (random) => {
  if (random.below(4) !== 0) return;
  assert(mapToCurve(random.bytes(32)).isTorsionFree());
});

fuzz("receiveX: any 32 bytes give an answer or a fault", (random) => {
  const identity = random.bytes(random.below(60)).filter((byte) => byte !== 0);
  const answer = attempt(() => server.receiveX(hostilePoint(random), identity, SERVER));
  if (answer === undefined) return;
  assertEquals(attempt(() => answer.pending.receiveValidator(random.bytes(64))), undefined);
});

fuzz("receiveY: any 32 bytes give a fault, as the validator is wrong (1 case in 4)", (random) => {
  if (random.below(4) !== 0) return;
  const client = startClient({
    password: PASSWORD,
    publicValue,
    randomBytes: (length) => random.bytes(length),
  });
  const [Y, validator] = [hostilePoint(random), random.bytes(64)];
  assertEquals(attempt(() => client.receiveY(Y, validator, CLIENT, SERVER)), undefined);
});

fuzz("exchange: equal passwords agree, others do not (1 case in 16)", (random) => {
  if (random.below(16) !== 0) return;
  const password = random.bytes(random.below(80));
  const randomBytes = (length: number) => random.bytes(length);
  const rounds = 1 + random.below(20);
  const host = createServer({ password, rounds, randomBytes });
  const same = random.bool();
  const guest = startClient({
    password: same ? password : Uint8Array.of(...password, 1),
    publicValue: host.publicValue,
    randomBytes,
  });
  const answer = host.receiveX(guest.X, CLIENT, SERVER);
  const reply = attempt(() => guest.receiveY(answer.Y, answer.firstValidator, CLIENT, SERVER));
  assertEquals(reply !== undefined, same);
  if (reply !== undefined) {
    assertEquals(answer.pending.receiveValidator(reply.secondValidator), reply.keys);
  }
});
