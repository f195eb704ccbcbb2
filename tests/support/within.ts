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
  for (let tries = 0; !isSo(); tries++) {
    if (tries === 3000) throw new Error(`Waited 30 s for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
