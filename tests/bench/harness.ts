// What every benchmark reports: rows with our figure, the peer's, and a goal; as a table or as one
// JSON object a line.

/** What a figure must reach. */
export type Goal =
  /** So much of the peer, in the sense in which more is better for us. */
  | { readonly ratio: number }
  /** Less than this, in the row's unit. */
  | { readonly below: number };

/** What ours is compared with. */
export interface Peer {
  readonly name: string;
  /** Absent when the peer could not be measured; `skipped` says why. */
  readonly value?: number;
  readonly skipped?: string;
}

/** One figure. */
export interface Row {
  readonly name: string;
  readonly unit: string;
  /** Whether more or less of it is better. */
  readonly better: "more" | "less";
  /** Absent when nothing could be measured; `skipped` says why. */
  readonly ours?: number;
  readonly skipped?: string;
  readonly peer?: Peer;
  readonly goal?: Goal;
}

/** A row as `--json` prints it; a ratio above 1 is always better for us. */
export interface Result {
  readonly name: string;
  readonly ours: number | null;
  readonly peer: number | null;
  readonly peerName: string | null;
  readonly unit: string;
  /** Of ours and the peer, or of the goal and ours where the goal is a bound. */
  readonly ratio: number | null;
  readonly goal: number | null;
  readonly met: boolean | null;
  /** Why a figure is missing. */
  readonly skipped?: string;
}

/** The middle value; the mean of the two in the middle where their number is even. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError("Cannot take the median of nothing");
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] as number)) / 2;
}

/**
 * Runs every side once, then all of them again, and so on: what the machine does beside hits all of
 * them alike.
 *
 * @returns what the sides gave, side by side, in the order of their runs.
 */
export async function alternate<T>(
  runs: number,
  sides: readonly ((run: number) => Promise<T>)[],
): Promise<T[][]> {
  const values: T[][] = sides.map(() => []);
  for (let run = 1; run <= runs; run++) {
    for (const [i, side] of sides.entries()) values[i]?.push(await side(run));
  }
  return values;
}

/** Compares a row with its peer and its goal. */
export function assess({ name, unit, better, ours, skipped, peer, goal }: Row): Result {
  const ratio = ours === undefined ? null : ratioOf(ours, better, peer?.value, goal);
  const reason = skipped ?? peer?.skipped;
  return {
    name,
    ours: ours ?? null,
    peer: peer?.value ?? null,
    peerName: peer?.name ?? null,
    unit,
    ratio,
    goal: goal === undefined ? null : "below" in goal ? goal.below : goal.ratio,
    met: ratio === null || goal === undefined
      ? null
      : "below" in goal
      ? ratio > 1
      : ratio >= goal.ratio,
    ...(reason === undefined ? {} : { skipped: reason }),
  };
}

function ratioOf(
  ours: number,
  better: "more" | "less",
  peer: number | undefined,
  goal: Goal | undefined,
): number | null {
  if (goal !== undefined && "below" in goal) return goal.below / ours;
  if (peer === undefined) return null;
  return better === "more" ? ours / peer : peer / ours;
}

const HEADINGS = ["name", "ours", "peer", "unit", "ratio", "goal", "met", "beside"];
const NUMBERS = [1, 2, 4];

/** The rows as lines of text, with headings. */
export function formatTable(rows: readonly Row[]): string[] {
  const cells = [HEADINGS, ...rows.map(formatCells)];
  const widths = HEADINGS.map((_, i) => Math.max(...cells.map((line) => line[i]?.length ?? 0)));
  return cells.map((line) =>
    line.map((cell, i) => {
      const width = widths[i] as number;
      return NUMBERS.includes(i) ? cell.padStart(width) : cell.padEnd(width);
    }).join("  ").trimEnd()
  );
}

function formatCells(row: Row): string[] {
  const { name, ours, peer, unit, ratio, met, peerName, skipped } = assess(row);
  const { goal } = row;
  return [
    name,
    formatNumber(ours),
    formatNumber(peer),
    unit,
    formatNumber(ratio),
    goal === undefined ? "" : "below" in goal ? `< ${goal.below} ${unit}` : `>= ${goal.ratio}`,
    met === null ? "" : met ? "yes" : "NO",
    [peerName ?? "", skipped === undefined ? "" : `(skipped: ${skipped})`].join(" ").trim(),
  ];
}

/** Three digits that count, or a hyphen for what is missing. */
function formatNumber(value: number | null): string {
  if (value === null) return "-";
  return value.toFixed(Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2);
}
