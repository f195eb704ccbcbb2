/**
 * The texts of dates and times: TOML's four kinds, which their form tells apart (spec 14.2).
 *
 * @module
 */

/** The kinds of dates and times. */
export type DateKind = "offset-date-time" | "local-date-time" | "local-date" | "local-time";

const DATE = String.raw`(?<year>\d{4})-(?<month>\d\d)-(?<day>\d\d)`;
const TIME = String.raw`(?<hour>\d\d):(?<minute>\d\d):(?<second>\d\d)(?:\.\d+)?`;
const OFFSET = String.raw`(?<offset>[Zz]|[+-](?<offsetHour>\d\d):(?<offsetMinute>\d\d))`;
const FORM = new RegExp(`^(?:${DATE})?(?<separator>[Tt])?(?:${TIME})?${OFFSET}?$`);

/** The kind of a date text, or undefined if it is none or does not exist in the calendar. */
export function dateKind(text: string): DateKind | undefined {
  const parts = FORM.exec(text)?.groups;
  if (parts === undefined) return undefined;
  const { year, month, day, separator, hour, minute, second, offset } = parts;
  const hasDate = year !== undefined;
  const hasTime = hour !== undefined;
  if ((hasDate && hasTime) !== (separator !== undefined)) return undefined;
  if (hasDate && !existsInCalendar(Number(year), Number(month), Number(day))) return undefined;
  if (hasTime && !existsOnClock(Number(hour), Number(minute), Number(second))) return undefined;
  if (offset === undefined) {
    if (hasDate) return hasTime ? "local-date-time" : "local-date";
    return hasTime ? "local-time" : undefined;
  }
  const { offsetHour = "0", offsetMinute = "0" } = parts;
  if (!hasDate || !hasTime || !existsOnClock(Number(offsetHour), Number(offsetMinute), 0)) {
    return undefined;
  }
  return "offset-date-time";
}

/** A literal of TOML in the one spelling that is sent: `T` between date and time, `Z` for UTC. */
export function normalizeDate(literal: string): string {
  return literal.replace(/^(\d{4}-\d\d-\d\d)[ t]/, "$1T").replace(/z$/, "Z");
}

/** The Gregorian calendar, also before it was introduced (RFC 3339 5.7). */
function existsInCalendar(year: number, month: number, day: number): boolean {
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const lengths = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
  return day >= 1 && day <= (lengths[month - 1] ?? 0);
}

/** A minute may have a leap second. */
function existsOnClock(hour: number, minute: number, second: number): boolean {
  return hour <= 23 && minute <= 59 && second <= 60;
}
