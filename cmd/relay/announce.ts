/**
 * What a sender tells its user: the code, and the commands that receive.
 *
 * @module
 */

import type { Console } from "../../lib/cli/mod.ts";
import { formatHostPort } from "../../lib/net/mod.ts";
import { BOB_PORT, BOB_SECURE_PORT, type RelayAddress } from "./args.ts";
import type { Offered } from "./offer.ts";
import type { SendValues } from "./send.ts";

/** Everything that there is to tell. */
export interface Announcement {
  /** Where to tell it. */
  readonly console: Console;
  /** `--qr` and others. */
  readonly options: SendValues;
  /** The relay to be named. */
  readonly relay: RelayAddress;
  /** Other addresses of this machine, if the relay is here. */
  readonly others: readonly string[];
  /** The code. */
  readonly code: string;
  /** The code, if the user chose it: it is then not shown. */
  readonly chosen: string | undefined;
  /** What is offered. */
  readonly offered: Offered;
}

/** Tells it: a generated code on standard output, all else on standard error. */
export async function announce(announcement: Announcement): Promise<void> {
  const { console, options, relay, others, code, chosen, offered } = announcement;
  const command = ourCommand(relay, chosen === undefined ? code : undefined);
  if (chosen === undefined) {
    const { name, kind, bytes, files } = offered.document;
    console.result(`code ${code}`, { event: "code", code, command, name, kind, bytes, files });
  }
  console.note(`On the other computer:\n\n  ${command}\n`);
  console.note(
    `or with the original program:\n\n  ${
      originalCommand(relay, chosen === undefined ? code : undefined)
    }\n`,
  );
  if (others.length > 0) console.note(`This computer's other addresses: ${others.join(", ")}`);
  console.note(
    `Records are written as ${options.wire}; ` +
      "an original program of another generation cannot decrypt them, see --wire",
  );
  if (!options.qr) return;
  const { renderUnicodeCompact } = await import("uqr");
  console.note(renderUnicodeCompact(command));
}

function ourCommand(relay: RelayAddress, code: string | undefined): string {
  const secure = relay.securePort === BOB_SECURE_PORT ? "" : `,${relay.securePort}`;
  const usual = relay.port === BOB_PORT && secure === "";
  const address = usual ? formatHostPort(relay).replace(/:\d+$/, "") : formatHostPort(relay);
  const words = ["relay receive", `--relay ${address}${secure}`];
  // A code that a person chose might look like one of another protocol.
  return [...words, code ?? "--protocol bob"].join(" ");
}

function originalCommand(relay: RelayAddress, code: string | undefined): string {
  const secure = relay.securePort === BOB_SECURE_PORT ? "" : ` --secure-port ${relay.securePort}`;
  const command = `bob recv --relay ${formatHostPort(relay)}${secure}`;
  return code === undefined ? command : `${command} ${code}`;
}
