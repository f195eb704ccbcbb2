/**
 * Where a tap shows what it sees.
 *
 * @module
 */

import { writeLogLine } from "../../../lib/cli/mod.ts";
import { SECRET_FILE_MODE, toFileFault, withFile } from "../../../lib/files/mod.ts";
import { formatTraceJson, formatTraceText, type TraceEvent } from "../../../lib/triba/trace/mod.ts";

/** Writes lines. */
export class TapOutput implements Disposable {
  readonly #file: Deno.FsFile | undefined;
  readonly #path: string;
  readonly #format: (event: TraceEvent, at: number) => string;
  #failed = false;

  private constructor(file: Deno.FsFile | undefined, path: string, json: boolean) {
    this.#file = file;
    this.#path = path;
    this.#format = json ? formatTraceJson : formatTraceText;
  }

  /**
   * Opens it.
   *
   * @param path A file that lines are appended to; standard error unless given.
   * @throws {FileFault} if that is not possible.
   */
  static async open(path: string | undefined, json: boolean): Promise<TapOutput> {
    if (path === undefined) return new TapOutput(undefined, "", json);
    const file = await withFile("write", path, async () => {
      const opened = await Deno.open(path, { create: true, append: true, mode: SECRET_FILE_MODE });
      await Deno.chmod(path, SECRET_FILE_MODE); // it may have been there before
      return opened;
    });
    return new TapOutput(file, path, json);
  }

  /** Shows something. A file that is full is said once, and ends nothing: the backend goes on. */
  show(event: TraceEvent): void {
    const line = this.#format(event, Date.now());
    if (this.#file === undefined) return writeLogLine(line);
    if (this.#failed) return;
    const bytes = new TextEncoder().encode(`${line}\n`);
    try {
      for (let done = 0; done < bytes.length;) done += this.#file.writeSync(bytes.subarray(done));
    } catch (error) {
      this.#failed = true;
      writeLogLine(`error: ${toFileFault(error, "write", this.#path).message}`);
    }
  }

  /** Shows something that is no packet. */
  note(text: string): void {
    this.show({ type: "note", from: undefined, text });
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#file?.close();
  }
}
