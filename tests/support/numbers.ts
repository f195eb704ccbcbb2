// Numbers that a daemon serves for Prometheus.

import { assert, assertMatch } from "@std/assert";
import type { HostPort } from "../../lib/net/mod.ts";
import { RawConnection } from "./raw_connection.ts";

/** Sends a text and gives all that comes back. */
export async function request(at: HostPort | undefined, text: string): Promise<string> {
  if (at === undefined) throw new Error("The relay serves no numbers");
  using connection = await RawConnection.open(at);
  await connection.send(text);
  return await connection.rest();
}

/** The numbers by name and labels. */
export async function readNumbers(at: HostPort | undefined): Promise<Record<string, number>> {
  const response = await request(at, "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const [head = "", body = ""] = response.split("\r\n\r\n");
  assertMatch(head, /^HTTP\/1\.1 200 OK\r\n/);
  assertMatch(head, /Content-Type: text\/plain; version=0\.0\.4/);
  const lines = body.trim().split("\n").filter((line) => !line.startsWith("#"));
  return Object.fromEntries(lines.map((line) => {
    const [, name, value] = /^(\w+(?:\{.*\})?) (\d+)$/.exec(line) ?? [];
    assert(name !== undefined, `No number: ${line}`);
    return [name, Number(value)];
  }));
}
