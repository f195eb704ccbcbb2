/**
 * Which release this is.
 *
 * @module
 */

/** The release, the same as in deno.json. */
export const VERSION = "0.1.0";

/** The commit that an executable was built from; the build puts it in here. */
const COMMIT = "__SALLYPORT_COMMIT__";

/** What `--version` prints: program, release, commit, runtime. */
export function formatVersion(program: string): string {
  const built = COMMIT.startsWith("__") ? "from source" : COMMIT;
  return `${program} ${VERSION} (${built}, Deno ${Deno.version.deno})`;
}
