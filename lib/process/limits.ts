/**
 * Resource limits: none may dump our memory to a file, and a command gets the limits that we got
 * (spec coffer 14.6). The runtime raises its own limit on descriptors when it starts.
 *
 * @module
 */

import type { Libc } from "./libc.ts";

const RLIMIT_CORE = 4;
const RLIMIT_NOFILE = 7;
const SELF = 0;

/** What service managers give by default: programs that use select(2) must not get more. */
const USUAL_SOFT_LIMIT = 1024n;
/** The hard limit that comes with it (systemd's DefaultLimitNOFILE). */
const USUAL_HARD_LIMIT = 524_288n;

/** A resource limit; 2^64 - 1 is none. */
export interface Limit {
  /** What counts. */
  readonly soft: bigint;
  /** What the process may raise it to. */
  readonly hard: bigint;
}

/** The limits that this process was given. */
export class InheritedLimits {
  readonly #libc: Libc;
  readonly #core: Limit | undefined;

  /** Looks at them; make it before anything changes them. */
  constructor(libc: Libc) {
    this.#libc = libc;
    this.#core = readLimit(libc, SELF, RLIMIT_CORE);
  }

  /** From now on no core dump of this process is written: it would hold secrets. */
  forbidCoreDumps(): void {
    if (this.#core !== undefined) setLimit(this.#libc, RLIMIT_CORE, { ...this.#core, soft: 0n });
  }

  /** Puts the limits back before a command is started. */
  restore(): void {
    if (this.#core !== undefined) setLimit(this.#libc, RLIMIT_CORE, this.#core);
    const own = readLimit(this.#libc, SELF, RLIMIT_NOFILE);
    if (own === undefined) return;
    const soft = givenSoftLimit(own, readLimit(this.#libc, Deno.ppid, RLIMIT_NOFILE));
    setLimit(this.#libc, RLIMIT_NOFILE, { ...own, soft });
  }
}

/**
 * The soft limit on descriptors that this process was started with, as far as that can be known
 * after the runtime has raised it to the hard limit: the parent's, unless a limit was set between
 * the two, as service managers do.
 *
 * @param parent Undefined where the system keeps it from us: the parent is another user's.
 */
export function givenSoftLimit(own: Limit, parent: Limit | undefined): bigint {
  if (parent !== undefined && (parent.hard === own.hard || parent.soft < own.hard)) {
    return parent.soft < own.hard ? parent.soft : own.hard;
  }
  // A manager that sets a limit of its own sets both to the same number.
  return own.hard === USUAL_HARD_LIMIT ? USUAL_SOFT_LIMIT : own.hard;
}

function readLimit(libc: Libc, pid: number, resource: number): Limit | undefined {
  const found = new BigUint64Array(2);
  if (libc.prlimit(pid, resource, null, found) !== 0) return undefined;
  const [soft = 0n, hard = 0n] = found;
  return { soft, hard };
}

function setLimit(libc: Libc, resource: number, limit: Limit): void {
  libc.prlimit(SELF, resource, BigUint64Array.of(limit.soft, limit.hard), null);
}
