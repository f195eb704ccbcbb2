// What the tests of coffer's client share: servers that follow a script or the library, key files,
// and the program itself.

import { decodeHex } from "@std/encoding/hex";
import {
  CofferServer,
  type Definition,
  type Framing,
  loadDefinition,
  ReplyDesk,
  type ReplyDeskOptions,
} from "../../lib/coffer/mod.ts";
import { x25519Node } from "../../lib/coffer/keys/x25519_node.ts";
import { SILENT } from "../../lib/log/mod.ts";
import { Registry } from "../../lib/metrics/mod.ts";
import { Gate, type Listening, listenTcp, listenUnix } from "../../lib/net/mod.ts";
import { type CertificateVectors, keyPair, random, readVectors, utf8 } from "./coffer.ts";
import { type Ended, Program, type StartOptions } from "./program.ts";

const { certificates } = readVectors<CertificateVectors>("certificates.json");

/** Bytes of Hello and Get in the wide framing, and of the narrow Hello that waits for an answer. */
const WIDE_REQUEST_BYTES = 41 + 9;
const NARROW_HELLO_BYTES = 35;

/** One connection to a scripted server. */
export class ScriptedConnection {
  readonly #connection: Deno.Conn;
  #received: number[] = [];

  constructor(connection: Deno.Conn) {
    this.#connection = connection;
  }

  /** Everything that the client has sent so far. */
  get received(): Uint8Array<ArrayBuffer> {
    return Uint8Array.from(this.#received);
  }

  /** Reads until so many bytes have come in all, or the client ends its half. */
  async readUntil(length: number): Promise<void> {
    const buffer = new Uint8Array(4096);
    while (this.#received.length < length) {
      const count = await this.#connection.read(buffer).catch(() => null);
      if (count === null) return;
      this.#received.push(...buffer.subarray(0, count));
    }
  }

  /** Reads until the client waits for an answer. */
  async readRequest(): Promise<void> {
    await this.readUntil(3);
    const isWide = this.#received.slice(0, 3).every((byte) => byte === 0);
    await this.readUntil(isWide ? WIDE_REQUEST_BYTES : NARROW_HELLO_BYTES);
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let done = 0; done < bytes.length;) {
      done += await this.#connection.write(bytes.subarray(done));
    }
  }

  async closeWrite(): Promise<void> {
    await this.#connection.closeWrite();
  }
}

/** What a scripted server does with its connections; the number counts them from 0. */
export type Script = (connection: ScriptedConnection, number: number) => Promise<void>;

/** A server that does as it is told, and closes when its script ends. */
export class ScriptedServer implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #open = new Set<Deno.Conn>();
  readonly #running: Promise<void>;
  /** All connections so far. */
  readonly connections: ScriptedConnection[] = [];

  constructor(script: Script) {
    this.#running = this.#serve(script);
  }

  /** As the client's option takes it. */
  get address(): string {
    return `127.0.0.1:${this.#listener.addr.port}`;
  }

  async #serve(script: Script): Promise<void> {
    const running: Promise<void>[] = [];
    for await (const connection of this.#listener) {
      const scripted = new ScriptedConnection(connection);
      this.#open.add(connection);
      const number = this.connections.push(scripted) - 1;
      running.push(
        script(scripted, number)
          .catch(() => {}) // the client went away in the middle of it
          .finally(() => this.#close(connection)),
      );
    }
    await Promise.all(running);
  }

  #close(connection: Deno.Conn): void {
    if (this.#open.delete(connection)) connection.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const connection of this.#open) this.#close(connection);
    await this.#running;
  }
}

/** Reads the request, answers, and reads on until the client ends. */
export function answering(reply: Uint8Array): Script {
  return async (connection) => {
    await connection.readRequest();
    await connection.write(reply);
    await connection.readUntil(Infinity);
  };
}

/** How a server of ours is set up. */
export interface LibraryServerOptions extends Partial<ReplyDeskOptions> {
  /** Framings that it serves. */
  readonly framings?: readonly Framing[];
  /** A unix socket instead of a free port. */
  readonly path?: string;
}

/** A server of ours inside the test, whose definition can be changed. */
export class LibraryServer implements AsyncDisposable {
  readonly #listening: Listening;
  readonly #gate: Gate;
  readonly #running: Promise<void>;
  readonly address: string;
  #desk: ReplyDesk;

