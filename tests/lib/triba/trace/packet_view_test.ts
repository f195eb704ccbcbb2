// Packets as people read them.

import { encode } from "@msgpack/msgpack";
import { assertEquals } from "@std/assert";
import { decodeHex } from "@std/encoding/hex";
import {
  BACKEND_REQUESTS,
  CORE_REQUESTS,
  encodeRequest,
  encodeResponse,
  RESPONSES,
} from "../../../../lib/triba/mod.ts";
import { type Side, viewPlaintext } from "../../../../lib/triba/trace/mod.ts";

function bodyOf(plaintext: Uint8Array, from: Side = "core"): unknown {
  const { packet, ...rest } = viewPlaintext(plaintext, from);
  return packet !== undefined && "view" in rest
    ? { ...rest.view.body, ...(rest.view.wrong === undefined ? {} : { wrong: true }) }
    : "no packet";
}

Deno.test("viewPlaintext: bodies in the house form, secrets masked", () => {
  const login = { type: "Login", account: "ann", secret: "pw" } as const;
  assertEquals(bodyOf(encodeRequest(1, CORE_REQUESTS.write(login))), { ...login, secret: "***" });
  const answer = { type: "LoginAnswer", answers: ["123", "456"] } as const;
  assertEquals(bodyOf(encodeRequest(1, CORE_REQUESTS.write(answer))), {
    ...answer,
    answers: ["***", "***"],
  });
  for (const [kind, text] of [["qr", "***"], ["url", "***"], ["wait", "x"], ["fields", "x"]]) {
    const step = { type: "LoginStep", kind: kind as string, text: "x", fields: ["f"] } as const;
    assertEquals(bodyOf(encodeResponse(1, 2, RESPONSES.write(step)), "backend"), {
      ...step,
      text,
    });
  }
  const status = { type: "Status", status: { type: "Offline", reason: "r" } } as const;
  assertEquals(bodyOf(encodeRequest(1, BACKEND_REQUESTS.write(status)), "backend"), status);
});

Deno.test("viewPlaintext: what is not known is shown as it is, unless it may hold a login", () => {
  const cases: readonly (readonly [unknown, unknown])[] = [
    ["Fancy", { type: "Fancy" }],
    [{ Fancy: [1, -2, 1.5, null, true, "x"] }, { argument: [1, -2, 1.5, null, true, "x"] }],
    [{ Fancy: { a: { b: 1 } } }, { argument: { a: { b: 1 } } }],
    [{ Fancy: new Uint8Array([1, 255]) }, { argument: { binary: "01ff" } }],
    [{ Fancy: 2n ** 60n }, { argument: 2n ** 60n }],
    [{ Login: ["ann"] }, { type: "Login", argument: "***" }],
    [{ LoginWithToken: "pw" }, { type: "LoginWithToken", argument: "***" }],
    [{ OAuthToken: "pw" }, { type: "OAuthToken", argument: "***" }],
    [{ JoinRoom: 3 }, { type: "JoinRoom", argument: 3 }],
  ];
  for (const [body, expected] of cases) {
    const bytes = encode([4, body], { useBigInt64: true });
    assertEquals(bodyOf(bytes), { type: "Fancy", wrong: true, ...expected as object });
  }
  // A map with keys that are no texts, and an extension.
  assertEquals(bodyOf(decodeHex("9204" + "81a546616e6379" + "81" + "01" + "c7010502")), {
    type: "Fancy",
    wrong: true,
    argument: { pairs: [[1, { extension: 5, data: "02" }]] },
  });
});

Deno.test("viewPlaintext: a request of the other side is not known on this one", () => {
  const ping = encodeRequest(1, "ListRooms");
  assertEquals(bodyOf(ping, "core"), { type: "ListRooms" });
  assertEquals(bodyOf(ping, "backend"), { type: "ListRooms", wrong: true });
});

Deno.test("viewPlaintext: what is no packet says so", () => {
  for (const hex of ["", "c1", "90", "9101", "920001ff"]) {
    assertEquals(bodyOf(decodeHex(hex)), "no packet");
  }
});
