import { assertEquals } from "@std/assert";
import { findBuiltins, findTop } from "./coffer_start.ts";

const uses = (specifier: string, isDynamic = false) => ({ isDynamic, code: { specifier } });

Deno.test("findTop: what is imported, once, through redirects, and nothing behind a dynamic import", () => {
  const graph = {
    roots: ["file:///main.ts"],
    redirects: { "npm:a@1.0.0": "npm:/a@1.0.0" },
    modules: [
      {
        specifier: "file:///main.ts",
        dependencies: [uses("file:///a.ts"), uses("file:///late.ts", true)],
      },
      { specifier: "file:///a.ts", dependencies: [uses("npm:a@1.0.0"), uses("file:///main.ts")] },
      { specifier: "file:///late.ts", dependencies: [uses("npm:b@1.0.0")] },
      { specifier: "npm:/a@1.0.0" },
      { specifier: "npm:b@1.0.0" },
    ],
  };
  const names = findTop(graph).map(({ specifier }) => specifier);
  assertEquals(names, ["file:///main.ts", "file:///a.ts", "npm:/a@1.0.0"]);
});

Deno.test("findBuiltins: each module that a bundle imports at its start, not the dynamic ones", () => {
  const bundle = [
    'import { statfs } from "node:fs/promises";',
    'import { open } from "node:fs/promises";',
    'import "node:process";',
    'const crypto = await import("node:crypto");',
    '  const text = "import no";',
  ].join("\n");
  assertEquals(findBuiltins(bundle), ["node:fs/promises", "node:process"]);
});
