// Python with the packages of tests/interop/triba_requirements.txt. CI makes an environment with them
// in .ci/cache/venv; elsewhere TRIBA_PYTHON or the python3 of the path may have them.

const ROOT = new URL("../../", import.meta.url);
const PROBE = "import msgpack\n" +
  "from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV\n" +
  "AESGCMSIV(bytes(32))";

/** The interpreter; undefined where none has the packages. */
export const PYTHON: string | undefined = [
  Deno.env.get("TRIBA_PYTHON"),
  new URL(".ci/cache/venv/bin/python", ROOT).pathname,
  "python3",
].find((command) => command !== undefined && hasPackages(command));

/** Registers a test that needs Python; its name says so where there is none. */
export function testWithPython(
  name: string,
  run: (t: Deno.TestContext) => void | Promise<void>,
): void {
  const reason = "no python3 with tests/interop/triba_requirements.txt on this machine";
  Deno.test({
    name: PYTHON === undefined ? `${name} (skipped: ${reason})` : name,
    ignore: PYTHON === undefined,
    fn: run,
  });
}

function hasPackages(command: string): boolean {
  try {
    const probe = new Deno.Command(command, {
      args: ["-c", PROBE],
      stdout: "null",
      stderr: "null",
    });
    return probe.outputSync().success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** The command of a script of tests/interop. */
export function pythonCommand(script: string, ...args: readonly string[]): string[] {
  return [PYTHON ?? "python3", new URL(`../interop/${script}`, import.meta.url).pathname, ...args];
}
