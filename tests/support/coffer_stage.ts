// The stage of coffer's programs: a folder of its own with key files and definitions, sessions as
// recorded, and an end that leaves nothing running. No output may hold the canary.

import { assert, assertEquals } from "@std/assert";
import { decodeHex } from "@std/encoding/hex";
import { concat } from "@std/bytes/concat";
import {
  compute,
  decodeEntries,
  encodeFrame,
  encodeKeyFile,
  formatId,
  type Frame,
  FrameDecoder,
  type Framing,
  makeRequest,
  openSealedBox,
  type PendingRequest,
  sealAuthenticatedDefinition,
  sealDefinition,
  type Secrets,
} from "../../lib/coffer/mod.ts";
import { x25519Node } from "../../lib/coffer/keys/x25519_node.ts";
import { definition, keyPair, random, readFrames, utf8 } from "./coffer.ts";
import { runOnStage, testCases } from "./on_stages.ts";
import type { OutcomeCase } from "./outcomes.ts";
import { type Ended, Program, type StartOptions } from "./program.ts";
import { within } from "./within.ts";

/** Stands in the definitions as a value; no output but that of `get` and `decrypt` may hold it. */
export const CANARY = "canary-in-a-coal-mine";

/** What one case may use. */
export class CofferStage implements AsyncDisposable {
  readonly #programs: Program[] = [];
  /** An empty folder. */
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async create(): Promise<CofferStage> {
    return new CofferStage(await Deno.makeTempDir({ prefix: "coffer-test-" }));
  }

  /** A path in the folder. */
  at(name: string): string {
    return `${this.folder}/${name}`;
  }

  async write(name: string, content: string | Uint8Array, mode = 0o600): Promise<string> {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    await Deno.writeFile(this.at(name), bytes);
    await Deno.chmod(this.at(name), mode);
    return this.at(name);
  }

  /** The file of a recorded key, as NAME.key. */
  async key(name: string, mode = 0o600): Promise<string> {
    return await this.write(`${name}.key`, encodeKeyFile(keyPair(name)), mode);
  }

  /** A recorded sealed definition, as secrets.sealed. */
  async recorded(name: string): Promise<string> {
    return await this.write("secrets.sealed", decodeHex(definition(name).sealedHex));
  }

  /**
   * Seals a text, whatever it is, to the recorded server key, as secrets.sealed, and writes that key.
   *
   * @param from The recorded key of the companion that it is to name.
   */
  async sealed(toml: string, from?: string): Promise<string> {
    await this.key("server");
    const { publicKey } = keyPair("server");
    const now = BigInt(Math.floor(Date.now() / 1000));
    const sealing = from === undefined
      ? sealDefinition(utf8(toml), publicKey, random)
      : sealAuthenticatedDefinition(utf8(toml), publicKey, keyPair(from), now, random);
    return await this.write("secrets.sealed", compute(sealing, x25519Node));
  }

  /** Runs the companion to its end, in the folder. */
  async companion(args: readonly string[], options: StartOptions = {}): Promise<Ended> {
    return await this.start("coffer-companion", args, options).ended();
  }

  /** Starts a server on a free port; key and definition are server.key and secrets.sealed. */
  async serve(args: readonly string[] = [], options: StartOptions = {}): Promise<Server> {
    const files = ["-c", "server.key", "-s", "secrets.sealed", "-a", "127.0.0.1:0"];
    const address = args.includes("-a") ? files.slice(0, 4) : files;
    const program = this.start("coffer-server", [...address, ...args], options);
    const [, port = "0"] = await program.waitFor(
      "stderr",
      /listening on (?:[^\n]*:(\d+)|[^\n]*) \(coffer\)\nready/,
    );
    return { program, port: Number(port) };
  }

  /** Starts one of the programs, in the folder. */
  start(name: string, args: readonly string[], options: StartOptions = {}): Program {
    const program = Program.start(name, args, { cwd: this.folder, ...options });
    this.#programs.push(program);
    return program;
  }

