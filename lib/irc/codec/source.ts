/**
 * Who sent a message: `nick!user@host`, or the name of a server (RFC 2812 section 2.3.1).
 *
 * @module
 */

/** The sender of a message. */
export interface Source {
  /** Nickname, or a server's name. */
  readonly name: string;
  /** User name, if it is said. */
  readonly user?: string | undefined;
  /** Host, if it is said. */
  readonly host?: string | undefined;
}

/** Reads a source; whatever it is, it has a name. */
export function parseSource(text: string): Source {
  const at = text.indexOf("@");
  const head = at < 0 ? text : text.slice(0, at);
  const bang = head.indexOf("!");
  return {
    name: bang < 0 ? head : head.slice(0, bang),
    user: bang < 0 ? undefined : head.slice(bang + 1),
    host: at < 0 ? undefined : text.slice(at + 1),
  };
}

/** Writes a source as {@linkcode parseSource} reads it. */
export function formatSource({ name, user, host }: Source): string {
  return `${name}${user === undefined ? "" : `!${user}`}${host === undefined ? "" : `@${host}`}`;
}

/** Whether it is a server rather than a person: no user and host, and a dot, which no nick has. */
export function isServer({ name, user, host }: Source): boolean {
  return user === undefined && host === undefined && name.includes(".");
}
