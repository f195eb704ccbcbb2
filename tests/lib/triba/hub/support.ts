// A user interface at a hub, without a stream.

import {
  Attachment,
  Hub,
  type HubMessage,
  type HubRequest,
  type Outlet,
  SharedCore,
} from "../../../../lib/triba/hub/mod.ts";
import { History } from "../../../../lib/triba/hub/mod.ts";
import { FakeCore } from "../../../support/fake_core.ts";

/** What a user interface has got. */
export class Screen implements Outlet {
  readonly messages: HubMessage[] = [];
  /** Lines that it still takes. */
  room = Infinity;
  instead: boolean | undefined;

  push(line: string): boolean {
    if (this.room-- <= 0) return false;
    this.messages.push(JSON.parse(line));
    return true;
  }

  end(line: string, instead: boolean): void {
    this.instead = instead;
    this.messages.push(JSON.parse(line));
  }

  /** What came since the last time. */
  take(): HubMessage[] {
    return this.messages.splice(0);
  }
}

/** A hub over a core without processes. */
export interface HubStage {
  readonly core: FakeCore;
  readonly hub: Hub;
  readonly dropped: string[];
  readonly defects: unknown[];
}

export function makeHub(history = new History(), ...names: readonly string[]): HubStage {
  const core = new FakeCore(...(names.length > 0 ? names : ["echo"]));
  const dropped: string[] = [];
  const defects: unknown[] = [];
  const hub = new Hub({
    core: new SharedCore(core),
    run: "run-1",
    agent: "triba-core/test",
    clock: () => 1_700_000_000_000,
    history,
    onDropped: (name) => dropped.push(name),
    onDefect: (error) => defects.push(error),
  });
  return { core, hub, dropped, defects };
}

/** Attaches a user interface; its greeting is taken. */
export function attach(hub: Hub): { readonly attachment: Attachment; readonly screen: Screen } {
  const screen = new Screen();
  const attachment = hub.attach(screen);
  screen.take();
  return { attachment, screen };
}

export function ask(attachment: Attachment, request: HubRequest): void {
  attachment.receive({ type: "line", text: JSON.stringify(request) });
}

/** Lets all promises that are ready go on. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
