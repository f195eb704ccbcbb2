/**
 * `relay receive`: finds the sender with the same code, asks, receives.
 *
 * @module
 */

import {
  GuessBudget,
  GUESSES_FOR_CHOSEN,
  GUESSES_FOR_GENERATED,
  meet,
  meetSecurely,
  type ReceivedDocument,
  receiveDocument,
  type ReceiverEvent,
  ReceiverMachine,
  RecordReader,
} from "../../lib/bob/mod.ts";
import {
  confirm,
  Console,
  count,
  dropPermissions,
  EXIT,
  ExitFault,
  formatSize,
  LineInput,
  listenForSignals,
  type OptionValues,
} from "../../lib/cli/mod.ts";
import { isGeneratedCode, systemRandom } from "../../lib/code/mod.ts";
import { toFileFault, withFile } from "../../lib/files/mod.ts";
import { escapeControls } from "../../lib/log/mod.ts";
import { formatHostPort, type HostPort, type Step } from "../../lib/net/mod.ts";
import type { RECEIVE, RelayAddress } from "./args.ts";
import { askCode, findCode } from "./code.ts";
import { isLoss, toExitFault } from "./faults.ts";
import { Patience } from "./patience.ts";

type ReceiveValues = OptionValues<typeof RECEIVE.options>;
type Accepted = Extract<ReceiverEvent, { type: "accepted" }>;

/** Receives one document. */
export async function receive(
  options: ReceiveValues,
  operands: readonly string[],
): Promise<number> {
  const console = new Console(options);
  using interrupts = listenForSignals(["SIGINT", "SIGTERM", "SIGHUP"]);
  const { signal } = interrupts;
  const input = new LineInput();
  try {
    const relay = requireRelay(options);
    requireAnswers(options, operands);
    if (options.output !== "-") await requireFolder(options.output);
    const code = await findCode({ argument: operands[0], file: options.codeFile, input, signal }) ??
      await askCode(console, input, signal);
    dropPermissions("env", { name: "sys", kind: "networkInterfaces" });
    const { accepted, remote } = await findSender({ code, relay, options, console, input, signal });
    const document = await receiveFrom(remote, accepted, options, console, signal);
    report(console, document);
    return EXIT.done;
  } catch (error) {
    signal.throwIfAborted();
    throw toExitFault(error);
  }
}

function requireRelay({ relay }: ReceiveValues): RelayAddress {
  if (relay !== undefined) return relay;
  throw new ExitFault(
    EXIT.usage,
    "No relay is named",
    "Use the command that the sender printed, or --relay HOST, or the variable SALLYPORT_RELAY",
  );
}

/** Whoever cannot be asked must have said everything before. */
function requireAnswers({ yes, codeFile }: ReceiveValues, operands: readonly string[]): void {
  if (Deno.stdin.isTerminal()) return;
  if (!yes) {
    throw new ExitFault(
      EXIT.usage,
      "Cannot ask before receiving: standard input is no terminal",
      "Use --yes to receive without being asked",
    );
  }
  if (operands.length === 0 && codeFile === undefined && !Deno.env.get("SALLYPORT_CODE")) {
    throw new ExitFault(
      EXIT.usage,
      "Cannot ask for the code: standard input is no terminal",
      "Give it as an argument, in SALLYPORT_CODE, or by --code-file (- is standard input)",
    );
  }
}

async function requireFolder(path: string): Promise<void> {
  const info = await withFile("save into", path, () => Deno.stat(path));
  if (!info.isDirectory) throw new ExitFault(EXIT.file, `Cannot save into "${path}": no folder`);
}

interface Search {
  readonly code: string;
  readonly relay: RelayAddress;
  readonly options: ReceiveValues;
  readonly console: Console;
  readonly input: LineInput;
  readonly signal: AbortSignal;
}

/** Waits for the sender that has the code and whose files are wanted. */
async function findSender(
  search: Search,
): Promise<{ readonly accepted: Accepted; readonly remote: HostPort }> {
  const { code, relay, options, signal } = search;
  const machine = new ReceiverMachine({
    password: new TextEncoder().encode(code),
    guesses: new GuessBudget(isGeneratedCode(code) ? GUESSES_FOR_GENERATED : GUESSES_FOR_CHOSEN),
    randomBytes: systemRandom,
  });
  using patience = new Patience(options.timeout);
  const asking = new Asking(search, machine, patience);
  try {
    const remote = await meet<ReceiverEvent>(machine, {
      relay,
      signal: AbortSignal.any([signal, patience.signal]),
      onEvent: (event, apply) => asking.hear(event, apply),
    });
    return { accepted: asking.result(), remote };
  } catch (error) {
    signal.throwIfAborted();
    throw patience.isOver ? asking.describeLateness() : error;
  } finally {
    asking.callOff();
  }
}

/** Follows the events of the search and asks the user. */
class Asking {
  readonly #search: Search;
  readonly #machine: ReceiverMachine;
  readonly #patience: Patience;
  #question = new AbortController();
  #open = false;
  #waiting = 0;
  #last: ReceiverEvent | undefined;

  constructor(search: Search, machine: ReceiverMachine, patience: Patience) {
    this.#search = search;
    this.#machine = machine;
    this.#patience = patience;
  }

