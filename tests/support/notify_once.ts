// Tells a service manager a state: notify_once.ts SOCKET STATE LISTEN. Where LISTEN is "yes", it is
// the manager too. Datagrams over unix sockets need --unstable-net.

import { NetFault, notifyManager } from "../../lib/net/mod.ts";
import { writeLine } from "./write_line.ts";

const [socket = "", state = "", listen] = Deno.args;
const path = socket.replace(/^@/, "\0");
const manager = listen === "yes"
  ? Deno.listenDatagram({ transport: "unixpacket", path })
  : undefined;
try {
  await notifyManager(socket, state);
  if (manager !== undefined) {
    const [bytes] = await manager.receive(new Uint8Array(4096));
    writeLine(JSON.stringify(new TextDecoder().decode(bytes)));
  }
} catch (error) {
  if (!(error instanceof NetFault)) throw error;
  writeLine(`${error.code}: ${error.message}`);
} finally {
  manager?.close();
}
