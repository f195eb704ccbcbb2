/**
 * What a check point works with: fresh backends in any state of the handshake, and one open session
 * that points share as long as it is healthy.
 *
 * @module
 */

import { type Play, Player } from "./player.ts";
import type { Manner } from "./side.ts";
import { StageBase } from "./stage_base.ts";
import { type Launch, type Subject, Trial } from "./trial.ts";
import { Skipped } from "./verdict.ts";
import { SEALED_1, SPAWN_SECRET_BYTES } from "../../../lib/triba/mod.ts";

/** What is found out once and holds for all points. */
export interface Facts {
  /** Whether the backend offers sealed-1. */
  sealing?: Promise<boolean>;
}

/** What a stage needs. */
export interface StageOptions {
  /** The backend under test. */
  readonly subject: Subject;
  /** How to talk to it. */
  readonly manner: Manner;
  /** A room that may be written to; points that need one are skipped without it. */
  readonly room?: string | undefined;
  /** Shared by all stages. */
  readonly facts: Facts;
}

/** Where points are played, one after the other. */
export class Stage extends StageBase<Trial, Player> {
  readonly #options: StageOptions;

  /** Starts nothing yet. */
  constructor(options: StageOptions) {
    super(options.manner);
    this.#options = options;
  }

  /** A room that may be written to. @throws {Skipped} */
  get room(): string {
    const { room } = this.#options;
    if (room !== undefined) return room;
    throw new Skipped("It writes messages: name a room for them with --room");
  }

  /** Starts a backend. */
  async start(launch: Launch = {}): Promise<Trial> {
    return await this.keep(() => Trial.start(this.#options.subject, launch));
  }

  /** A backend that has shown its id. */
  async connect(play: Play = {}): Promise<Player> {
    return await Player.connect(await this.start(play), this.manner, play);
  }

  /** A backend whose first packet has been read, and not answered. */
  async beforeUpgrade(play: Play = {}): Promise<Player> {
    const player = await this.connect(play);
    await player.exchangeKeys();
    await player.readUpgrade();
    return player;
  }

  /** A backend after step 8. */
  async upgraded(play: Play = {}): Promise<Player> {
    const player = await this.connect(play);
    await player.upgrade();
    return player;
  }

  /** A backend with an open session of its own. */
  override async open(play: Play = {}): Promise<Player> {
    return await (await this.connect(play)).open();
  }

  /** A secret for a spawn. @throws {Skipped} if the backend does not offer sealed-1. */
  async secret(): Promise<Uint8Array<ArrayBuffer>> {
    if (this.manner.handshake === "plain") throw new Skipped("It needs the version exchange");
    this.#options.facts.sealing ??= this.#offersSealing();
    if (await this.#options.facts.sealing) return makeSecret();
    throw new Skipped(`The backend does not offer ${SEALED_1}`);
  }

  async #offersSealing(): Promise<boolean> {
    const player = await this.upgraded({ secret: makeSecret() });
    await player.exchangeVersions();
    return player.version?.features.includes(SEALED_1) ?? false;
  }
}

function makeSecret(): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(SPAWN_SECRET_BYTES));
}
