import { assertEquals } from "@std/assert";
import { diffDefinitions, loadDefinition } from "../../../../lib/coffer/mod.ts";
import { utf8 } from "../../../support/coffer.ts";
import { idOf } from "../../../support/coffer_stage.ts";

function diff(before: string, after: string): string[] {
  return diffDefinitions(loadDefinition(utf8(before)), loadDefinition(utf8(after)))
    .map(({ change, client, key }) => [change, client.path.join("."), key ?? ""].join(" ").trim());
}

Deno.test("diffDefinitions: entries and clients that came, went or changed; the shape does not matter", () => {
  const before = `[web]\nid = "${idOf("web")}"\nA = 1\nB = 1\nC = 0.0\n[db]\nid = "${
    idOf("db")
  }"\n`;
  const after = `[clients]\nsite = "${idOf("web").toLowerCase()}"\napp = "${idOf("app")}"\n` +
    `[site]\nA = 1\nB = "1"\nD = 1\nC = -0.0\n[app]\nE = true\n`;
  assertEquals(diff(before, after), [
    "~ site B",
    "+ site D",
    "~ site C",
    "+ app",
    "+ app E",
    "- db",
  ]);
  assertEquals(diff(before, before), []);
});
