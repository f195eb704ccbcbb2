// Secrets travel from a sealed definition into the environment of a command; the definition is
// changed while the server runs; and a server that forges replies is found out.

import type { Ended, Program } from "../support/program.ts";
import type { Stage } from "./stage.ts";

/** What is handed out: a value of every type, and what a command finds in its environment. */
interface Entry {
  readonly key: string;
  readonly type: "String" | "Integer" | "Float" | "Boolean" | "Date";
  /** As the definition has it. */
  readonly toml: string;
  readonly seen: string;
}

const BEFORE: readonly Entry[] = [
  { key: "DB_PASSWORD", type: "String", toml: '"correct horse"', seen: "correct horse" },
  { key: "SERIAL", type: "Integer", toml: "9223372036854775807", seen: "9223372036854775807" },
  { key: "RATIO", type: "Float", toml: "0.25", seen: "0.25" },
  { key: "TLS", type: "Boolean", toml: "true", seen: "true" },
  { key: "EXPIRES", type: "Date", toml: "2031-02-03T04:05:06Z", seen: "2031-02-03T04:05:06Z" },
];

const AFTER = withPassword("battery staple");
const FORGED = withPassword("of the thief");

function withPassword(text: string): readonly Entry[] {
  return BEFORE.map((entry) =>
    entry.key === "DB_PASSWORD" ? { ...entry, toml: JSON.stringify(text), seen: text } : entry
  );
}

/** A client and what it gets. */
interface Shard {
  readonly name: string;
  readonly id: string;
  readonly entries: readonly Entry[];
}

/** The seed's shape: names with ids, then a table for each name. */
function writeDefinition(path: string, shards: readonly Shard[]): Promise<void> {
  const lines = ["[clients]", ...shards.map(({ name, id }) => `${name} = "${id}"`)];
  for (const { name, entries } of shards) {
    lines.push("", `[${name}]`, ...entries.map(({ key, toml }) => `${key} = ${toml}`));
  }
  return Deno.writeTextFile(path, `${lines.join("\n")}\n`);
}

/** Prints `KEY type value`; the types are the definition's, since an environment knows none. */
const SCRIPT = "show.sh";

function writeScript(folder: string): Promise<void> {
  const lines = BEFORE.map(({ key, type }) => `echo "${key} ${type} $${key}"\n`);
  return Deno.writeTextFile(`${folder}/${SCRIPT}`, lines.join(""));
}

/** A server that runs. */
interface Serving {
  readonly program: Program;
  readonly address: string;
}

