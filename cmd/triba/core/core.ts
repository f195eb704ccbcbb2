/**
 * `triba core`: reads the configuration and runs what it says.
 *
 * @module
 */

import {
  aborted,
  announceReady,
  Console,
  dropPermissions,
  EXIT,
  type Interrupts,
  listenForReload,
  listenForSignals,
  type OptionValues,
  writeLogLine,
} from "../../../lib/cli/mod.ts";
import { createLogger, type Logger } from "../../../lib/log/mod.ts";
import { NetFault } from "../../../lib/net/mod.ts";
import type { CoreConfig } from "../../../lib/triba/config/mod.ts";
import { HUB_PROTOCOL, serveInterface } from "../../../lib/triba/hub/mod.ts";
import type { CORE } from "../args/core.ts";
import { findBuiltins, ownOrigin } from "./builtins.ts";
import { loadConfig, toExitFault } from "./load.ts";
import { findConfig, findState } from "./places.ts";
import { Service } from "./service.ts";
import { StandardStreams } from "./standard_streams.ts";
import { TerminalSession } from "./terminal/session.ts";
import { Terminal } from "./terminal/terminal.ts";
import type { TraceFiles } from "./trace_files.ts";

/** Options of `triba core`. */
export type CoreOptions = OptionValues<typeof CORE.options>;

/** Runs until SIGINT or SIGTERM, or until the user leaves. */
export async function core(options: CoreOptions): Promise<number> {
  const environment = Deno.env.toObject();
  const path = await findConfig(options.config, environment);
  try {
    const builtins = findBuiltins(ownOrigin(), environment);
    const credentials = environment["CREDENTIALS_DIRECTORY"];
    const load = () => loadConfig(path, { builtins, credentials });
    const config = await load();
    if (options.check) return check(config, options);
    return await run(config, options, { path, load, environment });
  } catch (error) {
    throw toExitFault(error, path);
  }
}

function check({ backends, bridges }: CoreConfig, { json }: CoreOptions): number {
  const console = new Console({ quiet: false, json });
  const facts = { backends: backends.length, bridges: bridges.length };
  console.result(`ok backends=${facts.backends} bridges=${facts.bridges}`, {
    result: "ok",
    ...facts,
  });
  return EXIT.done;
}

interface Surroundings {
  readonly path: string;
  readonly load: () => Promise<CoreConfig>;
  readonly environment: Readonly<Record<string, string>>;
}

async function run(
  config: CoreConfig,
  options: CoreOptions,
  surroundings: Surroundings,
): Promise<number> {
  using interrupts = listenForSignals(["SIGINT", "SIGTERM"]);
  const state = findState(options.state, surroundings.environment);
  using terminal = hasUser(options) ? new Terminal() : undefined;
  const log = makeLog(options, terminal);
  using traces = await openTraces(options.trace, log);
  const trace = traces?.trace;
  const service = await Service.start(config, { ...surroundings, state, log, trace });
  using _reload = listenForReload(() => service.reload());
  try {
    if (options.listen !== undefined) await service.listen(options.listen, options.maxInterfaces);
    const user = attachUser(options, service, log, terminal);
    await service.begin();
    if (terminal === undefined || options.listen !== undefined) announce(options, log);
    await service.tellReady();
    dropPermissions("env", "sys");
    await ended(interrupts, user);
  } finally {
    await service.close();
  }
  log.info("stopped");
  return EXIT.done;
}

/** Only who asked for traces loads what writes them. */
async function openTraces(
  folder: string | undefined,
  log: Logger,
): Promise<TraceFiles | undefined> {
  if (folder === undefined) return undefined;
  return await (await import("./trace_files.ts")).TraceFiles.open(folder, log);
}

function hasUser({ json }: CoreOptions): boolean {
  return !json && Deno.stdin.isTerminal() && Deno.stdout.isTerminal();
}

/** On a terminal the log goes where the rest does, or it would write over the line being typed. */
function makeLog(options: CoreOptions, terminal: Terminal | undefined): Logger {
  const write = terminal !== undefined && Deno.stderr.isTerminal()
    ? (line: string) => terminal.print(line)
    : writeLogLine;
  return createLogger({ format: options.log, level: options.logLevel, write });
}

function announce({ listen, log: format }: CoreOptions, log: Logger): void {
  const listeners = listen === undefined ? [] : [{ protocol: HUB_PROTOCOL, path: listen }];
  announceReady(log, format, listeners);
}

/** Whoever uses the standard streams; resolves when they leave. */
function attachUser(
  options: CoreOptions,
  { hub, shared }: Service,
  log: Logger,
  terminal: Terminal | undefined,
): Promise<void> | undefined {
  if (options.json) {
    return serveInterface(new StandardStreams(), hub, { subscribed: true }).catch((error) => {
      if (!(error instanceof NetFault)) throw error;
      log.warn(error.message);
    });
  }
  if (terminal === undefined) return undefined;
  const session = new TerminalSession({
    hub,
    screen: terminal,
    clock: () => Date.now(),
    makeTxn: () => crypto.randomUUID(),
  });
  shared.subscribe((notice) => session.take(notice));
  terminal.print("Type /rooms, /join ROOM, or /help.");
  return terminal.run(() => session.prompt, (line) => session.execute(line));
}

async function ended(interrupts: Interrupts, user: Promise<void> | undefined): Promise<void> {
  const ends = [aborted(interrupts.signal)];
  if (user !== undefined) ends.push(user);
  await Promise.race(ends);
}
