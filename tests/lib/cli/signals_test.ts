import { assertEquals } from "@std/assert";
import { Interrupted } from "../../../lib/cli/mod.ts";
import { linesOf, spawnScript } from "../../support/child.ts";

/** Sends each signal once the line before it was said; returns all lines and how it ended. */
async function send(
  mode: string,
  signals: readonly Deno.Signal[],
): Promise<{ readonly lines: string[]; readonly code: number; readonly signal: string | null }> {
  const child = spawnScript("wait_for_signal.ts", { args: [mode] });
  const lines: string[] = [];
  const left = [...signals];
  for await (const line of linesOf(child.stdout)) {
    lines.push(line);
    const signal = left.shift();
    if (signal !== undefined) child.kill(signal);
  }
  const { code, signal } = await child.status;
  assertEquals(await new Response(child.stderr).text(), "");
  return { lines, code, signal };
}

Deno.test("Interrupted has the exit status of its signal", () => {
  const statuses = (["SIGHUP", "SIGINT", "SIGTERM"] as const).map((s) => new Interrupted(s).status);
  assertEquals(statuses, [129, 130, 143]);
  assertEquals(String(new Interrupted("SIGTERM")), "Interrupted: Ended by SIGTERM");
});

Deno.test("listenForSignals aborts with the signal that came and lets the program end", async () => {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    const ended = await send("end", [signal]);
    assertEquals(ended.lines, ["ready", `Interrupted: Ended by ${signal}`]);
    assertEquals([ended.code, ended.signal], [0, null]);
  }
});

Deno.test("listenForSignals ends a program that does not end by the second signal", async () => {
  const cases = [
    ["SIGINT", "SIGINT", 130],
    ["SIGTERM", "SIGTERM", 143],
    ["SIGINT", "SIGTERM", 143],
  ] as const;
  for (const [first, second, status] of cases) {
    const ended = await send("stubborn", [first, second]);
    assertEquals(ended.lines, ["ready", `Interrupted: Ended by ${first}`]);
    assertEquals([ended.code, ended.signal], [status, null]);
  }
});

Deno.test("listenForSignals that was disposed of leaves signals to the system", async () => {
  const ended = await send("disposed", ["SIGTERM"]);
  assertEquals([ended.lines, ended.signal], [["ready"], "SIGTERM"]);
});

Deno.test("listenForReload calls back at every SIGHUP and does not end the program", async () => {
  const ended = await send("reload", ["SIGHUP", "SIGHUP", "SIGTERM"]);
  assertEquals(ended.lines, ["ready", "reload", "reload", "Interrupted: Ended by SIGTERM"]);
  assertEquals(ended.code, 0);
});
