/**
 * What outlives the process: rooms and their last messages, in a folder of this server's own within
 * the one that the core gives. A file of messages grows line by line, and is written anew when half
 * of it is old.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { FileFault, readSecretFile, withFile, writeSecretFile } from "../../../lib/files/mod.ts";
import { type Casemapping, CASEMAPPINGS } from "../../../lib/irc/mod.ts";
import type { Logger } from "../../../lib/log/mod.ts";
import { isKept, isRecord } from "./stored_shapes.ts";
import type { Kept } from "./history.ts";

const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;
/** Largest file that is read. */
const MOST_BYTES = 64 * 1024 * 1024;
/** Changes of the rooms are collected this long, in milliseconds. */
const DELAY_MS = 500;

/** A room as it is stored. */
export interface StoredRoom {
  readonly name: string;
  readonly direct: boolean;
  readonly key?: string | undefined;
  readonly topic: string | null;
  readonly unread: number;
}

/** What is stored apart from messages. */
export interface StoredState {
  readonly casemapping: Casemapping;
  /** The nickname in use last. */
  readonly nick: string;
  readonly rooms: readonly StoredRoom[];
}

/** Where things are kept; a fault of the disk is logged, and chat goes on. */
export class Store {
  readonly #folder: string;
  readonly #mostMessages: number;
  readonly #log: Logger;
  /** Number of lines in the files of messages once all has been written. */
  readonly #lines = new Map<string, number>();
  #waiting: (() => Promise<void>)[] = [];
  #state: (() => StoredState) | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #writing: Promise<void> | undefined;

  private constructor(folder: string, mostMessages: number, log: Logger) {
    this.#folder = folder;
    this.#mostMessages = mostMessages;
    this.#log = log;
  }

  /**
   * Opens the folder of a server within that of the backend; it is made if need be.
   *
   * @param mostMessages Messages that are kept of a room; 0 keeps none.
   * @throws {FileFault} if that is not possible.
   */
  static async open(
    parent: string,
    server: string,
    mostMessages: number,
    log: Logger,
  ): Promise<Store> {
    const folder = `${parent}/${server.replace(/[^A-Za-z0-9.-]/g, "_")}`;
    await withFile(
      "make",
      folder,
      () => Deno.mkdir(`${folder}/messages`, { recursive: true, mode: FOLDER_MODE }),
    );
    return new Store(folder, mostMessages, log);
  }

  /** What was stored; undefined if nothing was, or if it makes no sense. */
  async readState(): Promise<StoredState | undefined> {
    const text = await this.#read(`${this.#folder}/state.json`);
    if (text === undefined) return undefined;
    try {
      return toState(JSON.parse(text));
    } catch (error) {
      if (!(error instanceof SyntaxError || error instanceof RangeError)) throw error;
      this.#log.warn(`Cannot use the stored rooms: ${error.message}`);
      return undefined;
    }
  }

  /** The messages of a room, the oldest first; lines that make no sense are left out. */
  async readMessages(id: string): Promise<Kept[]> {
    const lines = (await this.#read(this.#messagesPath(id)))?.split("\n") ?? [];
    this.#lines.set(id, lines.length);
    return lines.flatMap((line): Kept[] => {
      try {
        const value: unknown = JSON.parse(line);
        return isKept(value) ? [value] : [];
      } catch {
        return []; // a line that was cut off by a crash, or the end of the file
      }
    }).slice(-this.#mostMessages);
  }

  /** Stores the rooms soon. */
  saveState(state: () => StoredState): void {
    this.#state = state;
    this.#soon();
  }

  /** Stores a message soon. @param all All messages of the room, this one included. */
  addMessage(id: string, kept: Kept, all: () => readonly Kept[]): void {
    if (this.#mostMessages === 0) return;
    const path = this.#messagesPath(id);
    const lines = (this.#lines.get(id) ?? 0) + 1;
    if (lines > 2 * this.#mostMessages) {
      const last = all().slice(-this.#mostMessages);
      this.#lines.set(id, last.length);
      this.#waiting.push(() => writeSecretFile(path, encode(last.map(toLine).join("")), true));
    } else {
      this.#lines.set(id, lines);
      this.#waiting.push(() => this.#append(path, encode(toLine(kept))));
    }
    this.#soon();
  }

  /** Forgets the messages of a room. */
  removeMessages(id: string): void {
    this.#lines.delete(id);
    this.#waiting.push(async () => {
      await Deno.remove(this.#messagesPath(id)).catch((error) => {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      });
    });
    this.#soon();
  }

  /** Writes what waits. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    while (this.#writing !== undefined) await this.#writing;
    if (this.#waiting.length === 0 && this.#state === undefined) return;
    this.#writing = this.#writeAll();
    await this.#writing;
  }

  #soon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.flush();
    }, DELAY_MS);
  }

  async #writeAll(): Promise<void> {
    const work = this.#waiting;
    const state = this.#state;
    this.#waiting = [];
    this.#state = undefined;
    if (state !== undefined) {
      const path = `${this.#folder}/state.json`;
      work.push(() =>
        writeSecretFile(path, encode(`${JSON.stringify({ version: 1, ...state() })}\n`), true)
      );
    }
    for (const write of work) {
      await write().catch((error) =>
        this.#log.error(`Cannot store what happened: ${error.message}`)
      );
    }
    this.#writing = undefined;
  }

  async #append(path: string, bytes: Uint8Array): Promise<void> {
    await withFile(
      "write",
      path,
      () => Deno.writeFile(path, bytes, { append: true, create: true, mode: FILE_MODE }),
    );
  }

  async #read(path: string): Promise<string | undefined> {
    try {
      return new TextDecoder().decode((await readSecretFile(path, MOST_BYTES)).bytes);
    } catch (error) {
      if (!(error instanceof FileFault)) throw error;
      if (error.code !== "missing") this.#log.warn(error.message);
      return undefined;
    }
  }

  /** Names of rooms may hold what names of files may not. */
  #messagesPath(id: string): string {
    const name = createHash("sha256").update(id).digest("hex").slice(0, 32);
    return `${this.#folder}/messages/${name}.jsonl`;
  }
}

function toLine(kept: Kept): string {
  return `${JSON.stringify(kept)}\n`;
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function toState(value: unknown): StoredState {
  if (!isRecord(value) || value["version"] !== 1 || !Array.isArray(value["rooms"])) {
    throw new RangeError("they have an unknown form");
  }
  const casemapping = CASEMAPPINGS.find((known) => known === value["casemapping"]) ?? "rfc1459";
  const rooms = value["rooms"].flatMap((room: unknown): StoredRoom[] => {
    if (!isRecord(room) || typeof room["name"] !== "string" || room["name"] === "") return [];
    const { name, direct, key, topic, unread } = room as Record<string, unknown> & { name: string };
    return [{
      name,
      direct: direct === true,
      key: typeof key === "string" ? key : undefined,
      topic: typeof topic === "string" ? topic : null,
      unread: Number.isSafeInteger(unread) ? Math.max(0, unread as number) : 0,
    }];
  });
  return { casemapping, nick: typeof value["nick"] === "string" ? value["nick"] : "", rooms };
}
