// Properties of the shared libraries that hold for every input; shared_bytes_test.ts has those of bytes.

import { assert, assertEquals } from "@std/assert";
import {
  asksFor,
  asText,
  type Command,
  COMMON_OPTIONS,
  ExitFault,
  flag,
  integer,
  list,
  parseCommand,
  value,
} from "../../lib/cli/mod.ts";
import { checkName, decodeName, splitPath } from "../../lib/files/mod.ts";
import { createLogger, escapeControls } from "../../lib/log/mod.ts";
import {
  addressGroup,
  formatHostPort,
  isInCidr,
  parseCidr,
  parseHostPort,
  parseIp,
  TokenBucket,
} from "../../lib/net/mod.ts";
import { fuzz, type Random } from "../support/fuzz.ts";

/** What a function returns, or undefined if it throws a RangeError; anything else is a failure. */
function unlessRefused<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

const PIECES = [
  ..."0|1|9|10|255|256|01|f|ffff|db8|2001|.|:|::|/|%|[|]|-| |x|eth0|localhost|\n|\u0661".split("|"),
];

/** Text that is near an address. */
function addressText(random: Random): string {
  switch (random.below(4)) {
    case 0:
      return v4(random);
    case 1:
      return v6(random);
    case 2:
      return Array.from({ length: random.below(12) }, () => random.pick(PIECES)).join("");
    default: {
      const bytes = new TextEncoder().encode(random.bool() ? v4(random) : v6(random));
      return new TextDecoder().decode(random.mutate(bytes));
    }
  }
}

function v4(random: Random): string {
  return Array.from({ length: 4 }, () => random.below(256)).join(".");
}

/** A valid IPv6 address in one of its forms. */
function v6(random: Random): string {
  const groups = Array.from(
    { length: 8 },
    () => random.bool() ? "0" : random.below(0x10000).toString(16),
  );
  const tail = random.bool() ? v4(random) : undefined;
  if (tail !== undefined) groups.splice(6, 2, tail);
  if (random.bool()) {
    const from = random.below(groups.length);
    const shortened = [groups.slice(0, from), groups.slice(from + 1 + random.below(7))];
    if (tail === undefined || shortened[1]?.at(-1) === tail) {
      return shortened.map((part) => part.join(":")).join("::");
    }
  }
  return groups.join(":");
}

/** The same address as the runtime's own parser of URLs writes it. */
function canonicalV6(text: string): string | undefined {
  const url = URL.parse(`http://[${text}]/`);
  return url === null ? undefined : url.hostname.slice(1, -1);
}

