// Chat backends under one core: a user who says what you say, and, where ngircd is installed, two
// people on a real IRC server, with a bridge between their channel and the first one's room.

import { type HubMessage, type HubNotice, MESSAGE_LINE_JSON } from "../../lib/triba/hub/mod.ts";
import type { CoreCall } from "../../lib/triba/session/core_machine.ts";
import type { Answer } from "../../lib/triba/session/events.ts";
import { haveCommands, NGIRCD, startServer } from "../support/irc_server.ts";
import type { Program } from "../support/program.ts";
import { within } from "../support/within.ts";
import type { Stage } from "./stage.ts";

const CHANNEL = "#lobby";
const LOBBY = "lobby";
const PATIENCE_MS = 60_000;

const ECHO = `[backends.echo]
builtin = "echo"
`;

/** Two people on one server, of whom the first one's channel is bridged to the echo's room. */
function configureIrc(port: number): string {
  const person = (name: string) => {
    const args = ["--server", `127.0.0.1:${port}`, "--no-tls", "--nick", name];
    return `[backends.${name}]\nbuiltin = "irc"\narguments = ${JSON.stringify(args)}\n`;
  };
  return `${person("anna")}
${person("bert")}
[bridges.both]
a = { backend = "anna", room = "${CHANNEL}" }
b = { backend = "echo", room = "${LOBBY}" }
`;
}

/** What was said, as people read it. */
interface Said {
  readonly backend: string;
  readonly room: string;
  readonly sender: string;
  readonly text: string;
}

/** A core that is spoken to in lines, as a user interface does. */
class Conversation {
  readonly said: Said[] = [];
  readonly online = new Set<string>();
  readonly #program: Program;
  readonly #say: (text: string) => void;
  readonly #answers = new Map<number, (message: HubMessage) => void>();
  #changed = Promise.withResolvers<void>();
  #requests = 0;

  constructor(stage: Stage, args: readonly string[]) {
    this.#say = stage.say;
    this.#program = stage.start("core", "triba", args, {
      stdin: "open",
      onLine: (stream, line) => stream === "stdout" ? this.#take(line) : stage.say(`  ${line}`),
    });
  }

  /** Asks a backend for something. */
  async call(backend: string, call: CoreCall): Promise<Answer> {
    const id = ++this.#requests;
    const { promise, resolve } = Promise.withResolvers<HubMessage>();
    this.#answers.set(id, resolve);
    await this.#program.type(`${JSON.stringify({ type: "call", id, backend, call })}\n`);
    const message = await within(promise, `an answer of ${backend}`, PATIENCE_MS);
    if (message.type === "reply" && message.result.type === "answer") return message.result.answer;
    throw new Error(`${call.type} failed: ${JSON.stringify(message)}`);
  }

  /** Says something in a room, as the user of this backend. */
  async send(backend: string, room: string, text: string): Promise<void> {
    this.#say(`  ${backend} says in ${room}: ${text}`);
    const content = { type: "Text", text } as const;
    await this.call(backend, { type: "SendMessage", room, txn: text, content });
  }

  /** Waits until a backend's user has read a text. */
  async hear(backend: string, text: RegExp): Promise<Said> {
    const find = () => this.said.find((each) => each.backend === backend && text.test(each.text));
    await this.until(() => find() !== undefined, `${backend} to hear ${text}`);
    return find() as Said;
  }

  async until(condition: () => boolean, what: string): Promise<void> {
    const wait = async () => {
      while (!condition()) await this.#changed.promise;
    };
    await within(wait(), what, PATIENCE_MS);
  }

  /** Ends the core by the end of its input. */
  async end(): Promise<void> {
    await this.#program.stdin?.close();
    const { code } = await this.#program.ended();
    if (code !== 0) throw new Error(`The core ended with ${code}`);
  }

  #take(line: string): void {
    const place = { path: "", strict: false, depth: 0 };
    const message = MESSAGE_LINE_JSON.read(JSON.parse(line), place);
    if (message.type === "reply" || message.type === "error") {
      this.#answers.get(Number(message.id))?.(message);
    }
    if (message.type === "notice") this.#notice(message.notice);
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }

  #notice(notice: HubNotice): void {
    if (notice.type === "backend" && notice.backend.network?.type === "Online") {
      const { name, agent, sealed } = notice.backend;
      if (!this.online.has(name)) this.#say(`  ${name} is online (${agent}, sealed: ${sealed})`);
      this.online.add(name);
    }
    if (notice.type !== "event" || notice.event.type !== "MessageReceived") return;
    const { room, sender, content } = notice.event.message;
    if (content.type !== "Text") return;
    this.#say(`  ${notice.backend} hears in ${room}: <${sender}> ${content.text}`);
    this.said.push({ backend: notice.backend, room, sender, text: content.text });
  }
}

/** Runs a core with its backends, lets them talk, and ends it. */
export async function demoTriba(stage: Stage): Promise<void> {
  const { say, folder } = stage;
  const present = haveCommands("ngircd", "openssl");
  if (!present) say("There is no ngircd here, so nobody is on IRC today.");
  const server = present ? await startServer(folder, NGIRCD) : undefined;
  try {
    const irc = server === undefined ? "" : configureIrc(server.port);
    await Deno.writeTextFile(`${folder}/triba.toml`, `${ECHO}${irc}`);
    say("1. A core starts its backends. Each shows an id, and all is encrypted from then on.");
    const files = ["--config", "triba.toml", "--state", "state"];
    const core = new Conversation(stage, ["core", ...files, "--json", "--log-level", "warn"]);
    const expected = irc === "" ? ["echo"] : ["echo", "anna", "bert"];
    await core.until(() => expected.every((name) => core.online.has(name)), "all to be online");

    say("\n2. A word with the echo.");
    await core.send("echo", LOBBY, "Is anybody there?");
    await core.hear("echo", /^Is anybody there\?$/);
    if (irc !== "") await chat(core, say);

    say("\n3. What was said is kept.");
    const fetch = { type: "FetchMessages", room: LOBBY, before: null, limit: 10 } as const;
    const answer = await core.call("echo", fetch);
    if (answer.type !== "Messages" || answer.messages.length < 2) {
      throw new Error("The echo has forgotten what was said");
    }
    say(`  ${answer.messages.length} messages in ${LOBBY}`);

    say("\n4. The end of its input ends the core, and with it all backends.");
    await core.end();
  } finally {
    await server?.[Symbol.asyncDispose]();
  }
}

async function chat(core: Conversation, say: (text: string) => void): Promise<void> {
  say(
    "\n   Bert and Anna on IRC, each with a backend. The bridge joins their channel and the lobby.",
  );
  for (const name of ["anna", "bert"]) await core.call(name, { type: "JoinRoom", room: CHANNEL });
  await core.send("bert", CHANNEL, "Good morning, Anna");
  await core.hear("anna", /^Good morning, Anna$/);
  await core.hear("echo", /Good morning, Anna/);
  await core.send("anna", CHANNEL, "Good morning, Bert");
  await core.hear("bert", /^Good morning, Bert$/);
  await core.send("echo", LOBBY, "Good morning, IRC");
  await core.hear("bert", /Good morning, IRC/);
}