  /** Fails if any program let a value out. */
  assertSilent(): void {
    for (const program of this.#programs) {
      for (const text of [program.stdout, program.stderr]) {
        assert(!text.includes(CANARY), `A value was shown:\n${text}`);
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#programs.splice(0).map((program) => program[Symbol.asyncDispose]()));
    await Deno.remove(this.folder, { recursive: true });
  }
}

/** A server that runs. */
export interface Server {
  readonly program: Program;
  readonly port: number;
}

/** Registers a test with a step for each case, each on a stage of its own. */
export function testOnCofferStages(
  name: string,
  cases: readonly OutcomeCase<CofferStage>[],
): void {
  testCases(name, cases, onCofferStage);
}

/** Runs one case; afterwards no program has shown a value. */
export async function onCofferStage(
  run: (stage: CofferStage) => Promise<void>,
  name?: string,
): Promise<void> {
  await runOnStage(() => CofferStage.create(), run, (stage) => stage.assertSilent(), name);
}

/** A connection in the test's own hands. */
export class Line implements Disposable {
  readonly #connection: Deno.Conn;

  private constructor(connection: Deno.Conn) {
    this.#connection = connection;
  }

  static async open(at: number | string): Promise<Line> {
    const connection = typeof at === "number"
      ? await Deno.connect({ hostname: "127.0.0.1", port: at })
      : await Deno.connect({ transport: "unix", path: at });
    return new Line(connection);
  }

  async send(...parts: readonly Uint8Array[]): Promise<void> {
    for (const part of parts) {
      for (let done = 0; done < part.length;) {
        done += await this.#connection.write(part.subarray(done));
      }
    }
  }

  /** All until the server's end; a reset ends it too. */
  async rest(): Promise<Uint8Array> {
    const chunks: Uint8Array[] = [];
    const buffer = new Uint8Array(64 * 1024);
    try {
      while (true) {
        const count = await within(this.#connection.read(buffer), "bytes");
        if (count === null) break;
        chunks.push(buffer.slice(0, count));
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.ConnectionReset)) throw error;
    }
    return concat(chunks);
  }

  /** The next whole frame. */
  async frame(framing: Framing): Promise<Frame> {
    const decoder = new FrameDecoder([framing]);
    const byte = new Uint8Array(1); // no more than the frame
    while (true) {
      const frame = decoder.next(() => "take");
      if (frame !== undefined) return frame;
      if (await within(this.#connection.read(byte), "a frame") === null) {
        throw new Error("The connection ended without a frame");
      }
      decoder.push(byte);
    }
  }

  async endWriting(): Promise<void> {
    await this.#connection.closeWrite();
  }

  [Symbol.dispose](): void {
    this.#connection.close();
  }
}

/** Hello, Get and Bye of a recorded client. */
export function request(
  name: string,
  framing: Framing = "wide",
  body: Uint8Array = new Uint8Array(),
): Uint8Array {
  return concat([
    encodeFrame(framing, 0x00, keyPair(name).publicKey),
    encodeFrame(framing, 0x02, body),
    encodeFrame(framing, 0x99),
  ]);
}

/** Everything that a server answers to these bytes. */
export async function exchange(at: number | string, sent: Uint8Array): Promise<Uint8Array> {
  using line = await Line.open(at);
  await line.send(sent);
  return await line.rest();
}

/** What a recorded client gets. */
export async function fetchSecrets(
  at: number | string,
  name: string,
  framing: Framing = "wide",
): Promise<Secrets> {
  using line = await Line.open(at);
  await line.send(request(name, framing));
  if (framing === "narrow") assertEquals((await line.frame(framing)).type, 0x01);
  const { type, body } = await line.frame(framing);
  assertEquals(type, framing === "wide" ? 0x05 : 0x03);
  return openReply(body, name);
}

/** What is in a plain reply. */
export function openReply(sealed: Uint8Array, name: string): Secrets {
  const opened = compute(openSealedBox(sealed, keyPair(name)), x25519Node);
  assert(opened !== undefined, "the reply opens");
  return decodeEntries(opened);
}

/** A definition of two clients, one with the canary. */
export function smallDefinition(more = ""): string {
  return `[web]\nid = "${idOf("web")}"\nTOKEN = "${CANARY}"\n${more}` +
    `[db]\nid = "${idOf("db")}"\nPORT = 5432\n`;
}

/** The id of a recorded key. */
export function idOf(name: string): string {
  return formatId(keyPair(name).publicKey);
}

/** A request of a recorded client to the recorded server. */
export function authenticated(
  name: string,
  time = Date.now() / 1000,
  client = name,
): PendingRequest {
  const making = makeRequest(
    keyPair(client),
    keyPair("server").publicKey,
    Math.floor(time),
    random,
  );
  return compute(making, x25519Node);
}

/** What a Get with this body is answered with: the type, or the text of the Error. */
export async function answerTo(port: number, name: string, body: Uint8Array): Promise<string> {
  const [frame] = readFrames(await exchange(port, request(name, "wide", body)));
  if (frame?.type === 0xff) return new TextDecoder().decode(frame.body);
  return `0x${frame?.type.toString(16).padStart(2, "0")}`;
}
