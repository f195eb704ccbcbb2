/**
 * `triba call`: a core for as long as it takes to get answers.
 *
 * @module
 */

import {
  Console,
  EXIT,
  ExitFault,
  listenForSignals,
  type OptionValues,
  parseCommand,
  VERSION,
} from "../../../lib/cli/mod.ts";
import { FileFault } from "../../../lib/files/mod.ts";
import { NetFault } from "../../../lib/net/mod.ts";
import { CommandFault, findCommand } from "../../../lib/process/mod.ts";
import { type BackendSpec, Core } from "../../../lib/triba/core/mod.ts";
import { readAccountSecret } from "../../../lib/triba/core/login.ts";
import { type Answer, CallFault, type CoreCall, RESTART_RULES } from "../../../lib/triba/mod.ts";
import { CALL } from "../args/call.ts";
import { assign, divide, readRequest } from "./words.ts";

const NAME = "called";

/** Options of `triba call`. */
export type CallOptions = OptionValues<typeof CALL.options>;

/** Reads the command line, where `--` divides requests and command. */
export async function call(args: readonly string[]): Promise<number> {
  const { front, command: behind } = divide(args);
  // What is in front may be options alone: the table's count of plain words is of all of them.
  const table = { ...CALL, operands: { ...CALL.operands, least: 0 } };
  const { options, operands } = parseCommand(table, front, (name) => Deno.env.get(name));
  const { requests, command } = assign(operands, behind);
  if ((options.account === undefined) !== (options.secretFile === undefined)) {
    throw new ExitFault(EXIT.usage, "--account needs --secret-file, and the other way round");
  }
  using interrupts = listenForSignals(["SIGINT", "SIGTERM"]);
  try {
    findCommand(command[0] as string, Deno.env.get("PATH")); // its fault has an exit status
    const read = await readAll(requests);
    return await run(options, command, read, interrupts.signal);
  } catch (error) {
    throw toExitFault(error, options);
  }
}

async function run(
  options: CallOptions,
  command: readonly string[],
  requests: readonly CoreCall[],
  interrupt: AbortSignal,
): Promise<number> {
  const late = AbortSignal.timeout(options.timeout);
  const signal = AbortSignal.any([interrupt, late]);
  const console = new Console({ quiet: options.quiet, json: true });
  const stateFolder = await Deno.makeTempDir({ prefix: "triba-call-" });
  const core = await openCore(options, stateFolder);
  try {
    const isReady = waitUntilReady(core, options, console, signal);
    isReady.catch(() => {}); // awaited below; it may reject before that
    await core.apply([makeSpec(options, command)]);
    await isReady;
    await logIn(core, options, signal);
    for (const request of requests) {
      const answer = await ask(core, request, signal);
      console.result("", { ...answer });
      if (answer.type === "Error") return statusOf(answer.code);
    }
    return EXIT.done;
  } finally {
    await core.close();
    await Deno.remove(stateFolder, { recursive: true });
  }
}

async function openCore(options: CallOptions, stateFolder: string): Promise<Core> {
  const environment = Deno.env.toObject();
  return await Core.open({
    agent: `triba-call/${VERSION}`,
    stateFolder,
    environment,
    socket: { runtimeFolder: environment["XDG_RUNTIME_DIR"] },
    timeouts: { requestMs: options.timeout },
    restartRules: { ...RESTART_RULES, failures: 1 }, // the first failure is the answer
  });
}

function makeSpec(options: CallOptions, command: readonly string[]): BackendSpec {
  const { seal, handshake, byteOrder, form, timeout } = options;
  return {
    name: NAME,
    command,
    arguments: [],
    environment: {},
    byteOrder,
    form,
    handshake,
    seal,
    firstId: 0,
    connectMs: timeout,
  };
}

/** Resolves when requests make sense; what the backend writes is shown meanwhile and later. */
async function waitUntilReady(
  core: Core,
  { online }: CallOptions,
  console: Console,
  signal: AbortSignal,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  core.subscribe((notice) => {
    if (notice.type === "log" && notice.pid !== undefined) console.note(notice.text);
    if (notice.type !== "backend") return;
    const { state, network, reason = "it ended" } = notice.status;
    if (state === "open" && (!online || network?.type === "Online")) resolve();
    if (state === "stopped" || state === "waiting") {
      reject(new ExitFault(EXIT.unreachable, `Cannot call the backend: ${reason}`));
    }
  });
  await promise;
}

async function logIn(core: Core, options: CallOptions, signal: AbortSignal): Promise<void> {
  const { account: name, secretFile } = options;
  if (name === undefined || secretFile === undefined) return;
  const { secret } = await readAccountSecret({ name, secretFile });
  const answer = await ask(core, { type: "Login", account: name, secret }, signal);
  if (answer.type === "LoginStep") {
    const message = `Cannot log in: the backend asks for more, ${answer.kind}`;
    throw new ExitFault(EXIT.refused, message, "Log in once by triba core, which can ask you");
  }
  if (answer.type === "Error") {
    throw new ExitFault(statusOf(answer.code), `Cannot log in: ${answer.code}, ${answer.message}`);
  }
}

type AnyAnswer = Answer | {
  readonly type: "Error";
  readonly code: CallFault["code"];
  readonly message: string;
};

async function ask(core: Core, request: CoreCall, signal: AbortSignal): Promise<AnyAnswer> {
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  if (signal.aborted) abort();
  try {
    return await Promise.race([core.request(NAME, request, signal), aborted.promise]);
  } catch (error) {
    if (!(error instanceof CallFault)) throw error;
    return { type: "Error", code: error.code, message: error.message };
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

function statusOf(code: CallFault["code"]): number {
  if (code === "unauthenticated") return EXIT.code;
  return code === "unavailable" || code === "timeout" ? EXIT.unreachable : EXIT.refused;
}

/** The requests of the command line, with those of standard input in place of `-`. */
async function readAll(words: readonly string[]): Promise<CoreCall[]> {
  const texts = await Promise.all(words.map(async (word) => {
    if (word !== "-") return [word];
    const input = await new Response(Deno.stdin.readable).text();
    return input.split("\n").filter((line) => line.trim() !== "");
  }));
  return texts.flat().map(readRequest);
}

function toExitFault(error: unknown, { timeout }: CallOptions): unknown {
  if (error instanceof CommandFault) {
    return new ExitFault(error.code === "missing" ? 127 : 126, error.message);
  }
  if (error instanceof FileFault) return new ExitFault(EXIT.file, error.message);
  if (error instanceof NetFault) return new ExitFault(EXIT.unreachable, error.message);
  if (error instanceof DOMException && error.name === "TimeoutError") {
    return new ExitFault(
      EXIT.unreachable,
      `No answer within ${timeout / 1000} s`,
      "Give it more time with --timeout",
    );
  }
  return error;
}
