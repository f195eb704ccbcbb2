// For each defect of the original programs that the specification lists and that the library could
// share: a test that it does not. The numbers are those of the specification's sections.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { decodeHex, encodeHex } from "@std/encoding/hex";
import {
  CofferFault,
  compute,
  decodeKeyFile,
  encodeFrame,
  encodeKeyFile,
  formatId,
  formatValue,
  type Framing,
  FRAMINGS,
  loadDefinition,
  nameVariables,
  openReply,
  ReplyDesk,
  type Secrets,
  type ServerEvent,
  ServerMachine,
  toEnvironment,
} from "../../../lib/coffer/mod.ts";
import { x25519Node } from "../../../lib/coffer/keys/x25519_node.ts";
import { keyPair, random, readFrames, Run, utf8 } from "../../support/coffer.ts";

const [web, app, server] = [keyPair("web"), keyPair("app"), keyPair("server")];

function deskOf(toml: string): ReplyDesk {
  return new ReplyDesk(loadDefinition(utf8(toml)), {
    server,
    x25519: x25519Node,
    random,
    clock: () => 0,
  });
}

/** A connection that sent these bytes. */
function serve(desk: ReplyDesk, ...chunks: Uint8Array[]): Run<ServerEvent, ServerMachine> {
  return new Run<ServerEvent, ServerMachine>(new ServerMachine(desk)).receive(...chunks);
}

function fetchEntries(desk: ReplyDesk, framing: Framing = "wide"): Secrets {
  const { stream } = serve(
    desk,
    encodeFrame(framing, 0x00, web.publicKey),
    encodeFrame(framing, 0x02),
  );
  const sealed = readFrames(stream, framing).at(-1)?.body ?? new Uint8Array();
  return compute(openReply(sealed, { client: web }), x25519Node).secrets;
}

const SHARD = `[web]\nid = "${formatId(web.publicKey)}"\n`;

Deno.test("coffer 1.6: integers, floats, truth values and dates reach the environment", () => {
  const toml = `${SHARD}I = 5\nF = 1.0\nB = true\nD = 1979-05-27\n`;
  for (const framing of FRAMINGS) {
    const secrets = fetchEntries(deskOf(toml), framing);
    assertEquals(Object.fromEntries(toEnvironment(nameVariables(secrets, {}), false)), {
      I: "5",
      F: "1.0",
      B: "true",
      D: "1979-05-27",
    });
  }
});

Deno.test("coffer 1.7: no anomaly of one connection touches another", () => {
  const desk = deskOf(`${SHARD}A = "x"\n`);
  const { machine: waiting } = serve(desk, encodeFrame("wide", 0x00, web.publicKey));
  for (
    const bytes of [
      new Uint8Array(),
      Uint8Array.of(0),
      utf8("GET / HTTP/1.1\r\n\r\n"),
      decodeHex("16030100c8010000c40303"),
      decodeHex("7fffffffffffffff00"),
      decodeHex("ffffffffffffffffff"),
      new Uint8Array(100_000),
    ]
  ) {
    assertEquals(serve(desk, bytes).end().done, true);
  }
  const [frame] = waiting.receive(encodeFrame("wide", 0x02), 0).send;
  assert(frame !== undefined);
  const sealed = readFrames(frame)[0]?.body ?? new Uint8Array();
  assertEquals(compute(openReply(sealed, { client: web }), x25519Node).secrets.size, 1);
});

Deno.test("coffer 1.8: a narrow Hello is answered instead of allocating nine petabytes", () => {
  const { stream } = serve(deskOf(SHARD), encodeFrame("narrow", 0x00, web.publicKey));
  assertEquals(encodeHex(stream), "000001");
});

Deno.test("coffer 1.9: the seed's clients table and dates are loaded", () => {
  const toml = `[clients]\nweb = "${formatId(web.publicKey)}"\n[web]\nSINCE = 1979-05-27\n`;
  assertEquals(fetchEntries(deskOf(toml)).get("SINCE"), { type: "Date", value: "1979-05-27" });
});

Deno.test("coffer 2.1: a length is judged before memory is taken for it", () => {
  for (const length of ["0000000100000000", "000000ffffffffff"]) {
    const { stream } = serve(deskOf(SHARD), decodeHex(`${length}00`));
    assertEquals(new TextDecoder().decode(stream.subarray(9)), "bad key");
  }
});

Deno.test("coffer 4.1: an id in lower case is found", () => {
  const toml = SHARD.replace(formatId(web.publicKey), encodeHex(web.publicKey)) + 'A = "x"\n';
  assertEquals([...fetchEntries(deskOf(toml)).keys()], ["A"]);
});

