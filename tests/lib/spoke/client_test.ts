import { assertEquals, assertThrows } from "@std/assert";
import { encodeHex } from "@std/encoding/hex";
import { ED25519_TORSION_SUBGROUP } from "@noble/curves/ed25519.js";
import { nameFault, type SpokeClient, SpokeFault, startClient } from "../../../lib/spoke/mod.ts";
import {
  cipher,
  faultVectors,
  given,
  type Handshake,
  handshakes,
  hex,
  identities,
  sample,
  serverOf,
} from "./support.ts";

function clientOf(vector: Handshake): SpokeClient {
  return startClient({
    password: hex(vector.password_hex),
    publicValue: hex(vector.public),
    randomBytes: given(hex(vector.x)),
  });
}

Deno.test("startClient, receiveY: each handshake", async (test) => {
  for (const vector of handshakes) {
    await test.step(vector.name, () => {
      const client = clientOf(vector);
      assertEquals(encodeHex(client.X), vector.X);
      const { secondValidator, keys } = client.receiveY(
        hex(vector.Y),
        hex(vector.first_validator),
        ...identities(vector),
      );
      assertEquals(encodeHex(secondValidator), vector.second_validator);
      assertEquals(encodeHex(keys.clientKey), vector.key_client);
      assertEquals(encodeHex(keys.serverKey), vector.key_server);
      assertEquals(
        [keys.cipher0, keys.cipher1],
        [cipher(vector.cipher0), cipher(vector.cipher1)],
      );
    });
  }
});

Deno.test("receiveY: each vector of a wrong password or identity ends as recorded", async (test) => {
  const vectors = faultVectors.filter((vector) => vector.Y);
  assertEquals(vectors.length, 2);
  for (const vector of vectors) {
    await test.step(vector.name, () => {
      const client = startClient({
        password: hex(vector.client_password_hex),
        publicValue: hex(vector.public),
        randomBytes: given(hex(vector.x)),
      });
      assertEquals(encodeHex(client.X), vector.X);
      const fault = assertThrows(
        () =>
          client.receiveY(
            hex(vector.Y),
            hex(vector.first_validator),
            hex(vector.client_identity_hex),
            hex(vector.server_identity_hex),
          ),
        SpokeFault,
        vector.result,
      );
      assertEquals(nameFault(fault.code), vector.result);
    });
  }
});

Deno.test("startClient: each vector of a mistaken public value ends as recorded", async (test) => {
  for (const vector of faultVectors.filter((vector) => vector.public && !vector.secret)) {
    await test.step(vector.name, () => {
      const start = () =>
        startClient({
          password: hex(sample.password_hex),
          publicValue: hex(vector.public),
          randomBytes: given(hex(sample.x)),
        });
      const expected = vector.ours ?? vector.result;
      if (expected === "ok") assertEquals(start().X.length, 32);
      else assertEquals(nameFault(assertThrows(start, SpokeFault).code), expected);
    });
  }
});

Deno.test("startClient: more rounds than the bound are refused before any is computed", () => {
  const publicValue = hex(sample.public);
  publicValue[4] = 0x80; // 2^63 rounds would take millions of years
  const fault = assertThrows(
    () =>
      startClient({
        password: hex(sample.password_hex),
        publicValue,
        maxRounds: 1024,
        randomBytes: given(),
      }),
    SpokeFault,
    "rounds, more than 1024",
  );
  assertEquals(fault.code, "invalid-public");
});

Deno.test("receiveY: refuses Y equal to N, of small order, with a torsion part, malformed", () => {
  const hostile = [
    ["Y equal to N", sample.N],
    ["no point", "02" + "00".repeat(31)],
    ["y = p + 3", "f0" + "ff".repeat(30) + "7f"],
    ...ED25519_TORSION_SUBGROUP.map((point) => [`small order ${point}`, point]),
  ] as const;
  for (const [name, Y] of hostile) {
    const fault = assertThrows(
      () => clientOf(sample).receiveY(hex(Y), hex(sample.first_validator), ...identities(sample)),
      SpokeFault,
      "Point is not on prime-order subgroup",
      name,
    );
    assertEquals(fault.code, "not-in-subgroup", name);
  }
});

