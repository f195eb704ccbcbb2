// The Python that can run tests/interop/triba_backend.py: the one that TRIBA_PYTHON names, or the
// one on the path, if it has the packages of tests/interop/triba_requirements.txt.

const BACKEND = new URL("../interop/triba_backend.py", import.meta.url).pathname;
const PROBE = "import msgpack\n" +
  "from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV\n" +
  "AESGCMSIV(bytes(32))";

/** The command that runs the backend, up to its id; undefined where there is no such Python. */
export function findPythonBackend(): readonly string[] | undefined {
  const python = Deno.env.get("TRIBA_PYTHON") ?? "python3";
  try {
    const probe = new Deno.Command(python, { args: ["-c", PROBE], stderr: "null" });
    return probe.outputSync().success ? [python, BACKEND] : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
