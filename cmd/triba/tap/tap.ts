/**
 * `triba tap`: a core starts it in place of a backend; it starts the backend, passes on what they say
 * to each other, and shows it.
 *
 * @module
 */

import { equalConstantTime } from "../../../lib/bytes/mod.ts";
import { ExitFault, listenForSignals, type OptionValues } from "../../../lib/cli/mod.ts";
import { FileFault, statLink } from "../../../lib/files/mod.ts";
import { type ByteStream, NetFault, Outbox, OUTBOX_LIMIT_BYTES } from "../../../lib/net/mod.ts";
import { CommandFault } from "../../../lib/process/mod.ts";
import {
  connectSocket,
  findSocketAddress,
  ownArguments,
  readSpawnSecret,
} from "../../../lib/triba/backend/mod.ts";
import { type CoreSocket, openCoreSocket } from "../../../lib/triba/core/socket.ts";
import {
  EXIT_CODES,
  exitCodeOf,
  formatIdArgument,
  formatSpawnLine,
  ID_BYTES,
  makeId,
  SPAWN_SECRET_BYTES,
  TribaFault,
} from "../../../lib/triba/mod.ts";
import { type Side, TapMachine, type TapStep } from "../../../lib/triba/trace/mod.ts";
import type { TAP } from "../args/tap.ts";
import { parseTappedCommand, type TappedCommand } from "./command_line.ts";
import { TapOutput } from "./tap_output.ts";
import { TappedProcess } from "./tapped_process.ts";

const READ_BUFFER_BYTES = 64 * 1024;

/** Options of `triba tap`. */
export type TapOptions = OptionValues<typeof TAP.options>;

/** Runs until the backend has ended; the exit code is the backend's. */
export async function tap(options: TapOptions, operands: readonly string[]): Promise<number> {
  try {
    const command = parseTappedCommand(operands);
    using output = await TapOutput.open(options.output, options.json);
    return await runTap(options, command, output);
  } catch (error) {
    throw toExitFault(error);
  }
}

const random = (length: number) => crypto.getRandomValues(new Uint8Array(length));

async function runTap(
  { byteOrder }: TapOptions,
  { command, before, id: coreId, after }: TappedCommand,
  output: TapOutput,
): Promise<number> {
  using interrupts = listenForSignals(["SIGTERM", "SIGINT"]);
  const environment = (name: string) => Deno.env.get(name);
  const address = await findSocketAddress({
    environment,
    argument: after[0],
    uid: () => Deno.uid(),
    look: statLink,
  });
  const coreSecret = await readSpawnSecret(
    environment("TRIBA_SEAL"),
    (into) => Deno.stdin.read(into),
  );
  const backendSecret = coreSecret && random(SPAWN_SECRET_BYTES);
  const backendId = makeId(random);
  const socket = await openCoreSocket({ runtimeFolder: environment("XDG_RUNTIME_DIR") });
  try {
    const process = new TappedProcess({
      command,
      args: [...before, formatIdArgument(backendId), ...ownArguments(after, environment)],
      environment: { TRIBA_SOCKET: socket.path },
      input: backendSecret && formatSpawnLine(backendSecret),
    });
    interrupts.signal.addEventListener("abort", () => process.passOn("SIGTERM"));
    const connection = await acceptBackend(socket, backendId, process);
    socket.close();
    const machine = new TapMachine({
      core: { id: coreId, spawnSecret: coreSecret },
      backend: { id: backendId, spawnSecret: backendSecret },
      byteOrder: byteOrder === "auto" ? undefined : byteOrder,
      random,
    });
    const fault = connection && await passOn(connection, address, coreId, machine, output);
    process.mustExit();
    return describeEnd(await process.ended, fault, output);
  } finally {
    socket.close();
  }
}

/** The first connection that shows the id; undefined if the backend exits without. */
async function acceptBackend(
  socket: CoreSocket,
  id: Uint8Array,
  process: TappedProcess,
): Promise<ByteStream | undefined> {
  const found = Promise.withResolvers<ByteStream | undefined>();
  process.ended.then(() => found.resolve(undefined));
  let isFound = false;
  socket.listener.serve(async ({ stream }) => {
    if (!await showsId(stream, id) || isFound) return stream.close();
    isFound = true;
    found.resolve(stream);
  }, () => {});
  return await found.promise;
}

