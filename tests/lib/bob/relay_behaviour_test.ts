import { assert, assertEquals, assertThrows } from "@std/assert";
import { decodeHex } from "@std/encoding/hex";
import { latin, type Port, RelayWorld, text } from "./relay_world.ts";

interface Step {
  readonly open?: string;
  readonly port?: Port;
  readonly from?: string;
  readonly send?: string;
  readonly end?: true;
  readonly to?: string;
  readonly receive?: string;
  readonly closed?: true;
  readonly wait?: number;
}

interface Scenario {
  readonly name: string;
  readonly section: string;
  readonly timeout?: number;
  readonly steps: readonly Step[];
  readonly ours?: {
    readonly section: string;
    readonly why: string;
    readonly steps: readonly Step[];
  };
}

interface Behaviour {
  readonly publics: Readonly<Record<string, string>>;
  readonly scenarios: readonly Scenario[];
}

/** Cuts what a peer sends; the number is where. */
type Cut = (bytes: Uint8Array) => Uint8Array[];

const { publics, scenarios }: Behaviour = JSON.parse(
  Deno.readTextFileSync(new URL("../../vectors/bob/relay-behaviour.json", import.meta.url)),
);

const LONGEST_SEND = 101;
const CUTS: readonly Cut[] = [
  (bytes) => [bytes],
  (bytes) => Array.from(bytes, (byte) => Uint8Array.of(byte)),
  ...Array.from({ length: LONGEST_SEND - 1 }, (_, at): Cut => (bytes) => [
    bytes.subarray(0, at + 1),
    bytes.subarray(at + 1),
  ]),
];

function play(steps: readonly Step[], timeout: number | undefined, cut: Cut): void {
  const world = new RelayWorld(timeout === undefined ? {} : { wait: timeout });
  const fill = (template: string) =>
    template
      .replace(/\{port:(\w+)\}/g, (_, name) => String(world.portNumber(name)))
      .replace(/\{public:(\w+)\}/g, (_, name) => text(decodeHex(publics[name] as string)));
  const closed = new Set<string>();
  for (const [number, step] of steps.entries()) {
    const { open, port = "main", from, send, to, receive, wait } = step;
    if (open !== undefined) world.open(open, { port });
    else if (wait !== undefined) world.wait(wait);
    else if (from !== undefined && send !== undefined) world.send(from, ...cut(latin(fill(send))));
    else if (from !== undefined) {
      world.end(from);
      closed.add(from);
    } else if (to !== undefined && receive !== undefined) {
      assertEquals(world.take(to), fill(receive), `step ${number}`);
    } else if (to !== undefined) {
      assert(world.closed(to) !== undefined, `step ${number}: still open`);
      closed.add(to);
    } else throw new Error(`Cannot play step ${number}`);
  }
  for (const name of world.names()) {
    assertEquals(world.take(name), "", `${name} at the end`);
    assertEquals(world.closed(name) !== undefined, closed.has(name), `${name} at the end`);
  }
}

Deno.test("RelayMachine and SecureMachine answer as the reference does, or better", async (t) => {
  for (const { name, section, steps, timeout, ours } of scenarios) {
    await t.step(`${section} ${name}`, () => {
      for (const cut of CUTS) play(ours?.steps ?? steps, timeout, cut);
    });
    if (ours === undefined) continue;
    await t.step(`${ours.section} differs from the reference: ${name}`, () => {
      assertThrows(() => play(steps, timeout, (bytes) => [bytes]));
    });
  }
});
