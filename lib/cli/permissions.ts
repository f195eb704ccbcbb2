/**
 * Giving up what a command does not need, as soon as it does not need it.
 *
 * @module
 */

/** Revokes permissions for the rest of the process; harmless where they were not granted. */
export function dropPermissions(
  ...permissions: readonly (Deno.PermissionName | Deno.PermissionDescriptor)[]
): void {
  for (const permission of permissions) {
    Deno.permissions.revokeSync(
      typeof permission === "string" ? { name: permission } : permission,
    );
  }
}
