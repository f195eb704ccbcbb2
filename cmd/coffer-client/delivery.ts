/**
 * What becomes of a reply: variables, and files of their own.
 *
 * @module
 */

import { nameVariables, requireEntry, toEnvironment } from "../../lib/coffer/values/environment.ts";
import { type OutputFormat, renderVariables } from "../../lib/coffer/values/render.ts";
import type { OpenedReply } from "../../lib/coffer/reply.ts";
import { formatValue, type Secrets } from "../../lib/coffer/values/value.ts";
import { SECRET_FILE_MODE } from "../../lib/files/secret_file.ts";
import { TemporaryFile } from "../../lib/files/temporary.ts";
import type { ClientOptions } from "./args.ts";

/** What is handed on. */
export interface Delivery {
  /** Variables with their types. */
  readonly variables: Secrets;
  /** Whether the server's key was proved. */
  readonly authenticated: boolean;
  /** Contents of files by path; their keys are no variables. */
  readonly files: ReadonlyMap<string, string>;
}

/**
 * Sorts the entries of a reply.
 *
 * @throws {CofferFault} with `bad-variable` for what is missing or cannot be handed on.
 */
export function prepareDelivery(reply: OpenedReply, options: ClientOptions): Delivery {
  const { secrets, authenticated } = reply;
  const files = new Map(
    options.file.map(({ key, path }) => [path, formatValue(requireEntry(secrets, key))]),
  );
  const inFiles = new Set(options.file.map(({ key }) => key));
  const left = new Map(Array.from(secrets).filter(([key]) => !inFiles.has(key)));
  const only = options.only.flat().filter((key) => !inFiles.has(key));
  const variables = nameVariables(left, {
    only: options.only.length > 0 ? only : undefined,
    trim: options.trim,
    upcase: options.upcase,
    prefix: options.envPrefix,
  });
  return { variables, authenticated, files };
}

/**
 * The variables as an environment.
 *
 * @throws {CofferFault} with `bad-variable` for a name or value that cannot be in one.
 */
export function environmentOf({ variables, authenticated }: Delivery): Map<string, string> {
  return toEnvironment(variables, authenticated);
}

/**
 * The variables as text.
 *
 * @throws {CofferFault} with `bad-variable` for what the form cannot hold.
 */
export function renderDelivery(delivery: Delivery, format: OutputFormat): string {
  return renderVariables(delivery.variables, format, delivery.authenticated);
}

/** Whether two deliveries have the same values under the same names. */
export function isSameDelivery(a: Delivery, b: Delivery): boolean {
  return a.authenticated === b.authenticated && isSameMap(a.files, b.files) &&
    isSameMap(a.variables, b.variables, (x, y) => x.type === y.type && Object.is(x.value, y.value));
}

/**
 * Writes the files, mode 0600. All are complete before the first one gets its name; a file that is
 * there is replaced in one step.
 *
 * @throws {FileFault} when one cannot be written; then none is changed, as far as it is up to us.
 */
export async function writeFiles(files: ReadonlyMap<string, string>): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const written: (readonly [TemporaryFile, string])[] = [];
  for (const [path, content] of files) {
    const file = stack.use(await TemporaryFile.create(path, SECRET_FILE_MODE));
    file.write(new TextEncoder().encode(content));
    written.push([file, path]);
  }
  for (const [file, path] of written) await file.place(path, true);
}

function isSameMap<V>(
  a: ReadonlyMap<string, V>,
  b: ReadonlyMap<string, V>,
  isSame: (x: V, y: V) => boolean = Object.is,
): boolean {
  if (a.size !== b.size) return false;
  return Array.from(a).every(([key, value]) => {
    const other = b.get(key);
    return other !== undefined && isSame(value, other);
  });
}
