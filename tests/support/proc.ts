// What the system knows of a process. Reading /proc takes all permissions, so another program does.

/** The text of a file of a process, such as `stat`; empty when the process is gone. */
export function readProcess(pid: number, file: string): string {
  const { stdout } = new Deno.Command("cat", {
    args: [`/proc/${pid}/${file}`],
    stderr: "null",
  }).outputSync();
  return new TextDecoder().decode(stdout);
}