fuzz("parseIp agrees with the parser of URLs on IPv6", (random) => {
  const text = addressText(random).replace(/%.*/s, "");
  if (!text.includes(":") || /[\s/?#@\\[\]]/.test(text)) return;
  const expected = canonicalV6(text);
  const value = parseIp(text);
  assertEquals(value === undefined, expected === undefined, text);
  if (value === undefined || expected === undefined) return;
  assertEquals(value, parseIp(expected), text);
  assert(value >= 0n && value < 1n << 128n);
});

fuzz("parseHostPort takes what formatHostPort writes, and refuses with a RangeError", (random) => {
  const text = random.bool()
    ? addressText(random)
    : `${random.bool() ? `[${addressText(random)}]` : addressText(random)}:${random.below(70_000)}`;
  const parsed = unlessRefused(() => parseHostPort(text, random.bool() ? 80 : undefined));
  if (parsed === undefined) return;
  assert(parsed.host !== "" && Number.isInteger(parsed.port) && parsed.port <= 65535, text);
  assertEquals(parseHostPort(formatHostPort(parsed)), parsed, text);
});

fuzz("parseCidr draws a border that no address of its own lies beyond", (random) => {
  const host = addressText(random);
  const range = `${host}/${random.below(140)}`;
  const cidr = unlessRefused(() => parseCidr(range));
  if (cidr === undefined) return;
  assert(cidr.bits >= 0 && cidr.bits <= 128, range);
  assert(isInCidr(host, cidr), range);
  if (cidr.bits === 128) return;
  const other = cidr.address ^ (1n << BigInt(random.below(128)));
  const inside = other >> BigInt(128 - cidr.bits) === cidr.address >> BigInt(128 - cidr.bits);
  assertEquals(isInCidr(hexGroups(other), cidr), inside, `${hexGroups(other)} ${range}`);
});

function hexGroups(address: bigint): string {
  const shifts = [112n, 96n, 80n, 64n, 48n, 32n, 16n, 0n];
  return shifts.map((shift) => ((address >> shift) & 0xffffn).toString(16)).join(":");
}

fuzz("addressGroup gives all forms of one address the same key", (random) => {
  const text = addressText(random);
  const address = parseIp(text);
  if (address === undefined) assertEquals(addressGroup(text), text);
  else assertEquals(addressGroup(text), addressGroup(hexGroups(address)), text);
});

const OPTIONS = {
  port: value({ help: "", value: "N", parse: integer(0, 9999), short: "p", env: "FUZZ_PORT" }),
  name: value({ help: "", value: "TEXT", parse: asText, aliases: ["label"] }),
  allow: list({ help: "", value: "TEXT", parse: asText }),
  yes: flag({ help: "", short: "y" }),
  ...COMMON_OPTIONS,
};
const WORDS = [
  ...["--port", "-p", "--name", "--label", "--allow", "--yes", "-y", "--help", "-V", "--", "-"],
  ...["--port=5", "--name=", "--name=x=y", "--allow=a", "--yes=1", "--prot", "-x", "-py", "---"],
  ...["a", "", "007", "1e3", "true", "false", "-5", "a=b", "--no-yes", "__proto__", "\n", "=", "5"],
];

fuzz("parseCommand loses nothing, invents nothing and refuses with status 2", (random) => {
  const stopsAtOperand = random.bool();
  const command: Command<typeof OPTIONS> = {
    name: "fuzz",
    summary: "",
    operands: { shown: "ARG...", least: random.below(2), most: 1 + random.below(6) },
    options: OPTIONS,
    examples: [],
    exits: [],
    stopsAtOperand,
  };
  const args = Array.from(
    { length: random.below(8) },
    () => random.below(8) > 0 ? random.pick(WORDS) : `--${addressText(random)}`,
  );
  const port = random.pick([undefined, "", "7", "x"]);
  asksFor(command, args);
  let parsed;
  try {
    parsed = parseCommand(command, args, () => port);
  } catch (error) {
    assert(error instanceof ExitFault && error.status === 2, String(error));
    assert(error.message !== "" && error.hint !== undefined);
    return;
  }
  const { options, operands } = parsed;
  assert(operands.length >= command.operands.least && operands.length <= command.operands.most);
  assert(isSubsequence(operands, args), `${operands} in ${args}`);
  const given = [options.name, ...options.allow].filter((text) => text !== undefined);
  for (const text of given) {
    assert(args.some((arg) => arg === text || arg.endsWith(`=${text}`)), text);
  }
  if (stopsAtOperand) assertEquals(operands, args.slice(args.length - operands.length));
  // The same in its plain form is understood the same way.
  const plain = [
    ...(options.port === undefined ? [] : [`--port=${options.port}`]),
    ...(options.name === undefined ? [] : [`--name=${options.name}`]),
    ...options.allow.map((text) => `--allow=${text}`),
    ...(options.yes ? ["--yes"] : []),
    ...(options.help ? ["--help"] : []),
    ...(options.version ? ["--version"] : []),
    "--",
    ...operands,
  ];
  assertEquals(parseCommand(command, plain, () => undefined), parsed, args.join(" "));
});

function isSubsequence(part: readonly string[], whole: readonly string[]): boolean {
  let at = 0;
  for (const item of whole) if (at < part.length && part[at] === item) at++;
  return at === part.length;
}

fuzz("TokenBucket never gives more than its rate and its burst", (random) => {
  const rate = 1 + random.below(1000);
  const start = random.below(1_000_000);
  const bucket = new TokenBucket(rate, start);
  let [now, given] = [start, 0];
  for (let step = random.below(100); step > 0; step--) {
    if (random.bool()) now += random.below(random.bool() ? 10 : 3000) / 8;
    const most = rate + (now - start) / 1000 * rate;
    switch (random.below(3)) {
      case 0: {
        const before = given;
        for (let tries = random.below(50); tries > 0; tries--) if (bucket.tryTake(now)) given++;
        assert(given <= most + 1e-6 || given === before, `${given} of ${most}`);
        break;
      }
      case 1: {
        const count = random.below(3 * rate);
        const wait = bucket.takeAll(count, now);
        given += count;
        assert(wait >= 0 && Number.isFinite(wait));
        assertEquals(given > most + 1e-6 && wait === 0, false, "debt without a wait");
        if (random.bool()) now += wait;
        break;
      }
      default:
        if (bucket.isFull(now)) {
          const copy = [bucket, new TokenBucket(rate, now)].map((each) => each.takeAll(0, now));
          assertEquals(copy, [0, 0]);
          assert(given <= most - rate + 1e-6, "full too early");
        }
    }
  }
  assertEquals(
    bucket.takeAll(0, now + (given + 1) / rate * 1000),
    0,
    "every debt is paid some time",
  );
});

/** Text of every kind of character, the dangerous ones often. */
function anyText(random: Random): string {
  const kinds = [
    () => random.below(0x20),
    () => 0x7f + random.below(0x22),
    () => 0x20 + random.below(0x5f),
    () => 0xd800 + random.below(0x800),
    () => 0x2000 + random.below(0x70),
    () => random.below(0x110000),
  ];
  const codes = Array.from({ length: random.below(20) }, () => random.pick(kinds)());
  return codes.map((code) => String.fromCodePoint(code)).join("");
}

fuzz("escapeControls leaves nothing that is not shown", (random) => {
  const text = anyText(random);
  const escaped = escapeControls(text);
  assert(escaped.isWellFormed());
  for (const character of escaped) {
    const hidden = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(character) && character !== "\u200d";
    assert(!hidden, JSON.stringify(character));
  }
  assertEquals(escapeControls(escaped), escaped);
});

fuzz("createLogger writes one line for one event, whatever is in it", (random) => {
  const fields = { [anyText(random)]: 1, text: anyText(random), list: [anyText(random)] };
  for (const format of ["text", "json"] as const) {
    const lines: string[] = [];
    const log = createLogger({ format, level: "info", write: (line) => lines.push(line) });
    log.info(
      anyText(random),
      format === "json" ? fields : { text: fields.text, list: fields.list },
    );
    assertEquals(lines.length, 1);
    assert(!/[\n\r]/.test(lines[0] ?? "") && (lines[0] ?? "").isWellFormed());
    if (format === "json") assertEquals(JSON.parse(lines[0] ?? "").text, fields.text);
  }
});

fuzz("checkName lets only names through that stay in their folder as they are", (random) => {
  const name = random.bool()
    ? anyText(random)
    : decodeName(random.mutate(new TextEncoder().encode(random.pick(["..", "a/b", "con.txt"]))));
  if (name === undefined || checkName(name, random.bool()) !== undefined) return;
  assertEquals({ ...splitPath(`/folder/${name}`) }, { folder: "/folder", name });
  assert(!["", ".", ".."].includes(name) && !/[\0/\\]/.test(name));
  const bytes = new TextEncoder().encode(name);
  assert(bytes.length <= 255);
  assertEquals(decodeName(bytes), name);
});
