/**
 * What timers of the runtime cannot do.
 *
 * @module
 */

/** Longest time that a timer takes, in milliseconds: a longer one fires at once (24.8 days). */
export const MAX_TIMER_MS = 0x7fffffff;
