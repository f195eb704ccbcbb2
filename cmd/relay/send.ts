/**
 * `relay send`: offers files under a code and sends them to whoever proves to know it.
 *
 * @module
 */

import { delay } from "@std/async/delay";
import {
  CLOSE_MARKER,
  GuessBudget,
  GUESSES_FOR_CHOSEN,
  GUESSES_FOR_GENERATED,
  meet,
  meetSecurely,
  type OfferedDocument,
  readEnding,
  RecordWriter,
  sendDocument,
  type SenderEvent,
  SenderMachine,
} from "../../lib/bob/mod.ts";
import {
  Console,
  dropPermissions,
  EXIT,
  ExitFault,
  formatSize,
  LineInput,
  listenForSignals,
  type OptionValues,
} from "../../lib/cli/mod.ts";
import { generateCode, systemRandom } from "../../lib/code/mod.ts";
import { Backoff, formatHostPort, type HostPort, NetFault } from "../../lib/net/mod.ts";
import type { PackOptions } from "../../lib/git/mod.ts";
import { createServer } from "../../lib/spoke/mod.ts";
import type { RelayAddress, SEND } from "./args.ts";
import { findCode, warnIfShort } from "./code.ts";
import { isLoss, toExitFault } from "./faults.ts";
import { announce } from "./announce.ts";
import { offer } from "./offer.ts";
import { type OwnRelay, startOwnRelay } from "./own_relay.ts";
import { Patience } from "./patience.ts";

/** Options of `relay send`. */
export type SendValues = OptionValues<typeof SEND.options>;
type Accepted = Extract<SenderEvent, { type: "accepted" }>;

/** Sends one document to one receiver. */
export async function send(options: SendValues, operands: readonly string[]): Promise<number> {
  const console = new Console(options);
  using interrupts = listenForSignals(["SIGINT", "SIGTERM", "SIGHUP"]);
  const { signal } = interrupts;
  let own: OwnRelay | undefined;
  try {
    requireOneInput(options, operands);
    const chosen = await findCode({ file: options.codeFile, input: new LineInput(), signal });
    if (chosen !== undefined) warnIfShort(console, chosen);
    await using offered = await offer(operands, options, console, signal);
    own = options.relay === undefined ? startOwnRelay(console) : undefined;
    dropPermissions("env", "sys");
    if (!operands.includes("-")) dropPermissions("write");
    const relay = own?.address ?? options.relay as RelayAddress;
    const code = chosen ?? generateCode();
    await announce({ console, options, relay, others: own?.others ?? [], code, chosen, offered });
    const search = { code, chosen: chosen !== undefined, relay, options, console, signal };
    const { accepted, remote } = await findReceiver(search);
    await sendTo(remote, relay, accepted, offered.document, options, console, signal);
    return EXIT.done;
  } catch (error) {
    signal.throwIfAborted();
    throw toExitFault(error);
  } finally {
    await own?.close();
  }
}

/** What was read ahead with the code would be missing from the file. */
function requireOneInput({ codeFile }: SendValues, operands: readonly string[]): void {
  if (codeFile !== "-" || !operands.includes("-")) return;
  throw new ExitFault(EXIT.usage, "Standard input cannot hold both the code and what is sent");
}

interface Search {
  readonly code: string;
  readonly chosen: boolean;
  readonly relay: RelayAddress;
  readonly options: SendValues;
  readonly console: Console;
  readonly signal: AbortSignal;
}

interface Found {
  readonly accepted: Accepted;
  readonly remote: HostPort;
}

/** Waits for the receiver, registering again after a time-out or a lost relay. */
async function findReceiver(search: Search): Promise<Found> {
  const { code, chosen, options, signal } = search;
  const password = new TextEncoder().encode(code);
  const server = createServer({ password, randomBytes: systemRandom });
  const most = options.maxGuesses ?? (chosen ? GUESSES_FOR_CHOSEN : GUESSES_FOR_GENERATED);
  const guesses = new GuessBudget(most);
  using patience = new Patience(options.timeout);
  const all = AbortSignal.any([signal, patience.signal]);
  const backoff = new Backoff();
  let registered = false;
  while (true) {
    try {
      const machine = new SenderMachine({ server, guesses });
      const found = await findOnce(machine, search, patience, all, () => {
        registered = true;
        backoff.reset();
      });
      if (found !== undefined) return found;
    } catch (error) {
      signal.throwIfAborted();
      if (patience.isOver) {
        const time = options.timeout / 1000;
        throw new ExitFault(EXIT.unreachable, `Nobody took it within ${time} s`);
      }
      // A relay that was never reached is more likely a wrong address than a passing fault.
      if (!(error instanceof NetFault) || !registered) throw error;
    }
    patience.begin();
    const delay = backoff.next();
    search.console.note(`The relay was lost; trying again in ${Math.ceil(delay / 1000)} s`);
    await pause(delay, all);
  }
}

