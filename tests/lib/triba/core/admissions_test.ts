import { assertEquals } from "@std/assert";
import { Admissions, MAX_STRANGERS } from "../../../../lib/triba/core/admissions.ts";
import { BackendRun, type RunHost } from "../../../../lib/triba/core/run.ts";
import { SILENT } from "../../../../lib/log/mod.ts";
import { Driver } from "../../../../lib/net/mod.ts";
import { BackendMachine, type BackendMachineEvent } from "../../../../lib/triba/mod.ts";
import { memoryStreamPair } from "../../../support/memory_stream.ts";
import { FakeTime } from "../../../support/time.ts";
import { within } from "../../../support/within.ts";
import { specOf } from "./support.ts";

const random = (length: number) => crypto.getRandomValues(new Uint8Array(length));

/** A run whose process is this test. */
function makeRun(admissions: Admissions): BackendRun {
  const host: RunHost = {
    agent: "core/1",
    socket: "/nowhere",
    stateFolder: "/nowhere",
    inherited: {},
    random,
    expect: () => () => {},
    watch: () => () => {},
    wrote: () => {},
    changed: () => {},
    opened: () => admissions.opened(run),
    requested: () => {},
    logged: () => {},
  };
  const run: BackendRun = new BackendRun(specOf("good", { seal: "off" }), host);
  return run;
}

Deno.test("Admissions lets more backends in at once than there may be strangers", async () => {
  using time = new FakeTime();
  const admissions = new Admissions({ log: SILENT, random });
  const count = 3 * MAX_STRANGERS;
  const opened: Promise<void>[] = [];
  const over: Promise<void>[] = [];
  const runs: BackendRun[] = [];
  for (let i = 0; i < count; i++) {
    const id = random(16);
    const run = makeRun(admissions);
    runs.push(run);
    admissions.expect(id, run, Infinity);
    const [stream, core] = memoryStreamPair();
    admissions.accept(core);
    const isOpen = Promise.withResolvers<void>();
    const machine = new BackendMachine({ settings: { id, agent: "backend/1" }, random });
    const onEvent = (event: BackendMachineEvent) => {
      if (event.type === "open") isOpen.resolve();
      if (event.type === "shutdown") driver.apply(machine.stop());
    };
    const driver: Driver<BackendMachineEvent> = new Driver(stream, machine, { onEvent });
    over.push(driver.run());
    opened.push(isOpen.promise);
  }
  await within(Promise.all(opened), "all to open");
  for (const run of runs) run.stop();
  await within(Promise.all(over), "all to end");
  await admissions.close();
  await time.advance(10_000); // processes would be killed by now, if there were any
  assertEquals(runs.map(({ state }) => state), runs.map(() => "closed"));
});
