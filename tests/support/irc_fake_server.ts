// A small IRC server in the test's own process, for what real ones do not do on demand.

import { until } from "./within.ts";

/** How it behaves. */
export interface FakeServerOptions {
  /** Capabilities that it offers. */
  readonly caps?: string;
  /** Account and password that it takes; others are refused. */
  readonly login?: { readonly account: string; readonly secret: string };
  /** What it says before it was asked, a line without its end. */
  readonly greeting?: string;
  /** What it answers in place of the usual; undefined for the usual. */
  readonly answer?: (line: string, nick: string) => readonly string[] | undefined;
}

/** A server for any number of clients; nobody hears anybody. */
export class FakeIrcServer implements AsyncDisposable {
  /** What clients sent, in order. */
  readonly lines: string[] = [];
  readonly #options: FakeServerOptions;
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #connections: Deno.Conn[] = [];
  readonly #serving: Promise<void>;

  constructor(options: FakeServerOptions = {}) {
    this.#options = options;
    this.#serving = this.#serve();
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  /** Says something to all clients. */
  async say(...lines: readonly string[]): Promise<void> {
    for (const connection of this.#connections) await write(connection, lines);
  }

  /** Ends all connections. */
  hangUp(): void {
    for (const connection of this.#connections.splice(0)) close(connection);
  }

  /** Waits until a client has sent such a line, the last of `count`. */
  async waitFor(pattern: RegExp, count = 1): Promise<string> {
    const found = () => this.lines.filter((line) => pattern.test(line));
    await until(() => found().length >= count, `${pattern} in:\n${this.lines.join("\n")}`);
    return found()[count - 1] as string;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    this.hangUp();
    await this.#serving;
  }

  async #serve(): Promise<void> {
    const talks: Promise<void>[] = [];
    try {
      for await (const connection of this.#listener) {
        this.#connections.push(connection);
        talks.push(this.#talk(connection));
      }
    } finally {
      await Promise.all(talks);
    }
  }

  async #talk(connection: Deno.Conn): Promise<void> {
    const { greeting, answer } = this.#options;
    const buffer = new Uint8Array(4096);
    let nick = "*";
    let rest = "";
    try {
      if (greeting !== undefined) await write(connection, [greeting]);
      while (true) {
        const count = await connection.read(buffer);
        if (count === null) return;
        const parts = (rest + new TextDecoder().decode(buffer.subarray(0, count))).split("\r\n");
        rest = parts.pop() ?? "";
        for (const line of parts) {
          this.lines.push(line);
          if (line.startsWith("NICK ")) nick = line.slice(5);
          await write(connection, answer?.(line, nick) ?? this.#answer(line, nick));
        }
      }
    } catch {
      return; // closed by either side
    } finally {
      close(connection);
      const at = this.#connections.indexOf(connection);
      if (at >= 0) this.#connections.splice(at, 1);
    }
  }

  #answer(line: string, nick: string): readonly string[] {
    const { caps = "", login } = this.#options;
    const [, , first = ""] = /^(?:@\S+ )?(\S+) ?:?(\S*)/.exec(line) ?? [];
    const command = /^(?:@\S+ )?(\S+)/.exec(line)?.[1];
    const welcome = [
      `001 ${nick} :Welcome`,
      `005 ${nick} NETWORK=Fake CHANTYPES=# :are`,
      `376 ${nick} :End`,
    ];
    switch (command) {
      case "CAP":
        if (line === "CAP END") return welcome;
        return first === "LS"
          ? [`CAP * LS :${caps}`]
          : [`CAP * ACK ${line.slice("CAP REQ ".length)}`];
      case "AUTHENTICATE": {
        if (first === "PLAIN") return ["AUTHENTICATE +"];
        const right = login !== undefined && atob(first) === `\0${login.account}\0${login.secret}`;
        return right
          ? [`900 ${nick} x ${login.account} :ok`, `903 ${nick} :ok`]
          : [`904 ${nick} :SASL failed`];
      }
      case "JOIN":
        return first.split(",").flatMap((
          name,
        ) => [`:${nick}!u@h JOIN ${name}`, `366 ${nick} ${name} :End`]);
      case "PART":
        return [`:${nick}!u@h PART ${first}`];
      case "PING":
        return [`PONG fake :${first}`];
      case "QUIT":
        return ["ERROR :Closing link"];
      default:
        return [];
    }
  }
}

async function write(connection: Deno.Conn, lines: readonly string[]): Promise<void> {
  const text = lines.map((line) =>
    `${
      line.startsWith(":") || line.startsWith("@")
        ? ""
        : /^(?:PING|ERROR|AUTHENTICATE)/.test(line)
        ? ""
        : ":fake "
    }${line}\r\n`
  );
  const bytes = new TextEncoder().encode(text.join(""));
  for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
}

function close(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error; // closed already
  }
}
