/**
 * Fetches the secrets and hands them on: to a command, to files, to standard output.
 *
 * @module
 */

import { EXIT, ExitFault } from "../../lib/cli/exit.ts";
import { listenForSignals } from "../../lib/cli/signals.ts";
import { findCommand } from "../../lib/process/find_command.ts";
import type { ClientOptions } from "./args.ts";
import { Client } from "./client.ts";
import { type Delivery, prepareDelivery, renderDelivery, writeFiles } from "./delivery.ts";
import { toExitFault } from "./faults.ts";
import { Inherited } from "./inherited.ts";
import { become, commandLine, type PreparedCommand } from "./command.ts";

/** Runs until the secrets are handed on, or the command has ended. */
export async function fetch(options: ClientOptions, words: readonly string[]): Promise<number> {
  refuseNonsense(options, words);
  const inherited = new Inherited();
  try {
    const [name] = words;
    // Before anything is fetched: a PATH among the secrets must not choose the command.
    const path = name === undefined ? undefined : findCommand(name, Deno.env.get("PATH"));
    const command = path === undefined ? undefined : { path, words, options, inherited };
    return await handOn(await Client.open(options), options, command, inherited);
  } catch (error) {
    throw toExitFault(error);
  }
}

async function handOn(
  client: Client,
  options: ClientOptions,
  command: PreparedCommand | undefined,
  inherited: Inherited,
): Promise<number> {
  dropPermissions(options, command);
  const stays = options.supervise || options.watch !== undefined;
  let delivery: Delivery;
  {
    using interrupts = listenForSignals(inherited.listenable(["SIGINT", "SIGTERM", "SIGHUP"]));
    inherited.keepIgnored();
    delivery = prepareDelivery(await client.fetch(interrupts.signal), options);
    const text = options.format && renderDelivery(delivery, options.format);
    const line = command && commandLine(command, delivery);
    await writeFiles(delivery.files);
    interrupts.signal.throwIfAborted();
    if (text !== undefined) return print(text);
    if (command === undefined || line === undefined) return EXIT.done;
    const { libc } = inherited;
    if (libc && !stays) throw await become(libc, line, inherited, interrupts.signal);
  }
  const { supervise } = await import("./supervise.ts");
  return await supervise(client, command, delivery);
}

function refuseNonsense(options: ClientOptions, words: readonly string[]): void {
  const { format, file, watch, supervise } = options;
  const fault = (message: string, hint: string) => new ExitFault(EXIT.usage, message, hint);
  if (words.length === 0) {
    if (format === undefined && file.length === 0) {
      throw fault("Missing argument: COMMAND", "Or print the variables with --format");
    }
    if (watch !== undefined || supervise) {
      throw fault("Cannot use --watch or --supervise without a command", "Name one");
    }
  } else if (format !== undefined) {
    throw fault("Cannot print and run a command", "Leave out either --format or the command");
  }
}

/** What this call does not need is given back before the first byte from outside is read. */
function dropPermissions(options: ClientOptions, command: PreparedCommand | undefined): void {
  const { file, serverAddress } = options;
  const usesSockets = serverAddress.flat().some((server) => "path" in server);
  // The older runtime takes permission to write for a unix socket.
  if (file.length === 0 && !usesSockets) Deno.permissions.revokeSync({ name: "write" });
  if (command !== undefined) return;
  Deno.permissions.revokeSync({ name: "run" });
  Deno.permissions.revokeSync({ name: "ffi" });
}

function print(text: string): number {
  const bytes = new TextEncoder().encode(text);
  try {
    for (let done = 0; done < bytes.length;) {
      done += Deno.stdout.writeSync(bytes.subarray(done));
    }
    return EXIT.done;
  } catch (error) {
    const reason = error instanceof Deno.errors.BrokenPipe ? "nobody reads it" : "it failed";
    throw new ExitFault(EXIT.failed, `Cannot write to standard output: ${reason}`, undefined, {
      cause: error,
    });
  }
}
