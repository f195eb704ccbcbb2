/**
 * The backend's side of the handshake, steps 1 to 11 (section 4). Accepts a core that leaves the
 * version exchange out, unless the spawn demands sealing.
 *
 * @module
 */

import { wipe } from "../bytes/mod.ts";
import { BACKEND_REQUESTS } from "./bodies_backend.ts";
import { CORE_REQUESTS } from "./bodies_core.ts";
import { type ApiVersion, HANDSHAKE_REQUESTS } from "./bodies_handshake.ts";
import { type Response, RESPONSES } from "./bodies_response.ts";
import { PacketChannel } from "./channel.ts";
import {
  API_MAJOR,
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
  expectSuccess,
  type HandshakeIo,
  type Introduction,
  makeApiVersion,
  NO_VERSION,
  outOfPlace,
  ownFeatures,
  type Steps,
  tryDecode,
  unmatched,
} from "./handshake.ts";
import { KEY_EXCHANGE, type KeyExchange } from "./keys.ts";
import type { PacketForm, RequestPacket } from "./packet.ts";
import { quote } from "./quote.ts";
import { createPlainCipher } from "./seal.ts";
import { createSealed1Ciphers } from "./sealed1.ts";

/** How a backend talks to its core. */
export interface BackendSettings extends Introduction {
  /** The id from argv[1], 16 bytes. */
  readonly id: Uint8Array;
  /** The secret from standard input, 32 bytes; sealed-1 is required exactly when it is there. */
  readonly spawnSecret?: Uint8Array | undefined;
  /** Order of the size's bytes; `big` unless given. */
  readonly byteOrder?: ByteOrder | undefined;
  /** How the first packet is written, all others as the core writes; `compact` unless given. */
  readonly form?: PacketForm | undefined;
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
  checkIntroduction(settings);
  checkSizes(settings);
  const exchange = options.exchange ?? KEY_EXCHANGE;
  const own = exchange.makeKeyPair(options.random);
  let packetKey: Uint8Array | undefined;
  let channel: PacketChannel | undefined;
  let through = false;
  try {
    io.send(id); // step 1
    const coreKey = yield* io.take(KEY_BYTES); // step 3
    const shared = packetKey = exchange.computePacketKey(own.secretKey, coreKey);
    io.send(own.publicKey); // step 4
    io.enter("nonce");
    const nonce = yield* io.take(NONCE_BYTES); // step 5
    channel = new PacketChannel({
      cipher: createPlainCipher(packetKey, nonce),
      byteOrder: settings.byteOrder ?? "big",
      form: settings.form ?? "compact",
      buffer: io.buffer,
    });
    yield* upgrade(io, channel);
    const makeCiphers: MakeCiphers | undefined = spawnSecret && (() =>
      createSealed1Ciphers({
        packetKey: shared,
        spawnSecret,
        id,
        nonce,
        coreKey,
        backendKey: own.publicKey,
      }));
    const agreement = yield* awaitSuccess(io, channel, settings, makeCiphers);
    through = true;
    return { channel, agreement };
  } finally {
    wipe(own.secretKey);
    if (packetKey !== undefined) wipe(packetKey);
    if (!through) channel?.wipe();
  }
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
      const answer = answerVersion(settings, body, makeCiphers !== undefined);
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
function answerVersion(settings: BackendSettings, asked: ApiVersion, sealed: boolean): ApiVersion {
  if (sealed && !asked.features.includes(SEALED_1)) {
    throw new TribaFault("policy", `Cannot go on: the core does not offer "${SEALED_1}"`);
  }
  const features = ownFeatures(settings, sealed, []).filter((name) =>
    asked.features.includes(name)
  );
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

function checkSizes(settings: BackendSettings): void {
  if (settings.id.length !== ID_BYTES) {
    throw new RangeError(`Cannot use an id of ${settings.id.length} bytes`);
  }
  const { spawnSecret } = settings;
  if (spawnSecret !== undefined && spawnSecret.length !== SPAWN_SECRET_BYTES) {
    throw new RangeError(`Cannot use a spawn secret of ${spawnSecret.length} bytes`);
  }
}
