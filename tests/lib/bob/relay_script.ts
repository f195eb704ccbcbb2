// What peers of the main port say, for scripts against a relay's world.

import { RelayWorld, type WorldOptions } from "./relay_world.ts";

export const PUBLIC = "p".repeat(34);
export const X = "x".repeat(32);
export const Y = "y".repeat(32);
export const VALIDATOR = "v".repeat(64);
export const GONE = "0000090000";

/** A world with these servers and clients; what they got at first is taken. */
export function worldOf(names: string, options: WorldOptions = {}): RelayWorld {
  const world = new RelayWorld(options);
  for (const name of names.split(" ")) {
    world.open(name);
    hello(world, name);
  }
  takeAll(world);
  return world;
}

/** Names that begin with s are servers. */
export function hello(world: RelayWorld, name: string): void {
  world.send(name, name.startsWith("s") ? `000000${PUBLIC}` : "000001");
}

export function takeAll(world: RelayWorld): Record<string, string> {
  const all = world.names().map((name) => [name, world.take(name)] as const);
  return Object.fromEntries(all.filter(([, received]) => received !== ""));
}

/** The exchange up to the agreement between client and server of these uids. */
export function agree(world: RelayWorld, client: [string, number], server: [string, number]): void {
  const hex = (uid: number) => uid.toString(16).padStart(4, "0");
  world.send(client[0], `${hex(server[1])}07${X}me\0`);
  world.send(server[0], `${hex(client[1])}06${Y}${VALIDATOR}`);
  world.send(client[0], `${hex(server[1])}05${VALIDATOR}`);
  world.send(server[0], `${hex(client[1])}08`);
  takeAll(world);
}

export function drops(world: RelayWorld): string[] {
  return world.told.flatMap((action) => action.type === "dropped" ? [action.reason] : []);
}
