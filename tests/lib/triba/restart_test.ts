import { assert, assertEquals } from "@std/assert";
import { RESTART_RULES, RestartPolicy } from "../../../lib/triba/mod.ts";

/** Jitter in the middle: the delays are those of the document. */
const EVEN = () => 0.5;

function delay(policy: RestartPolicy, now: number): number | string {
  const decision = policy.ended({ exitCode: 1 }, now);
  return decision.type === "restart" ? decision.delayMs : decision.reason;
}

Deno.test("RestartPolicy: 1 s, doubled up to 60 s", () => {
  const policy = new RestartPolicy(EVEN);
  const delays = Array.from({ length: 8 }, (_, i) => delay(policy, i * 400_000));
  assertEquals(delays, [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
});

Deno.test("RestartPolicy: 20 % up and down", () => {
  assertEquals(delay(new RestartPolicy(() => 0), 0), 800);
  const most = delay(new RestartPolicy(() => 1 - Number.EPSILON), 0);
  assertEquals(most, 1200);
});

Deno.test("RestartPolicy: back to 1 s after 60 s open, not before, not without", () => {
  const policy = new RestartPolicy(EVEN);
  delay(policy, 0);
  policy.opened(400_000);
  assertEquals(delay(policy, 459_999), 2000);
  policy.opened(900_000);
  assertEquals(delay(policy, 960_000), 1000);
  assertEquals(delay(policy, 1_400_000), 2000, "the next run did not open");
});

Deno.test("RestartPolicy: five failures in five minutes end it, older ones do not count", () => {
  const policy = new RestartPolicy(EVEN);
  for (let i = 0; i < 4; i++) assert(typeof delay(policy, i * 1000) === "number");
  assertEquals(delay(policy, 4000), "it failed 5 times within 300 s");
  policy.reset();
  assertEquals(delay(policy, 5000), 1000, "a user starts it again");
  const slow = new RestartPolicy(EVEN);
  for (let i = 0; i < 20; i++) assert(typeof delay(slow, i * 75_000) === "number");
  const quick = new RestartPolicy(EVEN);
  const reasons = Array.from({ length: 5 }, (_, i) => delay(quick, i * 74_999));
  assertEquals(typeof reasons[4], "string");
});

Deno.test("RestartPolicy: no restart where it would change nothing", () => {
  const stops = [
    { exitCode: 0, requested: true },
    { requested: true },
    { exitCode: 64 },
    { exitCode: 76 },
    { exitCode: 77 },
    { exitCode: 78 },
    { exitCode: 1, versionDiffers: true },
  ];
  for (const end of stops) {
    const decision = new RestartPolicy(EVEN).ended(end, 0);
    assertEquals(decision.type, "stop", JSON.stringify(end));
  }
});

Deno.test("RestartPolicy: restarts crashes, exit 0 included, and 77 if the core let the id expire", () => {
  for (const end of [{ exitCode: 0 }, { exitCode: 69 }, { exitCode: 1 }, {}]) {
    assertEquals(new RestartPolicy(EVEN).ended(end, 0).type, "restart", JSON.stringify(end));
  }
  const policy = new RestartPolicy(EVEN);
  const expired = { exitCode: 77, idExpired: true };
  for (let i = 0; i < 4; i++) assertEquals(policy.ended(expired, i).type, "restart");
  assertEquals(policy.ended(expired, 4).type, "stop", "it counts as a failure");
});

Deno.test("RestartPolicy: the rules can be shrunk for tests", () => {
  const rules = { ...RESTART_RULES, firstDelayMs: 10, mostDelayMs: 15, failures: 2 };
  const policy = new RestartPolicy(EVEN, rules);
  assertEquals([delay(policy, 0), typeof delay(policy, 1)], [10, "string"]);
});
