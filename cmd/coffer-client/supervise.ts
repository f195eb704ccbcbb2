/**
 * Keeping the command as a child, and restarting it when its secrets change.
 *
 * @module
 */

import { delay } from "@std/async/delay";
import { Supervisor } from "../../lib/process/supervisor.ts";
import type { Client } from "./client.ts";
import { commandLine, type PreparedCommand } from "./command.ts";
import { type Delivery, isSameDelivery, prepareDelivery, writeFiles } from "./delivery.ts";
import { isExpected } from "./faults.ts";

/** How long a command may take to end before it is killed. */
const GRACE_MS = 10_000;

/** Runs the command until it ends by itself or by a signal; resolves to its exit status. */
export async function supervise(
  client: Client,
  command: PreparedCommand,
  first: Delivery,
): Promise<number> {
  const { inherited } = command;
  using supervisor = new Supervisor({ isIgnored: (signal) => inherited.isIgnored(signal) });
  inherited.keepIgnored();
  let delivery = first;
  for (;;) {
    const line = commandLine(command, delivery);
    inherited.restoreLimits();
    const gone = new AbortController();
    const ended = supervisor.start(line).finally(() => gone.abort());
    inherited.forbidCoreDumps();
    const next = await untilChanged(client, command, delivery, gone.signal)
      .catch(async (error) => {
        await supervisor.stop(GRACE_MS);
        throw error;
      });
    if (next === undefined || gone.signal.aborted) return await ended;
    client.log.info("the secrets have changed, the command is restarted");
    await supervisor.stop(GRACE_MS);
    if (supervisor.interrupted !== undefined) return supervisor.interrupted;
    delivery = next;
  }
}

/** Fetches until something is different and written to its files; undefined once the command is gone. */
async function untilChanged(
  client: Client,
  command: PreparedCommand,
  current: Delivery,
  gone: AbortSignal,
): Promise<Delivery | undefined> {
  const { options } = command;
  if (options.watch === undefined) return undefined;
  while (!gone.aborted) {
    try {
      await delay(options.watch, { signal: gone });
      const next = prepareDelivery(await client.fetch(gone), options);
      if (isSameDelivery(current, next)) continue;
      commandLine(command, next); // refused before the old command has to go
      await writeFiles(next.files);
      return next;
    } catch (error) {
      if (gone.aborted) return undefined;
      if (!isExpected(error)) throw error;
      client.log.warn(`${error.message}; the command goes on with the secrets it has`);
    }
  }
  return undefined;
}
