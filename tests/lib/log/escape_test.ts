import { assertEquals } from "@std/assert";
import { escapeControls, toJson } from "../../../lib/log/mod.ts";

Deno.test("escapeControls shows what could steer a terminal, forge a line or hide", () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ["line feed", "a\nb", "a\\x0ab"],
    ["carriage return", "a\rb", "a\\x0db"],
    ["tab", "a\tb", "a\\x09b"],
    ["NUL", "a\0b", "a\\x00b"],
    ["delete", "a\x7fb", "a\\x7fb"],
    ["colour", "\x1b[31mred", "\\x1b[31mred"],
    ["window title", "\x1b]0;title\x07", "\\x1b]0;title\\x07"],
    ["clipboard", "\x1b]52;c;YQ==\x1b\\", "\\x1b]52;c;YQ==\\x1b\\"],
    ["8-bit control sequence", "\x9b31m", "\\x9b31m"],
    ["next line", "\x85", "\\x85"],
    ["line separator", "a\u2028b", "a\\u{2028}b"],
    ["paragraph separator", "a\u2029b", "a\\u{2029}b"],
    ["right-to-left override", "txt.\u202eexe", "txt.\\u{202e}exe"],
    ["isolates", "\u2066a\u2069", "\\u{2066}a\\u{2069}"],
    ["right-to-left mark", "\u200f", "\\u{200f}"],
    ["Arabic letter mark", "\u061c", "\\u{61c}"],
    ["zero-width space", "a\u200bb", "a\\u{200b}b"],
    ["zero-width non-joiner", "a\u200cb", "a\\u{200c}b"],
    ["word joiner", "a\u2060b", "a\\u{2060}b"],
    ["byte-order mark", "\ufeffa", "\\u{feff}a"],
    ["soft hyphen", "a\u00adb", "a\\xadb"],
    ["interlinear annotation", "\ufff9", "\\u{fff9}"],
    ["tags", "\u{e0001}\u{e0041}", "\\u{e0001}\\u{e0041}"],
    ["lone high surrogate", "a\ud800b", "a\\u{d800}b"],
    ["lone low surrogate", "a\udfffb", "a\\u{dfff}b"],
    ["surrogates in the wrong order", "\udc00\ud800", "\\u{dc00}\\u{d800}"],
  ];
  for (const [name, text, expected] of cases) assertEquals(escapeControls(text), expected, name);
});

Deno.test("escapeControls leaves what people write", () => {
  const texts = [
    "",
    "plain text, 100 %; \"quoted\" 'too' \\ back",
    "caf\u00e9 \u00df \u65e5\u672c\u8a9e \u0627\u0644\u0639\u0631\u0628\u064a\u0629 \u05e2\u05d1\u05e8\u05d9\u05ea",
    "e\u0301 combined",
    "no-break\u00a0space, ideographic\u3000space",
    "\u{1f600}",
    "\u{1f468}\u200d\u{1f469}\u200d\u{1f467}\u200d\u{1f466}",
    "\u{1f3f3}\ufe0f\u200d\u{1f308} \u2764\ufe0f",
    "\u{1f44d}\u{1f3fd} \u{1f1e9}\u{1f1ea} 1\ufe0f\u20e3",
    "\u{10ffff}\ue000\ufffd",
  ];
  for (const text of texts) assertEquals(escapeControls(text), text, JSON.stringify(text));
});

Deno.test("escapeControls leaves its own result alone", () => {
  const once = escapeControls("a\n\x1b\u202e\ud800");
  assertEquals(escapeControls(once), once);
});

Deno.test("toJson writes JSON that is safe to print and reads back the same", () => {
  const values: readonly unknown[] = [
    null,
    { a: [1, -0.5, true, null, "x"], nested: { "k\u202e": "" } },
    "line\nfeed \x1b[2J \x7f \x9b \u2028 \u202e \ufeff \u{e0041}",
    "\ud800 and \udfff",
    "\u{1f468}\u200d\u{1f469} caf\u00e9",
  ];
  for (const value of values) {
    const json = toJson(value);
    assertEquals(JSON.parse(json), value, json);
    assertEquals(escapeControls(json), json);
  }
  assertEquals(toJson("\u{e0041}\x9b"), '"\\udb40\\udc41\\u009b"');
  assertEquals(toJson({ size: 2n ** 64n, gone: undefined }), '{"size":"18446744073709551616"}');
});