Deno.test("receiveY: one changed bit of the validator is refused", () => {
  for (const bit of [0, 255, 511]) {
    const validator = hex(sample.first_validator);
    validator[bit >> 3] = (validator[bit >> 3] as number) ^ (1 << (bit & 7));
    const fault = assertThrows(
      () => clientOf(sample).receiveY(hex(sample.Y), validator, ...identities(sample)),
      SpokeFault,
      "Invalid client validator",
    );
    assertEquals(fault.code, "invalid-client-validator");
  }
});

Deno.test("receiveY: is usable once, after failure as after success", () => {
  const [Y, right] = [hex(sample.Y), hex(sample.first_validator)];
  const failed = clientOf(sample);
  assertThrows(() => failed.receiveY(hex(sample.N), right, ...identities(sample)), SpokeFault);
  assertThrows(() => failed.receiveY(Y, right, ...identities(sample)), Error, "exchange is over");
  const done = clientOf(sample);
  const { keys } = done.receiveY(Y, right, ...identities(sample));
  assertThrows(() => done.receiveY(Y, right, ...identities(sample)), Error, "exchange is over");
  assertEquals(encodeHex(keys.serverKey), sample.key_server);
});

Deno.test("SpokeClient.forget: ends the exchange, twice as well as once", () => {
  const client = clientOf(sample);
  client.forget();
  client.forget();
  assertThrows(
    () => client.receiveY(hex(sample.Y), hex(sample.first_validator), ...identities(sample)),
    Error,
    "the exchange is over",
  );
});

Deno.test("receiveY: arguments of another length do not spend the exchange", () => {
  const client = clientOf(sample);
  const [Y, validator] = [hex(sample.Y), hex(sample.first_validator)];
  const [own, host] = identities(sample);
  const call = (...args: Parameters<SpokeClient["receiveY"]>) => () => client.receiveY(...args);
  assertThrows(call(Y.subarray(1), validator, own, host), RangeError, "Cannot use Y");
  assertThrows(call(Y, Y, own, host), RangeError, "64 bytes are needed, got 32");
  assertThrows(call(Y, validator, Uint8Array.of(0), host), RangeError, "the client's identity");
  assertThrows(call(Y, validator, own, Uint8Array.of(0)), RangeError, "the server's identity");
  assertEquals(client.receiveY(Y, validator, own, host).keys.clientKey.length, 64);
});

Deno.test("startClient: refuses arguments of another type", () => {
  const options = { password: new Uint8Array(), publicValue: hex(sample.public) };
  const text = "toto" as unknown as Uint8Array;
  const randomBytes = given(hex(sample.x));
  assertThrows(() => startClient({ ...options, password: text, randomBytes }), TypeError);
  assertThrows(() => startClient({ ...options, publicValue: text, randomBytes }), TypeError);
  const short = { ...options, randomBytes: () => new Uint8Array(4) };
  assertThrows(() => startClient(short), RangeError, "the random bytes");
});

Deno.test("bob-relay 10.12: a client draws one scalar from the generator handed in", () => {
  const lengths: number[] = [];
  const randomBytes = (length: number) => {
    lengths.push(length);
    return hex(sample.x);
  };
  const publicValue = hex(sample.public);
  const client = startClient({ password: hex(sample.password_hex), publicValue, randomBytes });
  assertEquals([lengths, encodeHex(client.X)], [[32], sample.X]);
});

Deno.test("startClient: a server with another password is found out by the client", () => {
  const server = serverOf(sample);
  const client = startClient({
    password: new TextEncoder().encode("toto\n"),
    publicValue: server.publicValue,
    randomBytes: given(hex(sample.x)),
  });
  const { Y, firstValidator } = server.receiveX(client.X, ...identities(sample));
  const fault = assertThrows(
    () => client.receiveY(Y, firstValidator, ...identities(sample)),
    SpokeFault,
  );
  assertEquals(fault.code, "invalid-client-validator");
});