  hear(event: ReceiverEvent, apply: (step: Step<ReceiverEvent>) => void): void {
    const { console } = this.#search;
    this.#last = event;
    switch (event.type) {
      case "registered":
        return console.note(`Waiting for the sender at ${formatHostPort(this.#search.relay)}`);
      case "senders":
        this.#waiting = event.waiting;
        if (event.waiting > 0 && event.failed === event.waiting) {
          console.note(`${senders(event.waiting)}; still waiting, Ctrl-C ends it`);
        }
        return;
      case "agreed":
        this.#patience.rest();
        void this.#ask(event.uid, text(event.identity), apply);
        return;
      case "cancelled":
        this.callOff();
        this.#patience.begin();
        return console.note(`The sender at ${text(event.identity)} left; waiting for another`);
    }
  }

  /** The sender that was accepted; anything else that ends a search is a fault. */
  result(): Accepted {
    const last = this.#last;
    switch (last?.type) {
      case "accepted":
        return last;
      case "refused":
        throw new ExitFault(EXIT.failed, "Refused, nothing was received");
      case "guesses-used-up":
        throw new ExitFault(
          EXIT.code,
          `Guesses used up: ${last.spent} senders were tried and none had this code`,
          "Check the code; somebody may be trying to find it out",
        );
      case "sender-gone":
        throw new ExitFault(EXIT.unreachable, "The sender left before the transfer began");
      case "relay-timeout":
        throw this.#closed("It is ending, is full, or lets nobody wait any longer; start again");
      case "fault":
        throw last.fault;
      default:
        throw this.#closed(
          "It may have too many visitors, or not speak this protocol; start again",
        );
    }
  }

  describeLateness(): ExitFault {
    const time = `${this.#search.options.timeout / 1000} s`;
    return this.#waiting > 0
      ? new ExitFault(
        EXIT.code,
        `Wrong code: ${count(this.#waiting, "sender")} had another one, ` +
          `and no more came within ${time}`,
        "Check the code with the sender",
      )
      : new ExitFault(EXIT.unreachable, `No sender came within ${time}`);
  }

  #closed(hint: string): ExitFault {
    const relay = formatHostPort(this.#search.relay);
    return new ExitFault(EXIT.unreachable, `The relay at ${relay} closed the connection`, hint);
  }

  /** Withdraws the question. */
  callOff(): void {
    this.#question.abort();
    if (this.#open) this.#search.console.endQuestion();
    this.#open = false;
  }

  async #ask(
    uid: number,
    address: string,
    apply: (step: Step<ReceiverEvent>) => void,
  ): Promise<void> {
    const { options, console, input } = this.#search;
    const question = new AbortController();
    this.#question = question;
    this.#open = !options.yes;
    const wanted = options.yes ||
      await confirm(console, input, `Receive from ${address}?`, question.signal);
    if (question.signal.aborted) return;
    this.#open = false;
    const now = performance.now();
    apply(wanted ? this.#machine.accept(uid, now) : this.#machine.refuse(uid, now));
  }
}

async function receiveFrom(
  remote: HostPort,
  { identity, keys }: Accepted,
  options: ReceiveValues,
  console: Console,
  signal: AbortSignal,
): Promise<ReceivedDocument> {
  const secure = { host: remote.host, port: options.relay?.securePort as number };
  const { stream, received } = await meetSecurely(secure, identity, signal);
  const abort = () => stream.close();
  signal.addEventListener("abort", abort, { once: true });
  let progress = console.progress("Receiving", undefined);
  try {
    return await receiveDocument(new RecordReader(stream, keys.clientKey, { received }), {
      target: options.output === "-"
        ? (bytes) => writeOut(bytes)
        : options.output.replace(/(?<=.)\/+$/, ""),
      overwrite: options.overwrite,
      maxBytes: options.maxSize,
      onNamed: (name, size) => {
        const shown = size === undefined ? "folder" : formatSize(size);
        console.note(`Receiving "${escapeControls(name)}" (${shown})`);
        progress = console.progress("Receiving", size);
      },
      onBytes: (bytes) => progress.add(bytes),
    });
  } catch (error) {
    signal.throwIfAborted();
    if (!isLoss(error)) throw error;
    const after = formatSize(progress.bytes);
    throw new ExitFault(
      EXIT.unreachable,
      `The connection was lost after ${after}`,
      "Nothing was kept; start the transfer again on both sides",
    );
  } finally {
    const summary = progress.finish();
    if (progress.bytes > 0) console.note(`${summary}, through the relay at ${remote.host}`);
    signal.removeEventListener("abort", abort);
    stream.close();
  }
}

function writeOut(bytes: Uint8Array): void {
  try {
    for (let done = 0; done < bytes.length;) done += Deno.stdout.writeSync(bytes.subarray(done));
  } catch (error) {
    throw toFileFault(error, "write to", "standard output");
  }
}

function report(console: Console, { path, name, kind, bytes, files }: ReceivedDocument): void {
  if (path === undefined) {
    return console.note(`Received "${escapeControls(name)}" (${formatSize(bytes)})`);
  }
  console.result(`saved ${path} ${bytes}`, { event: "saved", path, kind, files, bytes });
  if (kind === "folder") {
    console.note(`${count(files, "file")}; permissions and times did not travel`);
  }
}

function senders(waiting: number): string {
  return waiting === 1
    ? "1 sender is waiting, it does not have this code"
    : `${waiting} senders are waiting, none has this code`;
}

function text(identity: Uint8Array): string {
  return new TextDecoder().decode(identity);
}
