/**
 * Counters and gauges in the text format that Prometheus reads (exposition format 0.0.4).
 *
 * @module
 */

/** Labels of one series. */
export type Labels = Readonly<Record<string, string>>;

/** One metric with a series for each set of labels. */
export class Metric {
  readonly #values = new Map<string, number>();
  readonly #read: (() => Iterable<readonly [Labels, number]>) | undefined;

  /** A name as Prometheus wants it, one line of help, and the type. */
  constructor(
    readonly name: string,
    readonly help: string,
    readonly type: "counter" | "gauge",
    read?: () => Iterable<readonly [Labels, number]>,
  ) {
    this.#read = read;
  }

  /** Adds to a series. */
  add(labels: Labels, amount = 1): void {
    const key = formatLabels(labels);
    this.#values.set(key, (this.#values.get(key) ?? 0) + amount);
  }

  /** All series, those of a reading function read now. */
  *series(): Iterable<readonly [string, number]> {
    yield* this.#values;
    for (const [labels, value] of this.#read?.() ?? []) yield [formatLabels(labels), value];
  }
}

/** All metrics of a process. */
export class Registry {
  readonly #metrics: Metric[] = [];

  /** A number that only grows. */
  counter(name: string, help: string): Metric {
    return this.#register(new Metric(name, help, "counter"));
  }

  /** A number that is read when somebody asks. */
  gauge(name: string, help: string, read: () => Iterable<readonly [Labels, number]>): Metric {
    return this.#register(new Metric(name, help, "gauge", read));
  }

  /** The text to serve as `text/plain; version=0.0.4`. */
  format(): string {
    return this.#metrics.flatMap((metric) => [
      `# HELP ${metric.name} ${metric.help}`,
      `# TYPE ${metric.name} ${metric.type}`,
      ...Array.from(metric.series(), ([labels, value]) => `${metric.name}${labels} ${value}`),
    ]).join("\n") + "\n";
  }

  #register(metric: Metric): Metric {
    this.#metrics.push(metric);
    return metric;
  }
}

/** Texts of labels that are used again and again, which hot paths keep as one object. */
const formatted = new WeakMap<Labels, string>();

function formatLabels(labels: Labels): string {
  const known = formatted.get(labels);
  if (known !== undefined) return known;
  const text = formatNewLabels(labels);
  formatted.set(labels, text);
  return text;
}

function formatNewLabels(labels: Labels): string {
  const sorted = Object.entries(labels).sort(([a], [b]) => a < b ? -1 : 1);
  const pairs = sorted.map(([name, value]) =>
    `${name}="${value.replace(/["\\\n]/g, (c) => c === "\n" ? "\\n" : `\\${c}`)}"`
  );
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}
