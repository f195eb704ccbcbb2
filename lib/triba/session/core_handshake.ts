/**
 * The core's side of the handshake, steps 1 to 11 (section 4). A peer with an unknown id gets no
 * byte.
 *
 * @module
 */

import { BACKEND_REQUESTS } from "../bodies/backend.ts";
import { CORE_REQUESTS } from "../bodies/core.ts";
import type { ApiVersion } from "../bodies/handshake.ts";
import { RESPONSES } from "../bodies/response.ts";
import type { PacketChannel } from "../channel/channel.ts";
import { BACKEND_FEATURES, ID_BYTES, KEY_BYTES, NONCE_BYTES, SEALED_1 } from "../constants.ts";
import { TribaFault } from "../fault.ts";
import {
  expectResponse,
  expectSuccess,
  outOfPlace,
  rejected,
  tryDecode,
  unmatched,
  unsuitable,
} from "./handshake.ts";
import type { HandshakeIo, Steps } from "./handshake_io.ts";
import {
  type Agreement,
  agreeOn,
  checkSettings,
  makeApiVersion,
  NO_VERSION,
  ownFeatures,
  type Settings,
} from "./settings.ts";
import { KEY_EXCHANGE, type KeyExchange } from "../channel/keys.ts";
import { quote } from "../quote.ts";
import { createSealed1Ciphers, type Sealed1Input } from "../channel/sealed1.ts";

/** How the core talks to one backend. */
export interface CoreSettings extends Settings {
  /** `plain` leaves step 9 out, for a backend that closes on it; `versioned` unless given. */
  readonly handshake?: "versioned" | "plain" | undefined;
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
  checkCoreSettings(settings);
  const exchange = options.exchange ?? KEY_EXCHANGE;
  const { secretKey, publicKey: coreKey } = exchange.makeKeyPair(options.random);
  io.keep(secretKey);
  io.send(coreKey); // step 3
  io.enter("key");
  const backendKey = yield* io.take(KEY_BYTES); // step 4
  const packetKey = io.keep(exchange.computePacketKey(secretKey, backendKey));
  const nonce = Uint8Array.from(options.random(NONCE_BYTES));
  io.send(nonce); // step 5
  const channel = io.createChannel(settings, packetKey, nonce);
  yield* readUpgrade(io, channel);
  const agreement = settings.handshake === "plain"
    ? NO_VERSION
    : yield* exchangeVersions(io, channel, settings);
  const { spawnSecret } = settings;
  if (agreement.sealed && spawnSecret !== undefined) {
    const input: Sealed1Input = { packetKey, spawnSecret, id, nonce, coreKey, backendKey };
    const { coreToBackend, backendToCore } = createSealed1Ciphers(input);
    channel.useCiphers({ sending: coreToBackend, receiving: backendToCore });
  }
  yield* confirm(io, channel);
  return { channel, agreement };
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
  const own = makeApiVersion(settings, ownFeatures(settings, BACKEND_FEATURES));
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
 * @throws {RangeError} for what the document does not allow, or what excludes each other.
 */
export function checkCoreSettings(settings: CoreSettings): void {
  checkSettings(settings);
  if (settings.spawnSecret !== undefined && settings.handshake === "plain") {
    throw new RangeError('Cannot require sealing with handshake = "plain": step 9 agrees on it');
  }
}
