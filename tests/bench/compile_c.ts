// Helper programs in C, compiled on the spot.

import { type Lab, missingTool } from "./lab.ts";

const COMPILE_TIMEOUT_MS = 60_000;

/** Why there is no helper program. */
export const NO_COMPILER = "cc is not installed";

/** Compiles NAME.c of this folder; gives the program's path, or undefined without a compiler. */
export async function compileC(lab: Lab, name: string): Promise<string | undefined> {
  if (missingTool("cc") !== undefined) return undefined;
  const path = `${lab.folder}/${name}`;
  const source = new URL(`./${name}.c`, import.meta.url).pathname;
  const compiler = lab.startForeign("cc", ["-O2", "-o", path, source]);
  await lab.succeed([compiler], COMPILE_TIMEOUT_MS);
  return path;
}
