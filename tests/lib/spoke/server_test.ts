import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { encodeHex } from "@std/encoding/hex";
import { createServer, nameFault, SpokeFault, startClient } from "../../../lib/spoke/mod.ts";
import { hashPassword } from "../../../lib/spoke/password.ts";
import {
  faultVectors,
  given,
  type Handshake,
  handshakes,
  hex,
  identities,
  sample,
  serverOf,
} from "./support.ts";

const TOTO = new TextEncoder().encode("toto");

/** A server's answer in a recorded exchange. */
function answerOf(vector: Handshake) {
  return serverOf(vector).receiveX(hex(vector.X), ...identities(vector));
}

Deno.test("createServer, receiveX, receiveValidator: each handshake", async (test) => {
  for (const vector of handshakes) {
    await test.step(vector.name, () => {
      const server = serverOf(vector);
      assertEquals(encodeHex(server.publicValue), vector.public);
      const { Y, firstValidator, pending } = server.receiveX(
        hex(vector.X),
        ...identities(vector),
      );
      assertEquals(encodeHex(Y), vector.Y);
      assertEquals(encodeHex(firstValidator), vector.first_validator);
      const keys = pending.receiveValidator(hex(vector.second_validator));
      assertEquals(encodeHex(keys.clientKey), vector.key_client);
      assertEquals(encodeHex(keys.serverKey), vector.key_server);
    });
  }
});

Deno.test("receiveX: each vector of a hostile X ends as recorded", async (test) => {
  const vectors = faultVectors.filter((vector) => vector.X && vector.secret && !vector.Y);
  assertEquals(vectors.length, 3);
  for (const vector of vectors) {
    await test.step(vector.name, () => {
      const salt = hex(vector.secret).subarray(18, 34);
      const M = hashPassword(TOTO, salt, 16).M.toBytes();
      assertEquals(M, hex(vector.secret).slice(34, 66), "the vector's password is another one");
      const server = createServer({ password: TOTO, salt, randomBytes: given(hex(sample.y)) });
      const fault = assertThrows(
        () => server.receiveX(hex(vector.X), ...identities(sample)),
        SpokeFault,
        vector.result,
      );
      assertEquals(nameFault(fault.code), vector.result);
    });
  }
});

Deno.test("receiveX: a refused X spends no randomness and leaves the server usable", () => {
  const server = serverOf(sample);
  assertThrows(() => server.receiveX(hex(sample.M), ...identities(sample)), SpokeFault);
  const { Y } = server.receiveX(hex(sample.X), ...identities(sample));
  assertEquals(encodeHex(Y), sample.Y);
});

const changed = faultVectors.filter((vector) => vector.validator);

Deno.test("receiveValidator: each vector of a wrong second validator", async (test) => {
  assertEquals(changed.length, 1);
  for (const vector of changed) {
    await test.step(vector.name, () => {
      const { pending } = answerOf(sample);
      const validator = hex(sample.second_validator);
      validator[63] = (validator[63] as number) ^ 1;
      const fault = assertThrows(
        () => pending.receiveValidator(validator),
        SpokeFault,
        vector.result,
      );
      assertEquals(nameFault(fault.code), vector.result);
    });
  }
});

Deno.test("receiveValidator: one changed bit anywhere is refused", () => {
  const server = createServer({
    password: TOTO,
    randomBytes: (length) => new Uint8Array(length).fill(0x40),
  });
  for (let bit = 0; bit < 512; bit += 37) {
    const client = startClient({
      password: TOTO,
      publicValue: server.publicValue,
      randomBytes: given(hex(sample.x)),
    });
    const answer = server.receiveX(client.X, ...identities(sample));
    const { secondValidator } = client.receiveY(
      answer.Y,
      answer.firstValidator,
      ...identities(sample),
    );
    secondValidator[bit >> 3] = (secondValidator[bit >> 3] as number) ^ (1 << (bit & 7));
    const fault = assertThrows(() => answer.pending.receiveValidator(secondValidator), SpokeFault);
    assertEquals(fault.code, "invalid-server-validator");
  }
});

Deno.test("receiveValidator: a client's first validator sent back is refused", () => {
  const { firstValidator, pending } = answerOf(sample);
  assertThrows(() => pending.receiveValidator(firstValidator), SpokeFault);
});

