/**
 * Telling the service manager how a daemon is (sd_notify(3)): a datagram to the socket that it
 * named in the environment. Without that variable nothing happens.
 *
 * @module
 */

import { toNetFault } from "./deno_stream.ts";

/**
 * Sends a state such as `READY=1`; several lines are several assignments.
 *
 * @param socket Value of `NOTIFY_SOCKET`; undefined: no manager asked.
 * @throws {NetFault} when the manager cannot be told.
 */
export async function notifyManager(socket: string | undefined, state: string): Promise<void> {
  if (socket === undefined || socket === "") return;
  const path = socket.startsWith("@") ? `\0${socket.slice(1)}` : socket;
  const folder = await Deno.makeTempDir({ prefix: "sallyport-notify-" });
  try {
    // The runtime sends datagrams from bound sockets only, so it needs a path of its own.
    const own = `${folder}/s`;
    const datagrams = Deno.listenDatagram({ transport: "unixpacket", path: own });
    try {
      await datagrams.send(new TextEncoder().encode(state), { transport: "unixpacket", path });
    } finally {
      datagrams.close();
    }
  } catch (error) {
    throw toNetFault(error, "tell the service manager");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
