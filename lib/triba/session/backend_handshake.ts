/**
 * The backend's side of the handshake, steps 1 to 11 (section 4). Accepts a core that leaves the
 * version exchange out, unless the spawn demands sealing.
 *
 * @module
 */

import { BACKEND_REQUESTS } from "../bodies/backend.ts";
import { CORE_REQUESTS } from "../bodies/core.ts";
import { type ApiVersion, HANDSHAKE_REQUESTS } from "../bodies/handshake.ts";
import { type Response, RESPONSES } from "../bodies/response.ts";
import type { PacketChannel } from "../channel/channel.ts";
import { API_MAJOR, ID_BYTES, KEY_BYTES, NONCE_BYTES, SEALED_1 } from "../constants.ts";
import { TribaFault } from "../fault.ts";
import { expectSuccess, outOfPlace, tryDecode, unmatched } from "./handshake.ts";
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
import type { RequestPacket } from "../channel/packet.ts";
import { quote } from "../quote.ts";
import { createSealed1Ciphers } from "../channel/sealed1.ts";

/** How a backend talks to its core. */
export interface BackendSettings extends Settings {
  /** The id from argv[1], 16 bytes. */
  readonly id: Uint8Array;
}

/** What the backend's handshake needs. */
export interface BackendHandshakeOptions {
  /** How to talk to the core. */
  readonly settings: BackendSettings;
  /** Returns that many random bytes; asked for 32 for the key. */
  readonly random: (length: number) => Uint8Array;
  /** The key exchange, if not the one of this library. */
  readonly exchange?: KeyExchange | undefined;
}

/** The ciphers of sealed-1, made when both sides have agreed on it. */
type MakeCiphers = () => ReturnType<typeof createSealed1Ciphers>;

/** The steps of the backend; begins in state `core-key`. */
export function* runBackendHandshake(io: HandshakeIo, options: BackendHandshakeOptions): Steps {
  const { settings } = options;
  const { id, spawnSecret } = settings;
  checkSettings(settings);
  if (id.length !== ID_BYTES) throw new RangeError(`Cannot use an id of ${id.length} bytes`);
  const exchange = options.exchange ?? KEY_EXCHANGE;
  const { secretKey, publicKey: backendKey } = exchange.makeKeyPair(options.random);
  io.keep(secretKey);
  io.send(id); // step 1
  const coreKey = yield* io.take(KEY_BYTES); // step 3
  const packetKey = io.keep(exchange.computePacketKey(secretKey, coreKey));
  io.send(backendKey); // step 4
  io.enter("nonce");
  const nonce = yield* io.take(NONCE_BYTES); // step 5
  const channel = io.createChannel(settings, packetKey, nonce);
  yield* upgrade(io, channel);
  const makeCiphers: MakeCiphers | undefined = spawnSecret &&
    (() => createSealed1Ciphers({ packetKey, spawnSecret, id, nonce, coreKey, backendKey }));
  const agreement = yield* awaitSuccess(io, channel, settings, makeCiphers);
  return { channel, agreement };
}

/** Steps 7 and 8. */
function* upgrade(io: HandshakeIo, channel: PacketChannel): Generator<void, void, void> {
  const body = BACKEND_REQUESTS.write({ type: "HandshakeUpgradeConnection" });
  const { id, frame } = channel.sendRequest(body);
  io.send(frame);
  io.enter("upgrade");
  const packet = yield* io.packet(channel);
  channel.form = packet.form;
  expectSuccess(packet, id, "HandshakeUpgradeConnection (step 7)");
}

/** Steps 9 to 11. */
function* awaitSuccess(
  io: HandshakeIo,
  channel: PacketChannel,
  settings: BackendSettings,
  makeCiphers: MakeCiphers | undefined,
): Generator<void, Agreement, void> {
  const respond = (request: RequestPacket, response: Response) =>
    io.send(channel.sendResponse(request.id, RESPONSES.write(response)));
  let agreement: Agreement | undefined;
  io.enter("version-or-success");
  while (true) {
    const packet = yield* io.packet(channel);
    if (packet.kind === "response") throw unmatched(packet.req);
    if (!CORE_REQUESTS.has(packet.name) && !BACKEND_REQUESTS.has(packet.name)) {
      respond(packet, unknownRequest(packet.name));
      continue;
    }
    if (!HANDSHAKE_REQUESTS.has(packet.name) || !CORE_REQUESTS.has(packet.name)) {
      throw outOfPlace(packet.name, "the upgrade (step 8)");
    }
    const { body, error } = tryDecode(CORE_REQUESTS, packet);
    if (error !== undefined) {
      respond(packet, error);
    } else if (body?.type === "ApiVersion") {
      if (agreement !== undefined) throw outOfPlace(packet.name, "ApiVersion (step 9)");
      const answer = answerVersion(settings, body);
      respond(packet, answer);
      agreement = agreeOn(answer, body, answer.features);
      if (agreement.sealed && makeCiphers !== undefined) {
        const { coreToBackend, backendToCore } = makeCiphers();
        channel.useCiphers({ sending: backendToCore, receiving: coreToBackend });
      }
    } else {
      const agreed = checkAgreement(agreement, makeCiphers !== undefined);
      channel.open();
      respond(packet, { type: "Success" });
      io.enter("open");
      return agreed;
    }
  }
}

/**
 * What the backend says of itself: of its own features those that the core allows.
 *
 * @throws {TribaFault} `policy` if sealing is demanded and not offered.
 */
function answerVersion(settings: Settings, asked: ApiVersion): ApiVersion {
  if (settings.spawnSecret !== undefined && !asked.features.includes(SEALED_1)) {
    throw new TribaFault("policy", `Cannot go on: the core does not offer "${SEALED_1}"`);
  }
  const features = ownFeatures(settings, []).filter((name) => asked.features.includes(name));
  return makeApiVersion(settings, features);
}

/** The core may open the session only on terms that the spawn allows. */
function checkAgreement(agreement: Agreement | undefined, sealed: boolean): Agreement {
  if (sealed && agreement === undefined) {
    throw new TribaFault("policy", "Cannot go on: sealing is demanded, the core skips step 9");
  }
  if (agreement !== undefined && agreement.major !== API_MAJOR) {
    throw new TribaFault(
      "version",
      `Cannot talk to ${
        quote(agreement.agent ?? "")
      }: it speaks API ${agreement.major}, this backend ${API_MAJOR}`,
    );
  }
  return agreement ?? NO_VERSION;
}

function unknownRequest(name: string): Response {
  return { type: "Error", code: "unknown_request", message: `Unknown request ${quote(name)}` };
}
