/**
 * What a check point for cores works with: fresh cores whose backend is in any state of the
 * handshake.
 *
 * @module
 */

import { type BackendPlay, BackendPlayer } from "./backend_player.ts";
import { CoreTrial } from "./core_trial.ts";
import type { Manner } from "../side.ts";
import { StageBase } from "../stage_base.ts";
import type { Subject } from "../trial.ts";

/** Where points for cores are played, one after the other. */
export class CoreStage extends StageBase<CoreTrial, BackendPlayer> {
  readonly #subject: Subject;

  /** Starts nothing yet. */
  constructor(subject: Subject, manner: Manner) {
    super(manner);
    this.#subject = subject;
  }

  /** Starts a core. */
  async start(): Promise<CoreTrial> {
    return await this.keep(() => CoreTrial.start(this.#subject));
  }

  /** A core whose backend is connected. */
  async connect(play: BackendPlay = {}): Promise<BackendPlayer> {
    return await BackendPlayer.connect(await this.start(), this.manner, play);
  }

  /** A core after step 5. */
  async keyed(play: BackendPlay = {}): Promise<BackendPlayer> {
    const player = await this.connect(play);
    await player.exchangeKeys();
    return player;
  }

  /** A core after step 8. */
  async upgraded(play: BackendPlay = {}): Promise<BackendPlayer> {
    const player = await this.keyed(play);
    await player.upgrade();
    return player;
  }

  /** A core with an open session. */
  override async open(play: BackendPlay = {}): Promise<BackendPlayer> {
    const player = await (await this.connect(play)).open();
    // The core has it open only when it has read step 11: its answer to a ping says so.
    await player.responsePacket(player.request("Ping"));
    return player;
  }
}