Deno.test("coffer 4.1: a shard without entries is an empty list", () => {
  for (const framing of FRAMINGS) assertEquals(fetchEntries(deskOf(SHARD), framing).size, 0);
});

Deno.test("coffer 4.1: an idle connection and half a frame end by a deadline", () => {
  for (
    const bytes of [new Uint8Array(), encodeFrame("wide", 0x00, web.publicKey).subarray(0, 20)]
  ) {
    const { machine } = serve(deskOf(SHARD), bytes);
    assertEquals(machine.wakeAt, 10_000);
    machine.tick(10_000);
    const wakeAt = machine.wakeAt ?? 10_000;
    assert(wakeAt <= 11_000);
    machine.tick(wakeAt);
    assertEquals(machine.wakeAt, undefined);
  }
});

Deno.test("coffer 6: a key file whose halves do not belong together is refused", () => {
  const file = encodeKeyFile({ publicKey: app.publicKey, secretKey: web.secretKey });
  assertThrows(() => compute(decodeKeyFile(file), x25519Node), CofferFault, "belong together");
});

Deno.test("coffer 7.1: all errors of a definition are told, with their places", () => {
  const toml = `${SHARD}A = [1]\nB = { c = 1 }\n[x]\ny = 1\n`;
  const fault = assertThrows(() => loadDefinition(utf8(toml)), CofferFault);
  assertEquals(fault.problems.map(({ line }) => line), [3, 4, 6]);
});

Deno.test("coffer 7.3: integers are not cut to 32 bits nor floats rounded to them", () => {
  const literals = ["2147483648", "9223372036854775807", "0xDEADBEEF", "1e300", "1e-300", "0.1"];
  const toml = SHARD + literals.map((literal, index) => `K${index} = ${literal}\n`).join("");
  for (const framing of FRAMINGS) {
    assertEquals([...fetchEntries(deskOf(toml), framing).values()].map(formatValue), [
      "2147483648",
      "9223372036854775807",
      "3735928559",
      "1e300",
      "1e-300",
      "0.1",
    ]);
  }
});

Deno.test("coffer 9: entries come in the order of the definition", () => {
  const keys = Array.from({ length: 50 }, (_, index) => `K${(index * 37) % 50}`);
  const toml = SHARD + keys.map((key) => `${key} = "x"\n`).join("");
  assertEquals([...fetchEntries(deskOf(toml)).keys()], keys);
});

Deno.test("coffer 10.2: values keep the white space at their ends", () => {
  const secrets = fetchEntries(deskOf(`${SHARD}PEM = "line\\n"\nPAD = "  x  "\n`));
  const environment = toEnvironment(nameVariables(secrets, {}), false);
  assertEquals([...environment.values()], ["line\n", "  x  "]);
});

Deno.test("coffer 10.1: no event or fault of a whole session holds a secret", () => {
  const toml = `${SHARD}A = "canary"\n"B=C" = "canary\\u0000"\nLD_X = "canary"\n`;
  const desk = deskOf(toml);
  const told: unknown[] = [];
  for (const framing of FRAMINGS) {
    const hello = encodeFrame(framing, 0x00, web.publicKey);
    for (
      const last of [
        encodeFrame(framing, 0x02),
        encodeFrame(framing, 0x02, utf8("canary")),
        encodeFrame(framing, 0x42, utf8("canary")),
        encodeFrame(framing, 0x02, utf8("canary".repeat(1000))),
      ]
    ) told.push(...serve(desk, hello, last).events);
  }
  const secrets = fetchEntries(desk);
  for (const key of secrets.keys()) {
    try {
      told.push([...toEnvironment(nameVariables(secrets, { only: [key] }), false).keys()]);
    } catch (error) {
      told.push(error);
    }
  }
  assert(told.length > 8);
  for (const one of told) {
    const text = Deno.inspect(one, { depth: 10, strAbbreviateSize: 10_000 });
    assert(!text.includes("canary"), text);
    assert(!text.includes(encodeHex(web.secretKey)), text);
  }
});

Deno.test("coffer 10.1: no part of the server shows a secret when it is printed", () => {
  const desk = deskOf(`${SHARD}A = "canary"\n`);
  fetchEntries(desk);
  const { machine } = serve(desk, encodeFrame("wide", 0x00, web.publicKey));
  for (const part of [desk, machine]) {
    assert(!Deno.inspect(part, { depth: 20 }).includes("canary"));
    assert(!JSON.stringify(part).includes("canary"));
  }
});
