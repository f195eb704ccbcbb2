import { assertEquals } from "@std/assert";
import { aborted, announceReady } from "../../../lib/cli/mod.ts";
import { createLogger } from "../../../lib/log/mod.ts";
import { settle } from "../../support/time.ts";

const LISTENERS = [
  { protocol: "bob", host: "127.0.0.1", port: 9000 },
  { protocol: "croc", host: "::", port: 9009 },
];

function announce(format: "text" | "json"): string[] {
  const lines: string[] = [];
  const write = (line: string) => lines.push(line);
  const clock = () => new Date(0);
  announceReady(createLogger({ format, level: "info", write, clock }), format, LISTENERS);
  return lines;
}

Deno.test("announceReady says where a daemon listens, then that it is ready", () => {
  assertEquals(announce("text"), [
    "listening on 127.0.0.1:9000 (bob)",
    "listening on [::]:9009 (croc)",
    "ready",
  ]);
});

Deno.test("announceReady says all of it in one object with --log json", () => {
  const lines = announce("json");
  assertEquals(lines.map((line) => JSON.parse(line)), [{
    time: "1970-01-01T00:00:00.000Z",
    level: "info",
    event: "ready",
    listeners: [
      { protocol: "bob", transport: "tcp", host: "127.0.0.1", port: 9000 },
      { protocol: "croc", transport: "tcp", host: "::", port: 9009 },
    ],
  }]);
});

Deno.test("aborted resolves when the signal is aborted, or was before", async () => {
  await aborted(AbortSignal.abort());
  const controller = new AbortController();
  let resolved = false;
  const waiting = aborted(controller.signal).then(() => resolved = true);
  await settle();
  assertEquals(resolved, false);
  controller.abort();
  await waiting;
});
