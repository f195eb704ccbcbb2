/**
 * Text from elsewhere, made safe to print.
 *
 * @module
 */

// Controls, invisible formatting (marks that turn the direction of text among them), lone surrogates,
// line separators; the joiner of emoji sequences is harmless.
const UNSAFE = /(?!\u200d)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** Shows control characters as `\xNN` or `\u{NNNN}`, so that a name cannot steer a terminal or forge a log line. */
export function escapeControls(text: string): string {
  return text.replace(UNSAFE, (character) => {
    const code = character.codePointAt(0) as number;
    const hex = code.toString(16);
    return code < 0x100 ? `\\x${hex.padStart(2, "0")}` : `\\u{${hex}}`;
  });
}

/**
 * JSON for one line of output. The same characters stand as `\uNNNN`, so whoever reads it gets them
 * back. Sizes of 64 bits are written too: what describes a failure must not be another.
 */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_, part) => typeof part === "bigint" ? `${part}` : part)
    .replace(UNSAFE, (character) =>
      Array.from(
        { length: character.length },
        (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, "0")}`,
      ).join(""));
}
