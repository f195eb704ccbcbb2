/**
 * The channels that we are in, and who else is.
 *
 * @module
 */

import { NameMap } from "../codec/casemapping.ts";
import { plainText } from "../codec/formatting.ts";
import type { IrcMessage } from "../codec/message.ts";
import { type ChannelAddress, checkChannelAddress } from "../codec/names.ts";
import { MAX_CHANNELS, MAX_MEMBERS } from "../constants.ts";
import type { ClientContext } from "./context.ts";
import { FIRST_LANE } from "./send_queue.ts";

/** Channels in one `JOIN`: one line of the flood control for all of them. */
const CHANNELS_PER_JOIN = 8;

interface Channel {
  readonly name: string;
  readonly members: NameMap<string>;
}

/** The channels of one connection. */
export class Channels {
  readonly #context: ClientContext;
  readonly #joined = new NameMap<Channel>();
  /** What we asked to join: the name that was asked for, under the one that is expected. */
  readonly #joining = new NameMap<{ readonly asked: string; readonly name: string }>();

  /** None yet. */
  constructor(context: ClientContext) {
    this.#context = context;
  }

  /** Names of the channels that we are in. */
  get names(): readonly string[] {
    return Array.from(this.#joined.values(), ({ name }) => name);
  }

  /** Nicknames in a channel; undefined if we are not in it. */
  members(channel: string): readonly string[] | undefined {
    const found = this.#joined.get(channel);
    return found === undefined ? undefined : [...found.members.values()];
  }

  /** Asks to join channels. @throws {IrcFault} for names that cannot be sent, or a full queue. */
  join(addresses: readonly ChannelAddress[]): void {
    addresses.forEach(checkChannelAddress);
    // Those with keys first: the list of keys belongs to the beginning of the list of names.
    const sorted = addresses.toSorted((a, b) =>
      Number(b.key !== undefined) - Number(a.key !== undefined)
    );
    for (let at = 0; at < sorted.length; at += CHANNELS_PER_JOIN) {
      const some = sorted.slice(at, at + CHANNELS_PER_JOIN);
      const keys = some.flatMap(({ key }) => key === undefined ? [] : [key]);
      const params = [some.map(({ name }) => name).join(",")];
      if (keys.length > 0) params.push(keys.join(","));
      this.#context.enqueue(FIRST_LANE, { command: "JOIN", params });
      for (const { name } of some) this.#joining.set(name, { asked: name, name });
    }
  }

  /** Asks to leave a channel. @throws {IrcFault} as {@linkcode Channels.join}. */
  part(channel: string): void {
    checkChannelAddress({ name: channel });
    this.#context.enqueue(FIRST_LANE, { command: "PART", params: [channel] });
  }

  /** The network compares names in its own way. */
  remap(): void {
    const { casemapping } = this.#context.isupport;
    this.#joined.remap(casemapping, ({ name }) => name);
    this.#joining.remap(casemapping, ({ name }) => name);
    for (const { members } of this.#joined.values()) members.remap(casemapping, (nick) => nick);
  }

  /** Takes a message about channels and the people in them. */
  receive({ command, params, source }: IrcMessage): void {
    const who = source?.name ?? "";
    const [first = "", second = "", third = ""] = params;
    switch (command) {
      case "JOIN":
        return first.split(",").forEach((name) => this.#enter(name, who));
      case "PART":
        return first.split(",").forEach((name) => this.#leave(name, who, undefined, second));
      case "KICK":
        return this.#leave(first, second, who, third);
      case "QUIT":
        for (const { members } of this.#joined.values()) members.delete(who);
        return;
      case "NICK":
        return this.#rename(who, first);
      case "TOPIC":
        return this.#setTopic(first, second);
      case "331": // no topic
        return this.#setTopic(second, "");
      case "332":
        return this.#setTopic(second, third);
      case "353":
        return this.#addMembers(third, params[3] ?? "");
    }
  }

  /**
   * Takes an error about a channel; whether it answers something that we asked for.
   *
   * @param params Those of the numeric.
   */
  refuse(numeric: string, params: readonly string[]): boolean {
    const [, channel = "", to = ""] = params;
    const text = plainText(params.at(-1) ?? "");
    if (numeric === "470") return this.#forward(channel, to);
    if (numeric === "442" && this.#joined.has(channel)) { // asked to leave where we are not
      this.#remove(channel, undefined, text);
      return true;
    }
    const asked = this.#joining.get(channel)?.asked;
    if (asked === undefined || !this.#joining.delete(channel)) return false;
    this.#context.emit({ type: "not-joined", channel: asked, numeric, text });
    return true;
  }

  /** The server sends us to another channel: what comes there is what we asked for. */
  #forward(from: string, to: string): boolean {
    const pending = this.#joining.get(from);
    if (pending === undefined) return false;
    this.#joining.delete(from);
    this.#joining.set(to, { asked: pending.asked, name: to });
    return true;
  }

  #enter(name: string, who: string): void {
    if (!this.#context.isMe(who)) return this.#addMember(this.#joined.get(name), who);
    const asked = this.#joining.get(name)?.asked;
    this.#joining.delete(name);
    if (this.#joined.has(name)) return;
    if (this.#joined.size >= MAX_CHANNELS || !this.#context.isupport.isChannel(name)) {
      return this.#context.log("warn", "Cannot keep track of one more channel");
    }
    const members = new NameMap<string>(this.#context.isupport.casemapping);
    members.set(who, this.#context.nick);
    this.#joined.set(name, { name, members });
    this.#context.emit({
      type: "joined",
      channel: name,
      asked: asked === name ? undefined : asked,
    });
  }

  #leave(name: string, who: string, by: string | undefined, text: string): void {
    if (this.#context.isMe(who)) this.#remove(name, by, plainText(text));
    else this.#joined.get(name)?.members.delete(who);
  }

  #remove(name: string, by: string | undefined, text: string): void {
    const channel = this.#joined.get(name);
    if (channel === undefined) return;
    this.#joined.delete(name);
    this.#context.emit({ type: "left", channel: channel.name, by, text });
  }

  #rename(from: string, to: string): void {
    if (to === "") return;
    for (const { members } of this.#joined.values()) {
      if (members.delete(from)) members.set(to, to);
    }
  }

  #setTopic(name: string, text: string): void {
    const channel = this.#joined.get(name);
    if (channel === undefined) return;
    const topic = plainText(text);
    this.#context.emit({
      type: "topic",
      channel: channel.name,
      topic: topic === "" ? null : topic,
    });
  }

  #addMembers(name: string, list: string): void {
    const channel = this.#joined.get(name);
    const prefixes = this.#context.isupport.memberPrefixes;
    for (const word of list.split(" ")) {
      let start = 0;
      while (start < word.length && prefixes.includes(word[start] as string)) start++;
      const nick = word.slice(start).split("!", 1)[0] as string;
      if (nick !== "") this.#addMember(channel, nick);
    }
  }

  #addMember(channel: Channel | undefined, nick: string): void {
    if (channel !== undefined && channel.members.size < MAX_MEMBERS) {
      channel.members.set(nick, nick);
    }
  }
}
