/**
 * An editor on a file that nobody else can read and that does not outlive it.
 *
 * @module
 */

import { EXIT, ExitFault, Interrupted } from "../../lib/cli/mod.ts";
import { withFile } from "../../lib/files/mod.ts";

/** The shell takes the editor's words apart as it does everywhere; it becomes the editor. */
const SCRIPT = 'eval "exec ${VISUAL:-${EDITOR:-vi}} \\"\\$1\\""';

/** A folder of mode 0700 that is removed with all that is in it, also when the process is ended. */
export class PrivateFolder implements Disposable {
  /** Where it is. */
  readonly path: string;
  readonly #onExit = () => this.#remove();

  private constructor(path: string) {
    this.path = path;
    globalThis.addEventListener("unload", this.#onExit);
  }

  /**
   * Makes one with a file in it, in memory where there is such a place.
   *
   * @throws {FileFault} when there is no place for it at all.
   */
  static async create(name: string, content: Uint8Array): Promise<PrivateFolder> {
    for (const dir of [Deno.env.get("XDG_RUNTIME_DIR"), "/dev/shm"]) {
      if (dir === undefined || dir === "") continue;
      try {
        return await PrivateFolder.#createIn(dir, name, content);
      } catch (error) {
        if (!isUnusable(error)) throw error;
      }
    }
    return await withFile(
      "create a file in",
      "the folder for temporary files",
      () => PrivateFolder.#createIn(undefined, name, content),
    );
  }

  static async #createIn(
    dir: string | undefined,
    name: string,
    content: Uint8Array,
  ): Promise<PrivateFolder> {
    const where = dir === undefined ? {} : { dir };
    const folder = new PrivateFolder(await Deno.makeTempDir({ ...where, prefix: "coffer-" }));
    try {
      await Deno.writeFile(`${folder.path}/${name}`, content, { createNew: true, mode: 0o600 });
      return folder;
    } catch (error) {
      folder[Symbol.dispose]();
      throw error;
    }
  }

  /** Removes it. */
  [Symbol.dispose](): void {
    globalThis.removeEventListener("unload", this.#onExit);
    this.#remove();
  }

  #remove(): void {
    try {
      Deno.removeSync(this.path, { recursive: true });
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}

function isUnusable(error: unknown): boolean {
  return [
    Deno.errors.NotFound,
    Deno.errors.PermissionDenied,
    Deno.errors.NotCapable,
    Deno.errors.NotADirectory,
  ].some((type) => error instanceof type) || /os error (?:28|30|122)\b/.test(String(error));
}

/**
 * Runs the user's editor to its end. A SIGTERM or SIGHUP to this program ends the editor; SIGINT
 * is the editor's own business.
 *
 * @throws {ExitFault} when it fails or is killed.
 * @throws {Interrupted} after a signal to this program.
 */
export async function runEditor(file: string): Promise<void> {
  const child = new Deno.Command("/bin/sh", {
    args: ["-c", SCRIPT, "sh", file],
    stdin: "inherit",
    stdout: "inherit",
    stderr: "inherit",
  }).spawn();
  let interrupted: Interrupted | undefined;
  const handlers = (["SIGTERM", "SIGHUP"] as const).map((name) => {
    const handler = () => {
      end(child, interrupted === undefined ? "SIGTERM" : "SIGKILL"); // the second one insists
      interrupted ??= new Interrupted(name);
    };
    return [name, handler] as const;
  });
  const ignore = () => {};
  const listeners = [...handlers, ["SIGINT", ignore] as const];
  for (const [name, handler] of listeners) Deno.addSignalListener(name, handler);
  try {
    const { success, code, signal } = await child.status;
    if (interrupted !== undefined) throw interrupted;
    if (success) return;
    const end = signal === null ? `it ended with status ${code}` : `it was killed by ${signal}`;
    throw new ExitFault(
      EXIT.failed,
      `The editor failed: ${end}`,
      "The definition stays as it was; $VISUAL or $EDITOR names the editor",
    );
  } finally {
    for (const [name, handler] of listeners) Deno.removeSignalListener(name, handler);
  }
}

function end(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // it has ended meanwhile
  }
}
