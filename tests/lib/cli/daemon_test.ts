import { assertEquals } from "@std/assert";
import { aborted, announceReady, writeLogLine } from "../../../lib/cli/mod.ts";
import { createLogger } from "../../../lib/log/mod.ts";
import { CapturedStream } from "../../support/console.ts";
import { settle } from "../../support/time.ts";

const LISTENERS = [
  { protocol: "bob", host: "127.0.0.1", port: 9000 },
  { protocol: "croc", host: "::", port: 9009 },
  { protocol: "coffer", path: "/run/coffer/socket" },
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
    "listening on unix:/run/coffer/socket (coffer)",
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
      { protocol: "coffer", transport: "unix", path: "/run/coffer/socket" },
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

Deno.test("writeLogLine writes a whole line, a few bytes at a time if need be", () => {
  const err = new CapturedStream(false);
  withStandardError(err, () => writeLogLine("listening on [::]:9000 (caf\u00e9)"));
  assertEquals(err.text, "listening on [::]:9000 (caf\u00e9)\n");
});

Deno.test("writeLogLine goes on when nobody can be told", () => {
  let tries = 0;
  const broken = {
    writeSync: () => {
      tries++;
      throw new Deno.errors.BrokenPipe("Broken pipe (os error 32)");
    },
  };
  withStandardError(broken, () => {
    writeLogLine("first");
    writeLogLine("second");
  });
  assertEquals(tries, 2);
});

/** Puts another stream in the place of standard error. */
function withStandardError(stream: Pick<typeof Deno.stderr, "writeSync">, run: () => void): void {
  const own = Deno.stderr;
  const replace = (value: unknown) => Object.defineProperty(Deno, "stderr", { value });
  replace(stream);
  try {
    run();
  } finally {
    replace(own);
  }
}