/** A definition that is sealed and served, and the clients of it. */
class Act {
  readonly #stage: Stage;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  async #succeed(role: string, program: string, args: readonly string[]): Promise<string> {
    const { code, stdout } = await this.#stage.start(role, program, args).ended();
    if (code !== 0) throw new Error(`${program} ended with ${code}`);
    return stdout;
  }

  /** Makes a key file; gives its id. */
  async makeKey(path: string): Promise<string> {
    const stdout = await this.#succeed("companion", "coffer-companion", ["certificate", path]);
    const [, id] = /^saved \S+ ([0-9A-F]{64})$/m.exec(stdout) ?? [];
    if (id === undefined) throw new Error(`No id in "${stdout}"`);
    return id;
  }

  async seal(name: string, server: string, shards: readonly Shard[]): Promise<void> {
    await writeDefinition(`${this.#stage.folder}/${name}.toml`, shards);
    const files = ["--toml", `${name}.toml`, "--out", `${name}.sealed`];
    await this.#succeed("companion", "coffer-companion", ["encrypt", "-c", server, ...files]);
  }

  /** Who has what, by type; a value in it would be a fault. */
  async list(name: string, server: string, entries: readonly Entry[]): Promise<void> {
    const from = ["-c", server, "-s", `${name}.sealed`];
    const stdout = await this.#succeed("companion", "coffer-companion", ["list", ...from]);
    for (const { key, type, seen } of entries) {
      if (!stdout.includes(`  ${key} ${type}\n`)) throw new Error(`Not listed: ${key} ${type}`);
      if (seen.length > 4 && stdout.includes(seen)) throw new Error(`Listed the value of ${key}`);
    }
  }

  /** Starts a server on a free port; gives its address too. */
  async serve(role: string, name: string, server: string): Promise<Serving> {
    const files = ["-c", server, "-s", `${name}.sealed`];
    const program = this.#stage.start(role, "coffer-server", [...files, "-a", "127.0.0.1:0"]);
    const [, address = ""] = await program.waitFor("stderr", /listening on (\S+) [^]*\bready/);
    return { program, address };
  }

  /** Starts a command with the secrets, and compares what it finds. */
  async fetch(
    address: string,
    entries: readonly Entry[],
    options: readonly string[] = [],
  ): Promise<void> {
    const { code, stdout } = await this.#run(address, options);
    const expected = entries.map(({ key, type, seen }) => `${key} ${type} ${seen}\n`).join("");
    if (code !== 0 || stdout !== expected) {
      throw new Error(`The command ended with ${code} and found other values:\n${stdout}`);
    }
  }

  /** Wants to start a command with a reply that must not reach it. */
  async fetchInVain(address: string, options: readonly string[]): Promise<void> {
    const { code, stdout, stderr } = await this.#run(address, options);
    if (code !== 4 || stdout !== "" || !stderr.includes("Cannot trust the reply")) {
      throw new Error(`The forged reply was not refused: the client ended with ${code}`);
    }
  }

  #run(address: string, options: readonly string[]): Promise<Ended> {
    const own = ["-c", "web.key", "-s", address, ...options];
    return this.#stage.start("command", "coffer-client", [...own, "--", "/bin/sh", SCRIPT]).ended();
  }
}

/** Shows what companion, server and client print, and compares what the commands found. */
export async function demoCoffer(stage: Stage): Promise<void> {
  const { say } = stage;
  const act = new Act(stage);
  await writeScript(stage.folder);

  say("1. Keys: one for each server and client. The ids are public, the files are not.");
  const server = await act.makeKey("server.key");
  const web = { name: "web", id: await act.makeKey("web.key") };
  const mail = { name: "mail", id: await act.makeKey("mail.key"), entries: AFTER.slice(0, 1) };

  say("\n2. A definition, sealed so that only the server can open it.");
  await act.seal("secrets", "server.key", [{ ...web, entries: BEFORE }]);
  await act.list("secrets", "server.key", BEFORE);

  say("\n3. The server, on a free port of this machine only.");
  const { program: running, address } = await act.serve("server", "secrets", "server.key");

  say("\n4. A command starts with its secrets in the environment.");
  await act.fetch(address, BEFORE);

  say("\n5. A password changes and a client joins, while the server runs.");
  await act.seal("secrets", "server.key", [{ ...web, entries: AFTER }, mail]);
  running.kill("SIGHUP");
  await running.waitFor("stderr", /reloaded: \+1 ~1 -0/);
  await act.fetch(address, AFTER);

  say("\n6. The same with --server-key: both ends prove their keys. The new client leaves again.");
  await act.fetch(address, AFTER, ["--server-key", server]);
  await act.seal("secrets", "server.key", [{ ...web, entries: BEFORE }]);
  running.kill("SIGHUP");
  await running.waitFor("stderr", /reloaded: \+0 ~1 -1/);
  await act.fetch(address, BEFORE, ["--server-key", server]);

  say("\n7. A thief serves values of its own: to forge a reply, the client's id is enough.");
  await act.makeKey("thief.key");
  await act.seal("forged", "thief.key", [{ ...web, entries: FORGED }]);
  const { program: forging, address: trap } = await act.serve("thief", "forged", "thief.key");
  say("Without --server-key nobody notices:");
  await act.fetch(trap, FORGED);
  say("With it the command is not even started:");
  await act.fetchInVain(trap, ["--server-key", server]);

  for (const program of [running, forging]) {
    program.kill("SIGTERM");
    const { code } = await program.ended();
    if (code !== 0) throw new Error(`A server ended with ${code}`);
  }
}
