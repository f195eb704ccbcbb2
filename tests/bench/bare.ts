// The least that a server in this runtime can do, as the limit of what ours can reach: accept,
// read, write, close. Every connection gets REPLY bytes of body in a frame of coffer's.
//
//   deno run --allow-net bare.ts REPLY

import { encodeFrame } from "../../lib/coffer/frame.ts";

const OK_GET = 5;
const REQUEST_BYTES = 256;

const reply = encodeFrame("wide", OK_GET, new Uint8Array(Number(Deno.args[0])));

async function answer(connection: Deno.TcpConn): Promise<void> {
  await connection.read(new Uint8Array(REQUEST_BYTES));
  for (let done = 0; done < reply.length;) done += await connection.write(reply.subarray(done));
  connection.close();
}

const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
Deno.stdout.writeSync(new TextEncoder().encode(`listening ${listener.addr.port}\n`));
for await (const connection of listener) answer(connection);
