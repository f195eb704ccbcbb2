/**
 * What a backend finds in its environment (section 3.3).
 *
 * @module
 */

/** Variables of the core that its backends get too, if it has them. */
export const INHERITED_VARIABLES: readonly string[] = [
  "PATH",
  "HOME",
  "USER",
  "LOGNAME",
  "LANG",
  "LC_ALL",
  "TZ",
  "TMPDIR",
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
  "CREDENTIALS_DIRECTORY",
];
/** All variables of this beginning are inherited as well. */
export const INHERITED_PREFIX = "XDG_";

/** What a backend's environment is made of. */
export interface ChildEnvironmentOptions {
  /** The core's own environment, or the part of it that it may read. */
  readonly inherited: Readonly<Record<string, string>>;
  /** What the configuration lists for this backend; wins over what is inherited. */
  readonly configured: Readonly<Record<string, string>>;
  /** Path of the socket. */
  readonly socket: string;
  /** The backend's own folder. */
  readonly stateFolder: string;
  /** Whether a spawn secret is on its standard input. */
  readonly sealed: boolean;
}

/** The whole environment of a backend; what the protocol sets wins. */
export function makeChildEnvironment(options: ChildEnvironmentOptions): Record<string, string> {
  const { inherited, configured, socket, stateFolder, sealed } = options;
  const passed = Object.entries(inherited).filter(([name]) =>
    INHERITED_VARIABLES.includes(name) || name.startsWith(INHERITED_PREFIX)
  );
  const { TRIBA_SEAL: _, ...rest } = { ...Object.fromEntries(passed), ...configured };
  return {
    ...rest,
    TRIBA_SOCKET: socket,
    TRIBA_STATE: stateFolder,
    ...(sealed ? { TRIBA_SEAL: "stdin" } : {}),
  };
}
