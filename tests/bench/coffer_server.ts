// A coffer-server to be measured, with a client that has one entry and one that has 70 kB, and what
// they send it.

import { concat } from "@std/bytes/concat";
import { encodeHex } from "@std/encoding/hex";
import {
  compute,
  encodeClientMessage,
  encodeKeyFile,
  formatId,
  KEY_BYTES,
  type KeyPair,
  makeKeyPair,
  makeRequest,
  sealDefinition,
  type X25519,
} from "../../lib/coffer/mod.ts";
import { x25519Node } from "../../lib/coffer/keys/x25519_node.ts";
import type { Program, StartOptions } from "../support/program.ts";
import type { Lab } from "./lab.ts";

const HEADER_BYTES = 9;
const LARGE_ENTRIES = 17;
const LARGE_ENTRY_BYTES = 4096;

/** How much a client gets. */
export type Amount = "one entry" | "70 kB";

/** The key file of the client with one entry, in the folder of the benchmark. */
export const CLIENT_KEY_FILE = "client.key";

/** Random bytes. */
const random = (length: number) => crypto.getRandomValues(new Uint8Array(length));

/** A server that runs. */
export interface RunningServer {
  readonly program: Program;
  readonly port: number;
}

/** Keys and the sealed definition, as files for servers. */
export class Vault {
  readonly #folder: string;
  readonly #server: KeyPair;
  readonly #clients: Readonly<Record<Amount, KeyPair>>;

  private constructor(folder: string, server: KeyPair, clients: Record<Amount, KeyPair>) {
    this.#folder = folder;
    this.#server = server;
    this.#clients = clients;
  }

  static async fill(lab: Lab): Promise<Vault> {
    const make = () => compute(makeKeyPair(random(KEY_BYTES)), x25519Node);
    const clients = { "one entry": make(), "70 kB": make() };
    const vault = new Vault(lab.folder, make(), clients);
    await vault.#write();
    return vault;
  }

  async #write(): Promise<void> {
    const [one, large] = [this.#clients["one entry"], this.#clients["70 kB"]];
    const lines = [`[one]`, `id = "${formatId(one.publicKey)}"`, `PASSWORD = "correct horse"`];
    lines.push(`[large]`, `id = "${formatId(large.publicKey)}"`);
    for (let i = 0; i < LARGE_ENTRIES; i++) {
      lines.push(`K${i} = "${"x".repeat(LARGE_ENTRY_BYTES)}"`);
    }
    const toml = new TextEncoder().encode(lines.join("\n"));
    const sealed = compute(sealDefinition(toml, this.#server.publicKey, random), x25519Node);
    const write = (path: string, bytes: Uint8Array) =>
      Deno.writeFile(`${this.#folder}/${path}`, bytes, { mode: 0o600 });
    await write("server.key", encodeKeyFile(this.#server));
    await write("secrets.sealed", sealed);
    await write(CLIENT_KEY_FILE, encodeKeyFile(one));
  }

  /** Starts `coffer-server` on a free port. */
  async serve(
    lab: Lab,
    args: readonly string[] = [],
    options: StartOptions = {},
  ): Promise<RunningServer> {
    const files = ["-c", "server.key", "-s", "secrets.sealed"];
    const address = ["-a", "127.0.0.1:0"];
    const program = lab.start("coffer-server", [...files, ...address, ...args], options);
    const [, port] = await program.waitFor("stderr", /listening on \S+:(\d+) [^]*\bready/);
    return { program, port: Number(port) };
  }

  /** Hello and Get without proof, the same for every session. */
  plain(amount: Amount): Uint8Array<ArrayBuffer> {
    return this.#requestOf(this.#clients[amount], new Uint8Array());
  }

  /**
   * Hello and Get with proof, each for one session. They share the key that replies are sealed to,
   * which costs the server as much as if each had its own.
   */
  *authenticated(amount: Amount, count: number): Generator<Uint8Array<ArrayBuffer>> {
    const client = this.#clients[amount];
    const ephemeral = random(KEY_BYTES);
    const source = (length: number) => length === KEY_BYTES ? ephemeral : random(length);
    const x25519 = remembering(x25519Node);
    const time = Math.floor(Date.now() / 1000);
    for (let i = 0; i < count; i++) {
      const request = makeRequest(client, this.#server.publicKey, time, source);
      yield this.#requestOf(client, compute(request, x25519).body);
    }
  }

  #requestOf({ publicKey }: KeyPair, request: Uint8Array): Uint8Array<ArrayBuffer> {
    return concat([
      encodeClientMessage("wide", { type: "Hello", publicKey }),
      encodeClientMessage("wide", { type: "Get", request }),
    ]);
  }
}

function remembering(x25519: X25519): X25519 {
  const known = new Map<string, Uint8Array | undefined>();
  return (secret, point) => {
    const name = encodeHex(secret) + encodeHex(point);
    if (!known.has(name)) known.set(name, x25519(secret, point));
    return known.get(name)?.slice(); // whoever asks may wipe it
  };
}

/** Asks once; gives the length of the reply's body in bytes. */
export async function probe(port: number, request: Uint8Array): Promise<number> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  for (let done = 0; done < request.length;) done += await connection.write(request.subarray(done));
  const header = new Uint8Array(HEADER_BYTES);
  for (let got = 0; got < HEADER_BYTES;) {
    const count = await connection.read(header.subarray(got));
    if (count === null) throw new Error("Cannot measure: the server closed without a reply");
    got += count;
  }
  return Number(new DataView(header.buffer).getBigUint64(0));
}
