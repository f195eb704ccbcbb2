import { assertEquals } from "@std/assert";
import { dateKind, normalizeDate } from "../../../../lib/coffer/mod.ts";

const KINDS: Record<string, string[]> = {
  "offset-date-time": [
    "1979-05-27T07:32:00Z",
    "1979-05-27T00:32:00.999999-07:00",
    "1990-12-31T23:59:60Z",
    "1979-05-27t07:32:00z",
    "2000-02-29T00:00:00+23:59",
  ],
  "local-date-time": ["1979-05-27T07:32:00", "1979-05-27T00:32:00.5"],
  "local-date": ["1979-05-27", "2024-02-29", "0000-01-01", "9999-12-31"],
  "local-time": ["07:32:00", "00:32:00.999999"],
};

const NONE = [
  "",
  "T",
  "Z",
  "+07:00",
  "1979-05-27T",
  "T07:32:00",
  "1979-05-27 07:32:00",
  "1979-05-2707:32:00",
  "1979-05-27Z",
  "07:32:00Z",
  "07:32",
  "07:32:00.",
  "1979-5-27",
  "1979-00-10",
  "1979-13-10",
  "1979-05-00",
  "1979-05-32",
  "2021-02-29",
  "2021-02-30",
  "1900-02-29",
  "24:00:00",
  "23:60:00",
  "23:59:61",
  "1979-05-27T07:32:00+24:00",
  "1979-05-27T07:32:00+07",
  "1979-05-27T07:32:00Z\n",
  " 1979-05-27",
  "+1979-05-27",
  "１979-05-27",
];

Deno.test("dateKind tells the four kinds apart by form", async (t) => {
  for (const [kind, texts] of Object.entries(KINDS)) {
    for (const text of texts) await t.step(text, () => assertEquals(dateKind(text), kind));
  }
});

Deno.test("dateKind refuses what is no date or not in the calendar", async (t) => {
  for (const text of NONE) await t.step(text, () => assertEquals(dateKind(text), undefined));
});

Deno.test("normalizeDate writes T and Z and changes nothing else", () => {
  const pairs = [
    ["1979-05-27 07:32:00z", "1979-05-27T07:32:00Z"],
    ["1979-05-27t07:32:00.000", "1979-05-27T07:32:00.000"],
    ["1979-05-27T07:32:00-00:00", "1979-05-27T07:32:00-00:00"],
    ["07:32:00.10", "07:32:00.10"],
    ["1979-05-27", "1979-05-27"],
  ];
  for (const [literal = "", expected] of pairs) assertEquals(normalizeDate(literal), expected);
});
