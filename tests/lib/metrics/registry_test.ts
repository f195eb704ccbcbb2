import { assertEquals } from "@std/assert";
import { Registry } from "../../../lib/metrics/mod.ts";

Deno.test("Registry.format writes counters by labels, in the order they came", () => {
  const registry = new Registry();
  const bytes = registry.counter("sallyport_bytes_total", "Bytes forwarded");
  const errors = registry.counter("errors_total", "Errors");
  bytes.add({ protocol: "bob" }, 5);
  bytes.add({ protocol: "croc", side: "left" });
  bytes.add({ protocol: "bob" }, 7);
  errors.add({});
  assertEquals(
    registry.format(),
    `# HELP sallyport_bytes_total Bytes forwarded
# TYPE sallyport_bytes_total counter
sallyport_bytes_total{protocol="bob"} 12
sallyport_bytes_total{protocol="croc",side="left"} 1
# HELP errors_total Errors
# TYPE errors_total counter
errors_total 1
`,
  );
});

Deno.test("Registry.format reads gauges each time", () => {
  const registry = new Registry();
  let rooms = 3;
  registry.gauge("rooms", "Rooms", () => [[{ protocol: "bob" }, rooms], [{}, -0.5]]);
  const text = (count: number) =>
    `# HELP rooms Rooms\n# TYPE rooms gauge\nrooms{protocol="bob"} ${count}\nrooms -0.5\n`;
  assertEquals(registry.format(), text(3));
  rooms = 0;
  assertEquals(registry.format(), text(0));
});

Deno.test("Registry.format shows a metric without a series by its description", () => {
  const registry = new Registry();
  registry.counter("empty_total", "Nothing yet");
  assertEquals(
    registry.format(),
    "# HELP empty_total Nothing yet\n# TYPE empty_total counter\n",
  );
});

Deno.test("Registry.format escapes what labels may hold", () => {
  const registry = new Registry();
  registry.counter("x_total", "X").add({ name: 'a"b\\c\nd{}=,', other: "caf\u00e9" });
  assertEquals(
    registry.format().split("\n")[2],
    'x_total{name="a\\"b\\\\c\\nd{}=,",other="caf\u00e9"} 1',
  );
});

Deno.test("Registry takes the same labels in another order for the same series", () => {
  const registry = new Registry();
  const counter = registry.counter("x_total", "X");
  counter.add({ a: "1", b: "2" });
  counter.add({ b: "2", a: "1" });
  assertEquals(registry.format().split("\n").slice(2), ['x_total{a="1",b="2"} 2', ""]);
});

Deno.test("Registry.format writes numbers as the format wants them", () => {
  const registry = new Registry();
  const numbers = [NaN, 1e21, 0.1, 2 ** 53];
  registry.gauge("x", "X", () => numbers.map((number, i) => [{ i: String(i) }, number]));
  assertEquals(
    registry.format().split("\n").slice(2, 6).map((line) => line.split(" ")[1]),
    ["NaN", "1e+21", "0.1", "9007199254740992"],
  );
});
