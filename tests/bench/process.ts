// What the system knows of a process: processor time and memory. Reading /proc needs all
// permissions, which is why the benchmarks run with them.

/** Ticks a second in which /proc counts time; the same on every Linux. */
const TICKS_PER_SECOND = 100;
/** A peak is asked for this often while a program runs, since it is gone with the process. */
const WATCH_INTERVAL_MS = 20;

/** Seconds of processor time in the text of /proc/PID/stat: in the program and for it. */
export function parseCpuSeconds(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" "); // the name may hold anything
  const [user, system] = [Number(fields[11]), Number(fields[12])];
  if (!Number.isInteger(user + system)) throw new Error(`Cannot read processor time: "${stat}"`);
  return (user + system) / TICKS_PER_SECOND;
}

/** A line of /proc/PID/status in bytes; undefined when it is not there, as for a zombie. */
export function parseStatusBytes(status: string, name: "VmHWM" | "VmRSS"): number | undefined {
  const [, kilobytes] = new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status) ?? [];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}

/** Seconds of processor time that a process has used. */
export function cpuSeconds(pid: number): number {
  return parseCpuSeconds(Deno.readTextFileSync(`/proc/${pid}/stat`));
}

/** Memory that a process has now (`VmRSS`) or had at its peak (`VmHWM`), in bytes. */
export function memoryBytes(pid: number, which: "VmHWM" | "VmRSS"): number {
  const bytes = parseStatusBytes(Deno.readTextFileSync(`/proc/${pid}/status`), which);
  if (bytes === undefined) throw new Error(`Cannot read the memory of process ${pid}: it ended`);
  return bytes;
}

/** How many descriptors the text of /proc/PID/limits lets a process have at most. */
export function parseHardDescriptors(limits: string): number {
  const [, hard] = /^Max open files +\S+ +(\d+|unlimited) /m.exec(limits) ?? [];
  if (hard === undefined) throw new Error(`Cannot read the limit of descriptors: "${limits}"`);
  return hard === "unlimited" ? Infinity : Number(hard);
}

/** How many descriptors a program that is started from here can have at most. */
export function mostDescriptors(): number {
  return parseHardDescriptors(Deno.readTextFileSync("/proc/self/limits"));
}

/** Watches the peak memory of a process that will end by itself. */
export class PeakWatch implements Disposable {
  readonly #timer: ReturnType<typeof setInterval>;
  /** The highest peak seen, in bytes. */
  bytes = 0;

  constructor(pid: number) {
    this.#timer = setInterval(() => this.#look(pid), WATCH_INTERVAL_MS);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #look(pid: number): void {
    try {
      const status = Deno.readTextFileSync(`/proc/${pid}/status`);
      this.bytes = Math.max(this.bytes, parseStatusBytes(status, "VmHWM") ?? 0);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error; // it has ended
    }
  }
}