/** One registration; undefined when the relay ended it. */
async function findOnce(
  machine: SenderMachine,
  { relay, console, chosen }: Search,
  patience: Patience,
  signal: AbortSignal,
  onRegistered: () => void,
): Promise<Found | undefined> {
  const asked = new Set<number>();
  const settle = (uid: number) => {
    asked.delete(uid);
    if (asked.size === 0) patience.begin();
  };
  let last: SenderEvent | undefined;
  const remote = await meet<SenderEvent>(machine, {
    relay,
    signal,
    onEvent: (event) => {
      last = event;
      switch (event.type) {
        case "registered":
          onRegistered();
          return console.note(`Waiting for the receiver at ${formatHostPort(relay)}`);
        case "agreed":
          asked.add(event.uid);
          patience.rest();
          return console.note(`The receiver at ${text(event.identity)} has the code and is asked`);
        case "refused":
          settle(event.uid);
          return console.note(`The receiver at ${text(event.identity)} refused; still waiting`);
        case "left":
          settle(event.uid);
          return console.note(`The receiver at ${text(event.identity)} left; still waiting`);
        case "failed":
          return console.note(`Somebody at ${text(event.identity)} tried another code`);
      }
    },
  });
  switch (last?.type) {
    case "accepted":
      return { accepted: last, remote };
    case "guesses-used-up":
      throw new ExitFault(
        EXIT.code,
        `Guesses used up: ${last.spent} wrong codes were tried`,
        chosen
          ? "A code that a person chose bears few guesses; use a generated one, or --max-guesses"
          : "Somebody is trying to find out the code; use another relay or another time",
      );
    case "fault":
      throw last.fault;
    default:
      return undefined;
  }
}

async function sendTo(
  remote: HostPort,
  relay: RelayAddress,
  { identity, keys }: Accepted,
  document: OfferedDocument,
  options: SendValues,
  console: Console,
  signal: AbortSignal,
): Promise<void> {
  const secure = { host: remote.host, port: relay.securePort };
  const { stream, received } = await meetSecurely(secure, identity, signal);
  const abort = () => stream.close();
  signal.addEventListener("abort", abort, { once: true });
  console.note(`Sending to ${text(identity)}`);
  const progress = console.progress("Sending", document.bytes);
  const ending = readEnding(stream, received);
  ending.catch(() => {}); // awaited below; a lost connection fails the writes first
  try {
    const records = new RecordWriter(stream, keys.clientKey, options.wire);
    let sent = false;
    const sending = sendDocument(document, records, packOptions(options), (n) => progress.add(n))
      .then(() => sent = true);
    await Promise.race([sending, ending]);
    // Both can be told in one turn of the event loop, and the end takes the shorter way to here.
    if (!sent) await delay(0);
    if (!sent) throw new NetFault("lost", "The other side ended the transfer");
    const how = await ending;
    if (how === "marker") await stream.write(CLOSE_MARKER).catch(() => {}); // the relay may be gone
    if (how === "end-of-stream") {
      throw new ExitFault(
        EXIT.unreachable,
        "Delivery unknown: the relay ended the connection without saying that the receiver did",
        "Ask the receiver whether it is there",
      );
    }
    const { name, kind, files, bytes } = document;
    console.result(`sent ${name} ${bytes}`, { event: "sent", name, kind, files, bytes });
  } catch (error) {
    signal.throwIfAborted();
    if (!isLoss(error)) throw error;
    throw new ExitFault(
      EXIT.unreachable,
      `The connection was lost after ${formatSize(progress.bytes)}`,
      "The receiver ended the transfer or the network failed; start it again on both sides",
    );
  } finally {
    const summary = progress.finish();
    if (progress.bytes > 0) console.note(`${summary}, through the relay at ${remote.host}`);
    signal.removeEventListener("abort", abort);
    stream.close();
  }
}

function packOptions({ noCompress }: SendValues): PackOptions {
  return { compression: noCompress ? "store" : "auto" };
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    }, { once: true });
  });
}

function text(identity: Uint8Array): string {
  return new TextDecoder().decode(identity);
}
