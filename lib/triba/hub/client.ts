/**
 * The other end of the lines: a program that asks a running core.
 *
 * @module
 */

import { type ByteStream, NetFault } from "../../net/mod.ts";
import { CallFault } from "../call_fault.ts";
import { LineCutter } from "./line_cutter.ts";
import { LineQueue } from "./line_queue.ts";
import {
  HUB_PROTOCOL,
  HUB_VERSION,
  type HubMessage,
  type HubRequest,
  type HubResult,
  MESSAGE_LINE_JSON,
} from "./lines.ts";
import { JsonFault } from "./shape.ts";

/** Longest line that is taken from a core, in bytes: an answer can be a packet of 16 MiB. */
const MAX_MESSAGE_BYTES = 128 * 1024 * 1024;

/** The first line of a core. */
export type Hello = Extract<HubMessage, { readonly type: "hello" }>;

/** A request without its id. */
export type Question = HubRequest extends infer R ? R extends HubRequest ? Omit<R, "id"> : never
  : never;

/** Another program than a core, or one that speaks other lines. */
export class HubFault extends Error {
  /** The class's name, for messages. */
  override readonly name = "HubFault";
}

/** A connection to a core. */
export class HubClient implements Disposable {
  /** The core's first line. */
  readonly hello: Hello;
  readonly #stream: ByteStream;
  readonly #queue: LineQueue;
  readonly #messages: AsyncGenerator<HubMessage, void>;
  readonly #waiting = new Map<number, PromiseWithResolvers<HubResult>>();
  #count = 0;
  #end: Error | undefined;

  /**
   * Waits for the core's first line; closes the stream if there is none.
   *
   * @throws {HubFault} if it is not one.
   * @throws {NetFault} when the connection is lost.
   */
  static async open(stream: ByteStream): Promise<HubClient> {
    try {
      return await HubClient.#greet(stream);
    } catch (error) {
      stream.close();
      throw error;
    }
  }

  static async #greet(stream: ByteStream): Promise<HubClient> {
    const messages = readMessages(stream);
    const { value: hello } = await messages.next();
    if (hello?.type === "end") throw new HubFault(`Cannot ask the core: ${hello.message}`);
    if (hello?.type !== "hello" || hello.protocol !== HUB_PROTOCOL) {
      throw new HubFault(`Cannot ask the core: what listens there does not speak ${HUB_PROTOCOL}`);
    }
    if (hello.version !== HUB_VERSION) {
      throw new HubFault(
        `Cannot ask the core: it speaks version ${hello.version} of its lines, this program ${HUB_VERSION}`,
      );
    }
    return new HubClient(stream, messages, hello);
  }

  private constructor(
    stream: ByteStream,
    messages: AsyncGenerator<HubMessage, void>,
    hello: Hello,
  ) {
    this.#stream = stream;
    this.#messages = messages;
    this.#queue = new LineQueue(stream);
    this.hello = hello;
  }

  /**
   * Takes answers, and hands on everything else, until the connection ends.
   *
   * @throws {NetFault} when it is lost.
   */
  async run(onMessage: (message: HubMessage) => void = () => {}): Promise<void> {
    try {
      for await (const message of this.#messages) {
        if (message.type === "reply" && typeof message.id === "number") {
          this.#take(message.id)?.resolve(message.result);
        } else if (message.type === "error" && typeof message.id === "number") {
          this.#take(message.id)?.reject(new CallFault(message.code, message.message));
        } else onMessage(message);
      }
      this.#fail(new NetFault("lost", "Cannot ask the core: it closed the connection"));
    } catch (error) {
      this.#fail(error instanceof Error ? error : new HubFault(String(error)));
      throw error;
    }
  }

  /**
   * Asks; the answer comes while {@linkcode HubClient.run} runs.
   *
   * @throws {CallFault} if the core refuses.
   * @throws {NetFault} when the connection is lost.
   */
  async ask(question: Question): Promise<HubResult> {
    if (this.#end !== undefined) throw this.#end;
    const id = ++this.#count;
    const answer = Promise.withResolvers<HubResult>();
    this.#waiting.set(id, answer);
    this.#queue.push(JSON.stringify({ ...question, id }));
    return await answer.promise;
  }

  /** Ends the connection. */
  [Symbol.dispose](): void {
    this.#stream.close();
  }

  #take(id: number): PromiseWithResolvers<HubResult> | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }

  #fail(error: Error): void {
    this.#end = error;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}

/** Messages that this version knows; others are left out. */
async function* readMessages(stream: ByteStream): AsyncGenerator<HubMessage, void> {
  const cutter = new LineCutter(MAX_MESSAGE_BYTES);
  const buffer = new Uint8Array(64 * 1024);
  while (true) {
    const count = await stream.read(buffer);
    if (count === null) return;
    for (const line of cutter.push(buffer.subarray(0, count))) {
      if (line.type === "bad") throw new HubFault(`Cannot read from the core: ${line.reason}`);
      const message = readMessage(line.text);
      if (message !== undefined) yield message;
    }
  }
}

function readMessage(text: string): HubMessage | undefined {
  try {
    return MESSAGE_LINE_JSON.read(JSON.parse(text), { path: "", strict: false, depth: 0 });
  } catch (error) {
    if (error instanceof SyntaxError) {
      throw new HubFault("Cannot read from the core: a line is not JSON", { cause: error });
    }
    if (error instanceof JsonFault) return undefined;
    throw error;
  }
}
