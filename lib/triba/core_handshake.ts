/**
 * The core's side of the handshake, steps 1 to 11 (section 4). A peer with an unknown id gets no
 * byte.
 *
 * @module
 */

import { wipe } from "../bytes/mod.ts";
import { BACKEND_REQUESTS } from "./bodies_backend.ts";
import { CORE_REQUESTS } from "./bodies_core.ts";
import type { ApiVersion } from "./bodies_handshake.ts";
import { RESPONSES } from "./bodies_response.ts";
import { PacketChannel } from "./channel.ts";
import {
  BACKEND_FEATURES,
  ID_BYTES,
  KEY_BYTES,
  NONCE_BYTES,
  SEALED_1,
  SPAWN_SECRET_BYTES,
} from "./constants.ts";
import { TribaFault } from "./fault.ts";
import type { ByteOrder } from "./frame.ts";
import {
  type Agreement,
  agreeOn,
  checkIntroduction,
  expectResponse,
  expectSuccess,
  type HandshakeIo,
  type Introduction,
  makeApiVersion,
  NO_VERSION,
  outOfPlace,
  ownFeatures,
  rejected,
  type Steps,
  tryDecode,
  unmatched,
  unsuitable,
} from "./handshake.ts";
import { KEY_EXCHANGE, type KeyExchange } from "./keys.ts";
import type { PacketForm } from "./packet.ts";
import { quote } from "./quote.ts";
import { createPlainCipher } from "./seal.ts";
import { createSealed1Ciphers, type Sealed1Input } from "./sealed1.ts";

/** How the core talks to one backend. */
export interface CoreSettings extends Introduction {
  /** Order of the size's bytes; `big` unless given. */
  readonly byteOrder?: ByteOrder | undefined;
  /** How packets are written; `compact` unless given. */
  readonly form?: PacketForm | undefined;
  /** `plain` leaves step 9 out, for a backend that closes on it; `versioned` unless given. */
  readonly handshake?: "versioned" | "plain" | undefined;
  /**
   * The secret of this spawn, 32 bytes; sealed-1 is required exactly when it is there (`seal` in
   * the configuration). Not changed: who made it wipes it.
   */
  readonly spawnSecret?: Uint8Array | undefined;
}

/** What the core's handshake needs. */
export interface CoreHandshakeOptions {
  /**
   * Says how to talk to the backend that was given this id, and throws a {@linkcode TribaFault} if
   * there is none. Called once; the id must be compared in constant time.
   */
  readonly admit: (id: Uint8Array) => CoreSettings;
  /** Returns that many random bytes; asked for 32 for the key, then for 12 for the nonce. */
  readonly random: (length: number) => Uint8Array;
  /** The key exchange, if not the one of this library. */
  readonly exchange?: KeyExchange | undefined;
}

/** The steps of the core; begins in state `id`. */
export function* runCoreHandshake(io: HandshakeIo, options: CoreHandshakeOptions): Steps {
  const id = yield* io.take(ID_BYTES); // step 1
  const settings = options.admit(id);
  checkSettings(settings);
  const exchange = options.exchange ?? KEY_EXCHANGE;
  const own = exchange.makeKeyPair(options.random);
  const nonce = Uint8Array.from(options.random(NONCE_BYTES));
  let packetKey: Uint8Array | undefined;
  let channel: PacketChannel | undefined;
  let through = false;
  try {
    io.send(own.publicKey); // step 3
    io.enter("key");
    const backendKey = yield* io.take(KEY_BYTES); // step 4
    packetKey = exchange.computePacketKey(own.secretKey, backendKey);
    io.send(nonce); // step 5
    channel = new PacketChannel({
      cipher: createPlainCipher(packetKey, nonce),
      byteOrder: settings.byteOrder ?? "big",
      form: settings.form ?? "compact",
      buffer: io.buffer,
    });
    yield* readUpgrade(io, channel);
    const agreement = settings.handshake === "plain"
      ? NO_VERSION
      : yield* exchangeVersions(io, channel, settings);
    if (agreement.sealed && settings.spawnSecret !== undefined) {
      const { spawnSecret } = settings;
      const coreKey = own.publicKey;
      const input: Sealed1Input = { packetKey, spawnSecret, id, nonce, coreKey, backendKey };
      const { coreToBackend, backendToCore } = createSealed1Ciphers(input);
      channel.useCiphers({ sending: coreToBackend, receiving: backendToCore });
    }
    yield* confirm(io, channel);
    through = true;
    return { channel, agreement };
  } finally {
    wipe(own.secretKey);
    if (packetKey !== undefined) wipe(packetKey);
    if (!through) channel?.wipe();
  }
}

