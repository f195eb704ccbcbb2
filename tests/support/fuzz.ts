// Fuzz targets: seeded random cases, reproducible by FUZZ_SEED, as many as FUZZ_RUNS says.

const DEFAULT_RUNS = 2000;
const DEFAULT_SEED = 1;

/** A small seeded generator (mulberry32): the same seed gives the same cases everywhere. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** An unsigned 32-bit number. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }

  /** A whole number from 0 to `limit - 1`. */
  below(limit: number): number {
    return Math.floor((this.next() / 0x100000000) * limit);
  }

  bool(): boolean {
    return (this.next() & 1) === 1;
  }

  bytes(length: number): Uint8Array<ArrayBuffer> {
    return Uint8Array.from({ length }, () => this.next() & 0xff);
  }

  pick<T>(list: readonly T[]): T {
    if (list.length === 0) throw new RangeError("Cannot pick from an empty list");
    return list[this.below(list.length)] as T;
  }

  /** A copy with one to four small damages: flipped bits, bytes cut out, inserted or repeated. */
  mutate(original: Uint8Array): Uint8Array<ArrayBuffer> {
    let bytes = new Uint8Array(original);
    for (let damages = 1 + this.below(4); damages > 0; damages--) {
      const at = this.below(bytes.length + 1);
      const length = Math.min(this.below(9), bytes.length - at);
      const [before, part, after] = [
        bytes.slice(0, at),
        bytes.slice(at, at + length),
        bytes.slice(at + length),
      ];
      switch (this.below(4)) {
        case 0:
          if (at < bytes.length) bytes[at] = (bytes[at] as number) ^ (1 << this.below(8));
          break;
        case 1:
          bytes = new Uint8Array([...before, ...after]);
          break;
        case 2:
          bytes = new Uint8Array([...before, ...this.bytes(1 + this.below(8)), ...part, ...after]);
          break;
        default:
          bytes = new Uint8Array([...before, ...part, ...part, ...after]);
      }
    }
    return bytes;
  }
}

function setting(name: string, fallback: number): number {
  const text = Deno.env.get(name);
  if (text === undefined) return fallback;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new RangeError(`Cannot use ${name}: "${text}" is not a whole number`);
  }
  return value;
}

/** Registers a test that runs the target many times, each time with a generator of its own. */
export function fuzz(name: string, run: (random: Random) => void | Promise<void>): void {
  const runs = setting("FUZZ_RUNS", DEFAULT_RUNS);
  const seed = setting("FUZZ_SEED", DEFAULT_SEED);
  Deno.test(`fuzz: ${name}`, async () => {
    for (let number = 0; number < runs; number++) {
      try {
        await run(new Random(Math.imul(seed, 0x9e3779b1) + number));
      } catch (error) {
        throw new Error(`Fuzz target "${name}" fails: FUZZ_SEED=${seed}, case ${number}`, {
          cause: error,
        });
      }
    }
  });
}