async function showsId(stream: ByteStream, id: Uint8Array): Promise<boolean> {
  const shown = new Uint8Array(ID_BYTES);
  try {
    for (let length = 0; length < shown.length;) {
      const count = await stream.read(shown.subarray(length));
      if (count === null) return false;
      length += count;
    }
  } catch (error) {
    if (!(error instanceof NetFault)) throw error;
    return false;
  }
  return equalConstantTime(shown, id);
}

/** Both connections, until one of them ends; the fault if nothing more can be passed on. */
async function passOn(
  backend: ByteStream,
  address: string,
  coreId: Uint8Array,
  machine: TapMachine,
  output: TapOutput,
): Promise<Error | undefined> {
  let core: ByteStream;
  try {
    core = await connectSocket(address);
  } catch (error) {
    backend.close();
    if (error instanceof NetFault) return error;
    throw error;
  }
  const line = new TapLine(core, backend, machine, output);
  return await line.run(coreId);
}

/** The two connections of a tap. */
class TapLine {
  readonly #streams: Readonly<Record<Side, ByteStream>>;
  readonly #outboxes: Readonly<Record<Side, Outbox>>;
  readonly #machine: TapMachine;
  readonly #output: TapOutput;
  #fault: TribaFault | undefined;
  #isOver = false;

  constructor(core: ByteStream, backend: ByteStream, machine: TapMachine, output: TapOutput) {
    this.#streams = { core, backend };
    this.#outboxes = {
      core: new Outbox(core, OUTBOX_LIMIT_BYTES),
      backend: new Outbox(backend, OUTBOX_LIMIT_BYTES),
    };
    this.#machine = machine;
    this.#output = output;
  }

  async run(coreId: Uint8Array): Promise<TribaFault | undefined> {
    this.#outboxes.core.push(coreId);
    await Promise.all([this.#read("core"), this.#read("backend")]);
    return this.#fault;
  }

  async #read(from: Side): Promise<void> {
    const buffer = new Uint8Array(READ_BUFFER_BYTES);
    try {
      while (true) {
        const count = await this.#streams[from].read(buffer);
        if (count === null) break;
        if (!this.#apply(this.#machine.receive(from, buffer.subarray(0, count)))) break;
      }
    } catch (error) {
      if (!(error instanceof NetFault)) throw error; // a reset is as the end of the stream
    }
    if (!this.#isOver) this.#output.note(`${from} ended its stream`);
    await this.#end();
  }

  /** Whether it goes on. */
  #apply(step: TapStep): boolean {
    for (const event of step.events) this.#output.show(event);
    const all = [["core", step.toCore], ["backend", step.toBackend]] as const;
    const written = all.every(([to, parts]) =>
      parts.every((bytes) => this.#outboxes[to].push(bytes))
    );
    this.#fault ??= step.fault;
    return written && step.fault === undefined;
  }

  /** The end of one side is the end of the other, once it has got all that was said. */
  async #end(): Promise<void> {
    this.#isOver = true;
    for (const side of ["core", "backend"] as const) {
      try {
        await this.#outboxes[side].flush();
      } catch (error) {
        if (!(error instanceof NetFault)) throw error; // it is gone
      }
      this.#streams[side].close();
    }
  }
}

function describeEnd(
  status: Deno.CommandStatus,
  fault: Error | undefined,
  output: TapOutput,
): number {
  const { code, signal } = status;
  output.note(
    signal === null ? `backend exited with ${code}` : `backend exited with signal ${signal}`,
  );
  if (fault !== undefined) throw fault;
  return code; // 128 + its number for a signal
}

/** The exit codes of a backend, as the core takes it for one. */
function toExitFault(error: unknown): unknown {
  if (error instanceof ExitFault) return error;
  const cause = { cause: error };
  if (error instanceof TribaFault) {
    return new ExitFault(exitCodeOf(error), error.message, undefined, cause);
  }
  if (error instanceof NetFault) {
    return new ExitFault(EXIT_CODES.unavailable, error.message, undefined, cause);
  }
  if (error instanceof FileFault) {
    return new ExitFault(EXIT_CODES.configuration, error.message, undefined, cause);
  }
  if (error instanceof CommandFault) {
    const code = error.code === "missing" ? 127 : 126;
    return new ExitFault(code, error.message, "Check the command behind triba tap --", cause);
  }
  return error;
}
