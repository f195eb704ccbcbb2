/**
 * How a client presents itself to a server.
 *
 * @module
 */

import type { Credentials } from "../codec/sasl.ts";
import type { IrcTimes } from "../constants.ts";

/** What a client needs to know before it connects. */
export interface ClientOptions {
  /** The nickname that it wants. */
  readonly nick: string;
  /** The user name, which servers may replace. */
  readonly user: string;
  /** What others see as the real name. */
  readonly realname: string;
  /**
   * How it logs in: `sasl` with SASL PLAIN, `pass` with the account as user name and the secret as
   * the connection's password, as servers with a password and bouncers want it. The caller sees to it that
   * the connection is encrypted.
   */
  readonly login?: { readonly by: "sasl" | "pass"; readonly as: Credentials } | undefined;
  /** Times that differ from the usual ones. */
  readonly times?: Partial<IrcTimes> | undefined;
  /** Numbers from 0 to below 1, for nicknames that nobody else has. */
  readonly random: () => number;
}
