/**
 * Where a tap shows what it sees.
 *
 * @module
 */

import { SECRET_FILE_MODE, withFile } from "../../../lib/files/mod.ts";
import { formatTraceJson, formatTraceText, type TraceEvent } from "../../../lib/triba/trace/mod.ts";

/** Writes lines. */
export class TapOutput implements Disposable {
  readonly #file: Deno.FsFile | undefined;
  readonly #format: (event: TraceEvent, at: number) => string;

  private constructor(file: Deno.FsFile | undefined, json: boolean) {
    this.#file = file;
    this.#format = json ? formatTraceJson : formatTraceText;
  }

  /**
   * Opens it.
   *
   * @param path A file that lines are appended to; standard error unless given.
   * @throws {FileFault} if that is not possible.
   */
  static async open(path: string | undefined, json: boolean): Promise<TapOutput> {
    if (path === undefined) return new TapOutput(undefined, json);
    const file = await withFile("write", path, async () => {
      const opened = await Deno.open(path, { create: true, append: true, mode: SECRET_FILE_MODE });
      await Deno.chmod(path, SECRET_FILE_MODE); // it may have been there before
      return opened;
    });
    return new TapOutput(file, json);
  }

  /** Shows something. */
  show(event: TraceEvent): void {
    const line = new TextEncoder().encode(`${this.#format(event, Date.now())}\n`);
    const to = this.#file ?? Deno.stderr;
    for (let done = 0; done < line.length;) done += to.writeSync(line.subarray(done));
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
