// A connection that a test holds in its own hands: bytes or packets out, and whatever comes back.

import { encodePacket, type Packet, PacketDecoder, type PacketType } from "../../lib/bob/mod.ts";
import type { HostPort } from "../../lib/net/mod.ts";
import { toBytes } from "./raw_pack.ts";
import { within } from "./within.ts";

/** A TCP connection. */
export class RawConnection implements Disposable {
  readonly #connection: Deno.TcpConn;
  readonly #decoder = new PacketDecoder();
  readonly #packets: Packet[] = [];

  private constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
  }

  /** Connects. */
  static async open({ host, port }: HostPort): Promise<RawConnection> {
    return new RawConnection(await Deno.connect({ hostname: host, port }));
  }

  /** Connects and says hello, as a sender with any public value or as a receiver. */
  static async hello(at: HostPort, role: "client" | "server"): Promise<RawConnection> {
    const connection = await RawConnection.open(at);
    try {
      await connection.send(
        role === "client"
          ? { type: "hello-as-a-client", uid: 0 }
          : { type: "hello-as-a-server", uid: 0, public: new Uint8Array(34) },
      );
      await connection.packet(role === "client" ? "client-identity" : "server-identity");
      return connection;
    } catch (error) {
      connection[Symbol.dispose]();
      throw error;
    }
  }

  /** Sends bytes, text or packets. */
  async send(...parts: readonly (Uint8Array | string | Packet)[]): Promise<void> {
    for (const part of parts) {
      const isPacket = typeof part !== "string" && !(part instanceof Uint8Array);
      const bytes = isPacket ? encodePacket(part) : toBytes(part);
      for (let done = 0; done < bytes.length;) {
        done += await this.#connection.write(bytes.subarray(done));
      }
    }
  }

  /** The next packet, which must be of this type. */
  async packet<Type extends PacketType>(type: Type): Promise<Extract<Packet, { type: Type }>> {
    while (this.#packets.length === 0) {
      const bytes = await this.#read();
      if (bytes === null) throw new Error(`Ended, and not with a packet "${type}"`);
      this.#packets.push(...this.#decoder.push(bytes));
    }
    const packet = this.#packets.shift() as Packet;
    if (packet.type !== type) throw new Error(`Got "${packet.type}", not "${type}"`);
    return packet as Extract<Packet, { type: Type }>;
  }

  /** All bytes until the other side ends its stream, or loses it. */
  async rest(): Promise<string> {
    const text = new TextDecoder("latin1");
    let all = "";
    try {
      for (let bytes = await this.#read(); bytes !== null; bytes = await this.#read()) {
        all += text.decode(bytes);
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.ConnectionReset)) throw error;
    }
    return all;
  }

  /** Waits until something has come, and leaves the rest of it unread. */
  async readable(): Promise<void> {
    await within(this.#connection.read(new Uint8Array(1)), "a byte");
  }

  /** Ends the writing half. */
  async endWriting(): Promise<void> {
    await this.#connection.closeWrite();
  }

  [Symbol.dispose](): void {
    this.#connection.close();
  }

  async #read(): Promise<Uint8Array | null> {
    const buffer = new Uint8Array(4096);
    const count = await within(this.#connection.read(buffer), "bytes");
    return count === null ? null : buffer.subarray(0, count);
  }
}
