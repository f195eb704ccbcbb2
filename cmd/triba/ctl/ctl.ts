/**
 * `triba ctl`: one question to a running core.
 *
 * @module
 */

import { Console, EXIT, ExitFault, type OptionValues } from "../../../lib/cli/mod.ts";
import { connectEndpoint, NetFault } from "../../../lib/net/mod.ts";
import { HubClient, HubFault } from "../../../lib/triba/hub/mod.ts";
import { CallFault } from "../../../lib/triba/call_fault.ts";
import { defaultControlSocket } from "../args/control_socket.ts";
import type { CTL } from "../args/ctl.ts";
import { describeLog, describeReport } from "./describe.ts";

/** Options of `triba ctl`. */
export type CtlOptions = OptionValues<typeof CTL.options>;

/** A restart waits for the old run to end: twice the time that it has for that. */
const PATIENCE_MS = 30_000;
const ACTIONS = ["status", "restart", "stop", "logs"] as const;
type Action = (typeof ACTIONS)[number];

/** Asks and prints the answer. */
export async function ctl(options: CtlOptions, operands: readonly string[]): Promise<number> {
  const [word, name] = operands;
  const action = ACTIONS.find((known) => known === word);
  if (action === undefined) {
    throw usage(`Unknown action "${word}"`, `Actions are ${ACTIONS.join(", ")}`);
  }
  if (name === undefined && action !== "status") {
    throw usage("Missing argument: the name of a backend", `triba ctl ${action} NAME`);
  }
  const socket = options.socket ?? defaultControlSocket(Deno.env.get("XDG_RUNTIME_DIR"));
  if (socket === undefined) {
    throw usage(
      "Missing option --socket",
      "It is what --listen of the core says; or set TRIBA_CONTROL",
    );
  }
  try {
    return await ask(socket, action, name, options);
  } catch (error) {
    throw toExitFault(error);
  }
}

async function ask(
  socket: string,
  action: Action,
  name: string | undefined,
  options: CtlOptions,
): Promise<number> {
  const console = new Console({ quiet: false, json: options.json });
  const late = new NetFault(
    "timeout",
    `Cannot ask the core: no answer within ${PATIENCE_MS / 1000} s`,
  );
  const timer = Promise.withResolvers<never>();
  const timeout = setTimeout(() => timer.reject(late), PATIENCE_MS);
  try {
    const stream = await connectEndpoint({ path: socket }, PATIENCE_MS);
    using client = await Promise.race([HubClient.open(stream), timer.promise]);
    const running = client.run().catch(() => {}); // who asks learns of it
    await Promise.race([act(client, action, name, options, console), timer.promise]);
    client[Symbol.dispose]();
    await running;
  } finally {
    clearTimeout(timeout);
  }
  return EXIT.done;
}

async function act(
  client: HubClient,
  action: Action,
  name: string | undefined,
  { lines }: CtlOptions,
  console: Console,
): Promise<void> {
  const backend = name ?? "";
  if (action === "logs") {
    const result = await client.ask({ type: "logs", backend, lines });
    if (result.type !== "logs") return;
    for (const line of result.lines) console.result(describeLog(line), { backend, ...line });
    return;
  }
  if (action !== "status") await client.ask({ type: action, backend });
  const result = await client.ask({ type: "status", backend: name });
  if (result.type !== "status") return;
  for (const report of result.backends) console.result(describeReport(report), { ...report });
}

function usage(message: string, hint: string): ExitFault {
  return new ExitFault(EXIT.usage, message, hint);
}

function toExitFault(error: unknown): unknown {
  if (error instanceof CallFault) {
    return new ExitFault(EXIT.refused, `The core refused: ${error.message}`, undefined, {
      cause: error,
    });
  }
  if (error instanceof HubFault) {
    return new ExitFault(EXIT.refused, error.message, undefined, { cause: error });
  }
  if (error instanceof NetFault) {
    const hint = "Check the path, and that a core runs with --listen";
    return new ExitFault(EXIT.unreachable, error.message, hint, { cause: error });
  }
  return error;
}
