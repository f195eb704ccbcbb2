// Bounds in time for what a test waits for.

/** The promise, or a failure that names what did not come in time. */
export async function within<T>(
  promise: Promise<T>,
  what: string,
  milliseconds = 30_000,
): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new Error(`Waited ${milliseconds} ms for ${what}`)),
    milliseconds,
  );
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Looks again and again until it is so. */
export async function until(isSo: () => boolean, what: string): Promise<void> {
  if (!await comesTrue(isSo, 30_000)) throw new Error(`Waited 30 s for ${what}`);
}

/** Looks again and again for so many milliseconds; whether it came to be so. */
export async function comesTrue(isSo: () => boolean, milliseconds: number): Promise<boolean> {
  for (let tries = 0; !isSo(); tries++) {
    if (tries >= milliseconds / 10) return false;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return true;
}
