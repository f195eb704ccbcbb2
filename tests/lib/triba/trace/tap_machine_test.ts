// The tap: both sides find each other through it as if it were not there.

import { assert, assertEquals } from "@std/assert";
import { concat } from "@std/bytes/concat";
import {
  computePacketKey,
  createPlainCipher,
  encodeFrame,
  encodeRequest,
  makeId,
  makeKeyPair,
} from "../../../../lib/triba/mod.ts";
import {
  formatTraceText,
  TapMachine,
  type TapOptions,
  type TapStep,
  type TraceEvent,
} from "../../../../lib/triba/trace/mod.ts";
import { allWays, converse, nameOf, Pair, random, type Way, type Wire } from "./support.ts";

/** A wire with a tap in it. */
class TappedWire implements Wire {
  readonly events: TraceEvent[] = [];
  fault: TapStep["fault"];
  readonly #tap: TapMachine;
  readonly #coreId: Uint8Array;
  #forCore: Uint8Array[] = [];
  #forBackend: Uint8Array[] = [];
  #idLeft = 16;

  constructor(options: TapOptions) {
    this.#tap = new TapMachine(options);
    this.#coreId = options.core.id;
  }

  fromCore(bytes: Uint8Array): void {
    this.#apply(this.#tap.receive("core", bytes));
  }

  /** The driver takes the backend's id and shows its own. */
  fromBackend(bytes: Uint8Array): void {
    const part = bytes.subarray(0, this.#idLeft);
    this.#idLeft -= part.length;
    if (part.length > 0 && this.#idLeft === 0) this.#forCore.push(this.#coreId);
    this.#apply(this.#tap.receive("backend", bytes.subarray(part.length)));
  }

  takeForCore(): Uint8Array {
    return concat(this.#forCore.splice(0));
  }

  takeForBackend(): Uint8Array {
    return concat(this.#forBackend.splice(0));
  }

  #apply(step: TapStep): void {
    this.#forCore.push(...step.toCore);
    this.#forBackend.push(...step.toBackend);
    this.events.push(...step.events);
    this.fault ??= step.fault;
  }
}

/** Core and backend with a tap between them; the secrets of the two connections differ. */
function tapped({ byteOrder, form, handshake, sealed }: Way, options: Partial<TapOptions> = {}) {
  const [coreSecret, backendSecret] = sealed ? [random(32), random(32)] : [];
  const id = makeId(random);
  const wire = new TappedWire({
    core: { id: makeId(random), spawnSecret: coreSecret },
    backend: { id, spawnSecret: backendSecret },
    random,
    ...options,
  });
  const features = ["edit", "typing"];
  const pair = new Pair(
    wire,
    { byteOrder, form, handshake, spawnSecret: coreSecret },
    { id, byteOrder, form, features, spawnSecret: backendSecret },
  );
  return { pair, wire };
}

Deno.test("TapMachine: core and backend talk through it in every way, in reads of any size", async (t) => {
  for (const way of allWays()) {
    for (const chunk of [1, 7, 65_536]) {
      await t.step(`${nameOf(way)}, ${chunk} bytes a read`, () => {
        const { pair, wire } = tapped(way);
        converse(pair, chunk);
        const open = pair.coreEvents.find((event) => event.type === "open");
        assert(open?.type === "open");
        assertEquals(open.agreement.sealed, way.sealed);
        assertEquals(open.agreement.agent, way.handshake === "plain" ? undefined : "backend/1");
        assertEquals(
          [...open.agreement.features].sort(),
          way.handshake === "plain" ? [] : [
            "edit",
            ...(way.sealed ? ["sealed-1"] : []),
            "typing",
          ],
        );
        assertEquals(wire.fault, undefined);
        if (way.handshake === "versioned") {
          assertEquals(pair.backendEvents.at(-1), { type: "end" });
        }
        const texts = wire.events.map((event) => formatTraceText(event, 0));
        assert(texts.some((text) => text.includes('"SendMessage"') && text.includes("h\u00e9llo")));
        assert(texts.some((text) => text.includes("keys of sealed-1")) === way.sealed);
        assert(!texts.some((text) => text.includes("s3cret") || text.includes("qr-text")));
        const packets = wire.events.filter((event) => event.type === "packet");
        assert(packets.every(({ view }) => view.form === way.form && view.wrong === undefined));
      });
    }
  }
});

Deno.test("TapMachine: sealed-1 that the core does not know of is refused by both", () => {
  const way = { byteOrder: "big", form: "compact", handshake: "versioned", sealed: true } as const;
  const { pair, wire } = tapped(way, { core: { id: makeId(random), spawnSecret: undefined } });
  pair.start();
  pair.run();
  assertEquals(wire.fault?.code, "policy");
});

/** A backend in the test's hands behind a tap, and what the tap would write to the core. */
function handBackend() {
  const tap = new TapMachine({
    core: { id: makeId(random), spawnSecret: undefined },
    backend: { id: makeId(random), spawnSecret: undefined },
    random,
  });
  const nonce = random(12);
  const [own, core] = [makeKeyPair(random), makeKeyPair(random)];
  const first = tap.receive("core", concat([core.publicKey, nonce]));
  const [tapKey, sentNonce] = first.toBackend;
  assert(tapKey !== undefined);
  assertEquals(sentNonce, nonce);
  tap.receive("backend", own.publicKey);
  const cipher = createPlainCipher(computePacketKey(own.secretKey, tapKey), nonce);
  const coreCipher = createPlainCipher(
    computePacketKey(core.secretKey, first.toCore[0] as Uint8Array),
    nonce,
  );
  return { tap, cipher, coreCipher };
}

Deno.test("TapMachine: what is no packet is shown and passed on, for the core to judge", () => {
  const { tap, cipher, coreCipher } = handBackend();
  for (
    const plaintext of [Uint8Array.of(0xc1), encodeRequest(7, "Nonsense"), Uint8Array.of(0x90)]
  ) {
    const step = tap.receive("backend", encodeFrame(cipher.seal(plaintext, 0)));
    assertEquals(step.fault, undefined);
    assertEquals(coreCipher.open((step.toCore[0] as Uint8Array).subarray(4), 0), plaintext);
    assertEquals(step.events.length, 1);
  }
});

Deno.test("TapMachine: what cannot be opened ends both connections, and nothing follows", () => {
  const { tap, cipher } = handBackend();
  const frame = encodeFrame(cipher.seal(encodeRequest(0, "Ping"), 0));
  frame[20] = (frame[20] as number) ^ 1;
  const step = tap.receive("backend", frame);
  assertEquals([step.fault?.code, step.toCore], ["cipher", []]);
  assertEquals(tap.receive("backend", encodeFrame(cipher.seal(encodeRequest(0, "Ping"), 0))), {
    toCore: [],
    toBackend: [],
    events: [],
    fault: step.fault,
  });
});

Deno.test("TapMachine: a key of low order ends it", () => {
  const tap = new TapMachine({
    core: { id: makeId(random), spawnSecret: undefined },
    backend: { id: makeId(random), spawnSecret: undefined },
    random,
  });
  assertEquals(tap.receive("core", new Uint8Array(32)).fault?.code, "low-order");
});
