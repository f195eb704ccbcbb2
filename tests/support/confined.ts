// Commands in front of a program that take something away from it: the powers of root, or room on
// the disk. Where the system refuses them, a reason says so.

import { hasCommand } from "./program.ts";

/** Takes all powers of root away but the name, so that permissions of files bind it. */
export const WITHOUT_POWERS: readonly string[] = Deno.uid() === 0
  ? ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]
  : [];

/** Why permissions cannot be made to bind a program here, if so. */
export const POWERS_REMAIN = Deno.uid() === 0 && !hasCommand("setpriv") ? "no setpriv" : undefined;

const MOUNT_NAMESPACE = ["unshare", "--user", "--map-root-user", "--mount"];
/** Mounts, runs, and says what is left in the folder, which nobody else sees. */
const SMALL_DISK = `
  mount -t tmpfs -o size="$0" none "$1" || exit 99
  at="$1"; shift
  "$@"; status=$?
  echo "left on the small disk: $(ls -A "$at")" >&2
  exit $status`;

/** Makes a folder a disk of its own with little room; the last line of standard error says what is left. */
export function onSmallDisk(folder: string, size: string): readonly string[] {
  return [...MOUNT_NAMESPACE, "sh", "-c", SMALL_DISK, size, folder];
}

/** Why there are no small disks here, if so. */
export const NO_SMALL_DISKS = canMount() ? undefined : "no tmpfs in a namespace";

function canMount(): boolean {
  if (!hasCommand("unshare")) return false;
  const [command = "", ...args] = onSmallDisk("/tmp", "1m");
  const { success } = new Deno.Command(command, {
    args: [...args, "true"],
    stdout: "null",
    stderr: "null",
  }).outputSync();
  return success;
}
