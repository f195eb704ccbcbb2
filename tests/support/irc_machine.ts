// A client machine with a scripted server: lines go in, lines and events come out.

import { type ClientEvent, ClientMachine, type ClientOptions } from "../../lib/irc/mod.ts";
import type { Step } from "../../lib/net/mod.ts";

/** What a client says first. */
export const GREETING = ["CAP LS 302", "NICK anna", "USER anna 0 * Anna"];
/** The capabilities of a modern server. */
export const ALL_CAPS = "batch echo-message labeled-response message-tags server-time";

const utf8 = new TextEncoder();

/** A machine, and what it has done since the last look. */
export class Scripted {
  readonly machine: ClientMachine;
  now = 0;
  done = false;
  #sent: string[] = [];
  #events: ClientEvent[] = [];

  /** A machine that has begun. */
  constructor(options: Partial<ClientOptions> = {}) {
    this.machine = new ClientMachine(
      { nick: "anna", user: "anna", realname: "Anna", random: () => 0.5, ...options },
      0,
    );
    this.take(this.machine.start(0));
  }

  /** A machine that the server has taken in, with these capabilities. */
  static registered(caps = "", options: Partial<ClientOptions> = {}): Scripted {
    const scripted = new Scripted(options);
    scripted.server(`CAP * LS :${caps}`);
    if (caps !== "") scripted.server(`CAP anna ACK :${caps}`);
    scripted.server(
      "001 anna :Welcome",
      "005 anna CHANTYPES=# PREFIX=(ov)@+ CASEMAPPING=rfc1459 STATUSMSG=@+ NETWORK=Test :are",
      "376 anna :End",
    );
    scripted.pass(60_000); // the burst is full again
    scripted.look();
    return scripted;
  }

  /** Lines of the server. */
  server(...lines: readonly string[]): void {
    const text = lines.map((line) => `${/^[:@]/.test(line) ? "" : ":irc.example "}${line}\r\n`);
    this.take(this.machine.receive(utf8.encode(text.join("")), this.now));
  }

  /** Time goes by; what is due is done when it is due. The server answers pings of liveness. */
  pass(milliseconds: number): void {
    const end = this.now + milliseconds;
    for (let at = this.machine.wakeAt; at !== undefined && at <= end; at = this.machine.wakeAt) {
      this.now = Math.max(this.now, at);
      this.take(this.machine.tick(this.now));
      if (this.#sent.at(-1) === "PING alive") {
        this.#sent.pop();
        this.server("PONG irc.example alive");
      }
    }
    this.now = end;
  }

  /** Does what a step says. */
  take(step: Step<ClientEvent>): void {
    for (const bytes of step.send) {
      this.#sent.push(...new TextDecoder().decode(bytes).split("\r\n").slice(0, -1));
    }
    this.#events.push(...step.events);
    this.done ||= step.done;
  }

  /** Sends a text; the number of the message. */
  say(target: string, text: string, kind: "text" | "notice" | "emote" = "text"): number {
    const { send, step } = this.machine.say({ target, text, kind }, this.now);
    this.take(step);
    return send;
  }

  /** The lines that were sent since the last look. */
  get sent(): string[] {
    const sent = this.#sent;
    this.#sent = [];
    return sent;
  }

  /** The events since the last look. */
  get events(): ClientEvent[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }

  /** The code of the fault that ended the connection. */
  get fault(): string | undefined {
    const last = this.#events.at(-1);
    return last?.type === "fault" ? last.fault.code : undefined;
  }

  /** Forgets what has been done so far. */
  look(): void {
    this.#sent = [];
    this.#events = [];
  }
}
