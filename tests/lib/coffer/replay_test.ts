import { assertEquals } from "@std/assert";
import { MAX_NONCES, ReplayWindow } from "../../../lib/coffer/mod.ts";
import { keyPair } from "../../support/coffer.ts";

const NOW = 1_600_000_000;
const [web, app] = [keyPair("web").publicKey, keyPair("app").publicKey];
const nonce = (number: number) => new Uint8Array(24).fill(number);

Deno.test("ReplayWindow accepts a nonce once per client", () => {
  const window = new ReplayWindow();
  assertEquals(window.accept(web, nonce(1), NOW, NOW), true);
  assertEquals(window.accept(web, nonce(1), NOW, NOW), false);
  assertEquals(window.accept(web, nonce(2), NOW, NOW), true);
  assertEquals(window.accept(app, nonce(1), NOW, NOW), true, "nobody uses up another one's nonce");
  assertEquals(window.size, 3);
});

Deno.test("ReplayWindow: 300 s on either side of the clock", () => {
  const window = new ReplayWindow();
  const times: [number, boolean][] = [
    [NOW - 301, false],
    [NOW - 300, true],
    [NOW + 300, true],
    [NOW + 301, false],
    [NaN, false],
    [Infinity, false],
    [2 ** 64, false],
  ];
  times.forEach(([time, expected], index) => {
    assertEquals(window.accept(web, nonce(index), time, NOW), expected, String(time));
  });
});

Deno.test("ReplayWindow remembers a nonce for as long as its request would be accepted", () => {
  const window = new ReplayWindow();
  assertEquals(window.accept(web, nonce(1), NOW + 300, NOW), true);
  for (let now = NOW; now <= NOW + 600; now += 50) {
    assertEquals(window.accept(web, nonce(1), NOW + 300, now), false, `after ${now - NOW} s`);
  }
  assertEquals(window.size, 1);
});

Deno.test("ReplayWindow forgets what would be refused anyway", () => {
  const window = new ReplayWindow();
  for (let index = 0; index < 200; index++) {
    window.accept(web, nonce(index), NOW + index, NOW + index);
  }
  assertEquals(window.size, 200);
  window.accept(web, nonce(250), NOW + 700, NOW + 700);
  assertEquals(window.size, 1);
});

Deno.test("ReplayWindow refuses when it is full, and has room again later", () => {
  const window = new ReplayWindow(2);
  assertEquals(window.accept(web, nonce(1), NOW, NOW), true);
  assertEquals(window.accept(web, nonce(2), NOW, NOW), true);
  assertEquals(window.accept(web, nonce(3), NOW, NOW), false);
  assertEquals(window.accept(web, nonce(3), NOW + 400, NOW + 400), true);
  assertEquals(MAX_NONCES, 1_000_000);
});
