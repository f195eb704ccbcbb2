/**
 * The socket of a running core, as it is named on the command line.
 *
 * @module
 */

/** Longest path of a socket, in bytes (section 3.2): the system has no room for more. */
const MAX_SOCKET_PATH_BYTES = 107;

/** Reads `unix:PATH`. */
export function parseControlSocket(text: string): string {
  const path = /^unix:(.+)$/s.exec(text)?.[1];
  if (path === undefined || path.includes("\0")) {
    throw new RangeError("must name a socket: unix:PATH");
  }
  const length = new TextEncoder().encode(path).length;
  if (length > MAX_SOCKET_PATH_BYTES) {
    throw new RangeError(`the path has ${length} bytes, at most ${MAX_SOCKET_PATH_BYTES} fit`);
  }
  return path;
}

/** Where the unit of this program lets its core listen. */
export function defaultControlSocket(runtimeFolder: string | undefined): string | undefined {
  return runtimeFolder?.startsWith("/") ? `${runtimeFolder}/triba/core.sock` : undefined;
}
