/**
 * `triba core --trace DIR`: each connection of a backend as a file that `triba decode` reads. The
 * files hold keys, secrets of logins and all that was said, for this user's eyes alone.
 *
 * @module
 */

import { SECRET_FILE_MODE, toFileFault, withFile } from "../../../lib/files/mod.ts";
import type { Logger } from "../../../lib/log/mod.ts";
import type { CoreTrace, TraceRecord } from "../../../lib/triba/core/trace.ts";
import { encodeTraceRecord, encodeTraceStart } from "../../../lib/triba/trace/trace_codec.ts";

const PRIVATE_FOLDER_MODE = 0o700;
/** How files end, after time, number of the connection and name of the backend. */
export const TRACE_SUFFIX = ".triba-trace";

/** What was recorded before it was known whose connection it is, or the file that has it. */
type Connection = { waiting: Uint8Array[]; file?: Deno.FsFile | undefined };

/** Writes the files of one core. */
export class TraceFiles implements Disposable {
  readonly #folder: string;
  readonly #log: Logger;
  readonly #connections = new Map<number, Connection>();

  private constructor(folder: string, log: Logger) {
    this.#folder = folder;
    this.#log = log;
  }

  /**
   * Makes the folder if need be, and says what it will hold.
   *
   * @throws {FileFault} if that is not possible.
   */
  static async open(folder: string, log: Logger): Promise<TraceFiles> {
    await withFile(
      "create",
      folder,
      () => Deno.mkdir(folder, { recursive: true, mode: PRIVATE_FOLDER_MODE }),
    );
    log.warn("Traces hold keys, secrets of logins and all messages: keep them to yourself", {
      folder,
    });
    return new TraceFiles(folder, log);
  }

  /** What the core calls; a file that cannot be written is given up, and that is logged once. */
  readonly trace: CoreTrace = (record) => {
    try {
      this.#take(record);
    } catch (error) {
      this.#giveUp(record.connection);
      const fault = toFileFault(error, "write a trace in", this.#folder);
      this.#log.error(fault.message);
    }
  };

  /** Closes all files. */
  [Symbol.dispose](): void {
    for (const connection of [...this.#connections.keys()]) this.#giveUp(connection);
  }

  #take(record: TraceRecord): void {
    const { connection: number } = record;
    if (record.type === "accepted") {
      this.#connections.set(number, { waiting: [encodeTraceStart()] });
    }
    const connection = this.#connections.get(number);
    if (connection === undefined) return; // given up
    connection.waiting.push(encodeTraceRecord(record));
    if (record.type === "admitted") connection.file = this.#open(record, record.backend);
    // One that is over without an id of ours is worth a file too: somebody tried.
    if (record.type === "ended") connection.file ??= this.#open(record, "unknown");
    const { file } = connection;
    if (file === undefined) return;
    for (const bytes of connection.waiting.splice(0)) writeAll(file, bytes);
    if (record.type === "ended") this.#giveUp(number);
  }

  #open({ at, connection }: TraceRecord, backend: string): Deno.FsFile {
    const time = new Date(at).toISOString().replace(/[-:]/g, "");
    const path = `${this.#folder}/${time}-${connection}-${backend}${TRACE_SUFFIX}`;
    try {
      return Deno.openSync(path, { createNew: true, write: true, mode: SECRET_FILE_MODE });
    } catch (error) {
      throw toFileFault(error, "create", path);
    }
  }

  #giveUp(number: number): void {
    this.#connections.get(number)?.file?.close();
    this.#connections.delete(number);
  }
}

/** Synchronous on purpose: a core that is killed leaves all that happened before. */
function writeAll(file: Deno.FsFile, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) done += file.writeSync(bytes.subarray(done));
}
