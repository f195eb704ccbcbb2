/**
 * Waiting with an end.
 *
 * @module
 */

/**
 * Waits for something to be so.
 *
 * @param isSo Asked at once, and whenever something has changed.
 * @param change Resolves at the next change.
 * @returns whether it was so before patience ended.
 */
export async function withPatience(
  isSo: () => boolean,
  change: () => Promise<unknown>,
  patienceMs: number,
): Promise<boolean> {
  const late = Promise.withResolvers<void>();
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    late.resolve();
  }, patienceMs);
  try {
    while (!isSo() && !isLate) await Promise.race([change(), late.promise]);
    return isSo();
  } finally {
    clearTimeout(timer);
  }
}