  private constructor(
    listening: Listening,
    address: string,
    desk: ReplyDesk,
    framings: readonly Framing[] | undefined,
  ) {
    this.#listening = listening;
    this.address = address;
    this.#desk = desk;
    this.#gate = new Gate({
      limits: {
        maxConnections: 100,
        maxPerAddress: 100,
        handshakesPerAddress: Infinity,
        handshakesInAll: Infinity,
        allow: [],
        protocolShare: 1,
      },
      log: SILENT,
      registry: new Registry(),
    });
    const server = new CofferServer({ deskFor: () => this.#desk, onEvent: () => {}, framings });
    this.#running = this.#gate.serve(this.#listening, server.port);
  }

  static async start(toml: string, options: LibraryServerOptions = {}): Promise<LibraryServer> {
    const { path, framings } = options;
    const desk = new ReplyDesk(read(toml), {
      server: keyPair("server"),
      x25519: x25519Node,
      random,
      clock: () => Math.floor(Date.now() / 1000),
      ...options,
    });
    const listening = path === undefined
      ? listenTcp({ host: "127.0.0.1", port: 0 })
      : await listenUnix(path);
    const address = path === undefined ? `127.0.0.1:${listening.local.port}` : `unix:${path}`;
    return new LibraryServer(listening, address, desk, framings);
  }

  /** Serves another definition from now on. */
  reload(toml: string): void {
    this.#desk = this.#desk.reload(read(toml), keyPair("server")).desk;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#gate.close();
    await this.#running;
  }
}

function read(toml: string): Definition {
  return loadDefinition(utf8(toml), { otherKeys: [] });
}

/** A definition with one shard. */
export function shardOf(client: string, entries: Readonly<Record<string, string>>): string {
  const lines = Object.entries(entries).map(([key, text]) => `"${key}" = ${JSON.stringify(text)}`);
  return `[shard]\nid = "${idOf(client)}"\n${lines.join("\n")}\n`;
}

/** The id of one of the recorded keys. */
export function idOf(name: string): string {
  const found = certificates.find((certificate) => certificate.name === name);
  if (found === undefined) throw new RangeError(`Cannot find key "${name}"`);
  return found.id;
}

/** Writes one of the recorded key files. */
export async function writeKeyFile(folder: string, name: string, mode = 0o600): Promise<string> {
  const found = certificates.find((certificate) => certificate.name === name);
  const path = `${folder}/${name}.key`;
  await Deno.writeFile(path, decodeHex(found?.fileHex ?? ""), { mode });
  await Deno.chmod(path, mode);
  return path;
}

/** Runs the client to its end; it knows `web`, whose key file lies in the folder. */
export async function runClient(
  folder: string,
  args: readonly string[],
  options: StartOptions = {},
): Promise<Ended> {
  await using program = startClient(folder, args, options);
  return await program.ended();
}

/** Starts the client. */
export function startClient(
  folder: string,
  args: readonly string[],
  options: StartOptions = {},
): Program {
  return Program.start("coffer-client", args, {
    cwd: folder,
    ...options,
    env: { COFFER_CLIENT_CERTIFICATE: `${folder}/web.key`, ...options.env },
  });
}

/** The variables that `env -0` printed, without those of the surroundings. */
export function readEnvironment(output: string): Map<string, string> {
  const variables = output.split("\0").filter((line) => line !== "").map((line) => {
    const at = line.indexOf("=");
    return [line.slice(0, at), line.slice(at + 1)] as const;
  });
  return new Map(variables.filter(([name]) => !KEPT.has(name)));
}

/** What `--clean-env` leaves of the surroundings. */
const KEPT: ReadonlySet<string> = new Set(["PATH", "HOME", "LANG", "TERM", "TMPDIR"]);

/** Runs a function on all of a list, a few at a time; the results are in the list's order. */
export async function mapSome<T, U>(
  list: readonly T[],
  atOnce: number,
  run: (item: T) => Promise<U>,
): Promise<U[]> {
  const results: U[] = [];
  let next = 0;
  const work = async () => {
    while (next < list.length) {
      const index = next++;
      results[index] = await run(list[index] as T);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return results;
}
