// A real systemd, booted in namespaces over this machine's /usr: units are started as on a machine
// of their own. Needs root, systemd-nspawn and control groups that can be written to.

import { readProcess } from "./proc.ts";
import { type Ended, hasCommand, Program } from "./program.ts";
import { until } from "./within.ts";

const COMMANDS = ["systemd-nspawn", "systemctl", "dbus-daemon", "nsenter", "unshare"];
/** What a system without packages of its own takes from this machine. */
const TAKEN = ["passwd", "group", "nsswitch.conf", "ld.so.cache", "os-release"];
const FOLDERS = [
  ...["etc/systemd/system", "var", "usr", "proc", "sys", "dev", "run", "tmp", "root"],
  ...["opt/programs", "local/bin"],
];
/** Descriptors of a first process; where that is forbidden the limit is what it is here. */
const KERNEL_LIMIT = "1024:524288";
const COMMAND_TIMEOUT_MS = 60_000;
const SHUTDOWN_TIMEOUT_MS = 60_000;

/** Why no system can be booted here, if so. */
export function whyNotBooted(): string | undefined {
  if (Deno.uid() !== 0) return "not root";
  const missing = COMMANDS.find((name) => !hasCommand(name));
  if (missing !== undefined) return `no ${missing}`;
  const namespaces = ["--mount", "--pid", "--fork", "--mount-proc", "true"];
  if (!succeeds("unshare", namespaces)) return "no namespaces";
  if (!succeeds("test", ["-w", "/sys/fs/cgroup"])) return "control groups cannot be written to";
  return undefined;
}

function succeeds(command: string, args: readonly string[]): boolean {
  return new Deno.Command(command, { args: [...args], stdout: "null", stderr: "null" })
    .outputSync().success;
}

/** A system that runs. */
export class Booted implements AsyncDisposable {
  /** Where its files are; its /usr/local/bin is `local/bin`. */
  readonly root: string;
  readonly #nspawn: Program;
  #leader = "";

  private constructor(root: string, nspawn: Program) {
    this.root = root;
    this.#nspawn = nspawn;
  }

  /**
   * Boots in an empty folder.
   *
   * @param programs A folder of executables that are in its /usr/local/bin.
   * @param prepare Puts files into the folder before that.
   */
  static async boot(
    root: string,
    programs: string,
    prepare: () => Promise<void>,
  ): Promise<Booted> {
    await Deno.chmod(root, 0o755);
    for (const folder of FOLDERS) await Deno.mkdir(`${root}/${folder}`, { recursive: true });
    for (const name of ["bin", "sbin", "lib", "lib64"]) {
      await Deno.symlink(`usr/${name}`, `${root}/${name}`);
    }
    for (const name of TAKEN) await Deno.copyFile(`/etc/${name}`, `${root}/etc/${name}`);
    await Deno.writeTextFile(`${root}/etc/machine-id`, ""); // a new one
    for await (const { name } of Deno.readDir(programs)) {
      await Deno.symlink(`/opt/programs/${name}`, `${root}/local/bin/${name}`);
    }
    await prepare();
    const nspawn = Program.startForeign("systemd-nspawn", [
      ...["--quiet", `--directory=${root}`, "--bind-ro=/usr", "--boot", "--private-network"],
      ...[`--bind-ro=${root}/local:/usr/local`, `--bind-ro=${programs}:/opt/programs`],
      ...["--register=no", "--keep-unit", "--console=pipe", `--rlimit=NOFILE=${KERNEL_LIMIT}`],
    ]);
    const booted = new Booted(root, nspawn);
    try {
      await booted.#untilRunning();
    } catch (error) {
      await nspawn[Symbol.asyncDispose]();
      throw error;
    }
    return booted;
  }

  async #untilRunning(): Promise<void> {
    const { pid } = this.#nspawn;
    await until(() => {
      if (!this.#nspawn.running) throw new Error(`Cannot boot: ${this.#nspawn.stderr}`);
      this.#leader = readProcess(pid, `task/${pid}/children`).trim(); // at first it is a helper
      return /^\d+$/.test(this.#leader) && /^(?:running|degraded)$/m.test(this.#state());
    }, "the system to boot");
  }

  #state(): string {
    const args = this.#line(["systemctl", "is-system-running"]);
    const { stdout } = new Deno.Command("nsenter", { args, stderr: "null" }).outputSync();
    return new TextDecoder().decode(stdout);
  }

  #line(words: readonly string[]): string[] {
    return ["-t", this.#leader, "-a", ...words];
  }

  /** Runs a command inside to its end, as root. */
  async run(words: readonly string[], timeoutMs = COMMAND_TIMEOUT_MS): Promise<Ended> {
    await using program = Program.startForeign("nsenter", this.#line(words));
    return await program.ended(timeoutMs);
  }

  /** What a command inside prints; fails unless it succeeds. */
  async print(...words: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(words);
    if (code !== 0) throw new Error(`"${words.join(" ")}" ended with ${code}: ${stderr}`);
    return stdout;
  }

  /** Properties of a unit. */
  async show<Name extends string>(unit: string, ...names: Name[]): Promise<Record<Name, string>> {
    const text = await this.print("systemctl", "show", unit, `--property=${names.join(",")}`);
    const lines = text.trim().split("\n").map((line) => {
      const at = line.indexOf("=");
      return [line.slice(0, at), line.slice(at + 1)];
    });
    return Object.fromEntries(lines);
  }

  /** The messages of one unit, or of everything. */
  async journal(unit?: string): Promise<string> {
    await this.print("journalctl", "--sync");
    const which = unit === undefined ? [] : ["--unit", unit];
    return await this.print("journalctl", "--no-pager", "--output=cat", ...which);
  }

  /** Powers off. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.run(["systemctl", "poweroff"]);
      await this.#nspawn.ended(SHUTDOWN_TIMEOUT_MS);
    } finally {
      await this.#nspawn[Symbol.asyncDispose]();
    }
  }
}