/** Steps 7 and 8. */
function* readUpgrade(io: HandshakeIo, channel: PacketChannel): Generator<void, void, void> {
  const place = "the nonce (step 5)";
  io.enter("upgrade");
  while (true) {
    const packet = yield* io.packet(channel);
    if (packet.kind === "response") throw unmatched(packet.req);
    if (packet.name !== "HandshakeUpgradeConnection") throw outOfPlace(packet.name, place);
    const answer = tryDecode(BACKEND_REQUESTS, packet);
    io.send(channel.sendResponse(packet.id, RESPONSES.write(answer.error ?? { type: "Success" })));
    if (answer.error === undefined) return;
  }
}

/** Step 9. */
function* exchangeVersions(
  io: HandshakeIo,
  channel: PacketChannel,
  settings: CoreSettings,
): Generator<void, Agreement, void> {
  const step = "ApiVersion (step 9)";
  const sealed = settings.spawnSecret !== undefined;
  const own = makeApiVersion(settings, ownFeatures(settings, sealed, BACKEND_FEATURES));
  const { id, frame } = channel.sendRequest(CORE_REQUESTS.write(own));
  io.send(frame);
  io.enter("version");
  const answer = expectResponse(yield* io.packet(channel), id, step);
  switch (answer.type) {
    case "ApiVersion":
      checkAnswer(own, answer, sealed);
      return agreeOn(own, answer, answer.features);
    case "Error":
      if (answer.code === "unknown_request" && !sealed) return NO_VERSION;
      throw rejected(step, answer);
    default:
      throw unsuitable(step, answer.type);
  }
}

/** What the backend says of itself must fit what the core offered and demands. */
function checkAnswer(own: ApiVersion, answer: ApiVersion, sealed: boolean): void {
  if (answer.major !== own.major) {
    const [ours, theirs] = [own, answer].map(({ major, minor }) => `${major}.${minor}`);
    throw new TribaFault(
      "version",
      `Cannot talk to ${quote(answer.agent)}: it speaks API ${theirs}, this core ${ours}`,
    );
  }
  const surplus = answer.features.find((feature) => !own.features.includes(feature));
  if (surplus !== undefined) {
    throw new TribaFault("policy", `Cannot use feature ${quote(surplus)}: it was not offered`);
  }
  if (sealed && !answer.features.includes(SEALED_1)) {
    throw new TribaFault(
      "policy",
      `Cannot go on: the backend lacks "${SEALED_1}", set seal = "off"`,
    );
  }
}

/** Steps 10 and 11. */
function* confirm(io: HandshakeIo, channel: PacketChannel): Generator<void, void, void> {
  const { id, frame } = channel.sendRequest(CORE_REQUESTS.write({ type: "HandshakeSuccess" }));
  io.send(frame);
  io.enter("confirm");
  expectSuccess(yield* io.packet(channel), id, "HandshakeSuccess (step 10)");
  channel.open();
  io.enter("open");
}

/**
 * Checks what a program configures for a backend.
 *
 * @throws {RangeError} for settings that exclude each other.
 */
export function checkSettings(settings: CoreSettings): void {
  checkIntroduction(settings);
  if (settings.spawnSecret === undefined) return;
  if (settings.spawnSecret.length !== SPAWN_SECRET_BYTES) {
    throw new RangeError(`Cannot use a spawn secret of ${settings.spawnSecret.length} bytes`);
  }
  if (settings.handshake === "plain") {
    throw new RangeError('Cannot require sealing with handshake = "plain": step 9 agrees on it');
  }
}
