// Scripts of this folder that need a process of their own: for signals, limits, exit statuses.

/** How a script is started. */
export interface ScriptOptions {
  readonly args?: readonly string[];
  /** Flags of the runtime beside the permissions. */
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Most file descriptors that it may open. */
  readonly descriptors?: number;
  readonly stdin?: "piped" | "null";
}

/** What a script that ended has left. */
export interface ScriptOutput {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** Starts a script; the caller ends it. */
export function spawnScript(
  name: string,
  { args = [], flags = [], env = {}, descriptors, stdin = "null" }: ScriptOptions = {},
): Deno.ChildProcess {
  const script = new URL(name, import.meta.url).href;
  const line = [Deno.execPath(), "run", "--quiet", "--frozen", "-A", ...flags, script, ...args];
  const [program = "", ...rest] = descriptors === undefined
    ? line
    : ["sh", "-c", `ulimit -n ${descriptors} && exec "$0" "$@"`, ...line];
  return new Deno.Command(program, {
    args: rest,
    env: { NO_COLOR: "1", ...env },
    stdin,
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** Runs a script to its end. */
export async function runScript(name: string, options?: ScriptOptions): Promise<ScriptOutput> {
  const { code, stdout, stderr } = await spawnScript(name, options).output();
  const text = new TextDecoder();
  return { status: code, out: text.decode(stdout), err: text.decode(stderr) };
}

/** The lines of a child's output, as they come. */
export async function* linesOf(output: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let open = "";
  const decoder = new TextDecoder();
  for await (const chunk of output) {
    const lines = (open + decoder.decode(chunk, { stream: true })).split("\n");
    open = lines.pop() ?? "";
    yield* lines;
  }
  if (open !== "") yield open;
}

/** Whether a program is on the path of this machine; tests that need it are ignored otherwise. */
export function hasProgram(name: string): boolean {
  const { success } = new Deno.Command("sh", { args: ["-c", `command -v ${name}`] }).outputSync();
  return success;
}