Deno.test("receiveValidator: is usable once, after failure as after success", () => {
  const right = hex(sample.second_validator);
  const failed = answerOf(sample).pending;
  assertThrows(() => failed.receiveValidator(new Uint8Array(64)), SpokeFault);
  assertThrows(() => failed.receiveValidator(right), Error, "the exchange is over");
  const done = answerOf(sample).pending;
  const keys = done.receiveValidator(right);
  assertThrows(() => done.receiveValidator(right), Error, "the exchange is over");
  done.forget();
  assertEquals(encodeHex(keys.clientKey), sample.key_client);
});

Deno.test("PendingServer.forget: ends the exchange, twice as well as once", () => {
  const { pending } = answerOf(sample);
  pending.forget();
  pending.forget();
  assertThrows(
    () => pending.receiveValidator(hex(sample.second_validator)),
    Error,
    "the exchange is over",
  );
});

Deno.test("SpokeServer: serves several clients at once, each with keys of its own", () => {
  const random = [hex(sample.salt), hex(sample.y), hex(sample.x), hex(sample.Z)];
  const server = createServer({ password: TOTO, randomBytes: given(...random) });
  const clients = [sample.x, sample.y].map((x) =>
    startClient({ password: TOTO, publicValue: server.publicValue, randomBytes: given(hex(x)) })
  );
  const answers = clients.map((client) => server.receiveX(client.X, ...identities(sample)));
  const sent = clients.map((client, at) => {
    const answer = answers[at];
    assert(answer !== undefined);
    return client.receiveY(answer.Y, answer.firstValidator, ...identities(sample));
  });
  const received = answers.map((answer, at) => {
    const mine = sent[at];
    assert(mine !== undefined);
    return answer.pending.receiveValidator(mine.secondValidator);
  });
  assertEquals(received, sent.map(({ keys }) => keys));
  assertNotEquals(received[0], received[1]);
});

Deno.test("bob-relay 10.12: the salt comes from the generator handed in, before any scalar", () => {
  const lengths: number[] = [];
  const randomBytes = (length: number) => {
    lengths.push(length);
    return new Uint8Array(length).fill(0x48);
  };
  const server = createServer({ password: TOTO, randomBytes });
  server.receiveX(hex(sample.X), ...identities(sample));
  assertEquals(lengths, [16, 32]);
  assertEquals(server.publicValue.subarray(18), new Uint8Array(16).fill(0x48));
});

Deno.test("createServer: announces the values of every known program by default", () => {
  const server = createServer({ password: TOTO, randomBytes: (length) => new Uint8Array(length) });
  assertEquals(
    encodeHex(server.publicValue),
    "000100020000000000000010000000020004" + "00".repeat(16),
  );
});

Deno.test("createServer: keeps neither password nor salt of the caller", () => {
  const [password, salt] = [hex(sample.password_hex), hex(sample.salt)];
  const server = createServer({ password, salt, randomBytes: given(hex(sample.y)) });
  password.fill(0);
  salt.fill(0);
  const { Y, firstValidator } = server.receiveX(hex(sample.X), ...identities(sample));
  assertEquals([encodeHex(Y), encodeHex(firstValidator)], [sample.Y, sample.first_validator]);
});

Deno.test("createServer: refuses arguments of another type or length", () => {
  const options = { password: TOTO, randomBytes: (length: number) => new Uint8Array(length) };
  const wrongType = "toto" as unknown as Uint8Array;
  assertThrows(() => createServer({ ...options, password: wrongType }), TypeError, "the password");
  assertThrows(() => createServer({ ...options, salt: TOTO }), RangeError, "the salt");
  assertThrows(() => createServer({ ...options, rounds: 0 }), RangeError, "the rounds");
  assertThrows(() => createServer({ ...options, rounds: 65537 }), RangeError, "the rounds");
  const short = () => new Uint8Array(3);
  assertThrows(() => createServer({ ...options, randomBytes: short }), RangeError, "random bytes");
});

Deno.test("receiveX, receiveValidator: refuse arguments of another length, or with a NUL", () => {
  const server = serverOf(sample);
  const [client, host] = identities(sample);
  const X = hex(sample.X);
  assertThrows(() => server.receiveX(X.subarray(1), client, host), RangeError, "Cannot use X");
  const nul = Uint8Array.of(49, 0);
  assertThrows(() => server.receiveX(X, nul, host), RangeError, "the client's identity");
  assertThrows(() => server.receiveX(X, client, nul), RangeError, "the server's identity");
  const { pending } = server.receiveX(X, client, host);
  assertThrows(() => pending.receiveValidator(X), RangeError, "64 bytes are needed, got 32");
  pending.receiveValidator(hex(sample.second_validator));
});
