/**
 * The C library of Linux through the runtime's foreign function interface, for what the runtime
 * itself does not offer. Only with `--allow-ffi`, and without a path in it: a scoped bare name would
 * be looked for in the working folder first.
 *
 * @module
 */

/** The calls, in the notation of the runtime: all at once, since opening costs a millisecond. */
export const LIBC_SYMBOLS = {
  sigaction: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  prlimit: { parameters: ["i32", "i32", "buffer", "buffer"], result: "i32" },
  execvp: { parameters: ["buffer", "buffer"], result: "i32" },
  clearenv: { parameters: [], result: "i32" },
  __errno_location: { parameters: [], result: "pointer" },
} as const;

/** Opened calls of the C library. */
export type Libc = Deno.DynamicLibrary<typeof LIBC_SYMBOLS>["symbols"];

/** Name of the GNU C library, found by the system's own rules. */
export const LIBC_NAME = "libc.so.6";

/**
 * Opens the C library; undefined where that is not permitted, or there is none of this name.
 * Structures are those of 64-bit Linux.
 */
export function openLibc(): Libc | undefined {
  const is64BitLinux = Deno.build.os === "linux" &&
    (Deno.build.arch === "x86_64" || Deno.build.arch === "aarch64");
  if (!is64BitLinux || Deno.permissions.querySync({ name: "ffi" }).state !== "granted") {
    return undefined;
  }
  try {
    return Deno.dlopen(LIBC_NAME, LIBC_SYMBOLS).symbols;
  } catch {
    return undefined; // another C library: its users live with what the runtime offers
  }
}
