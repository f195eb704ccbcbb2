import { assertEquals, assertThrows } from "@std/assert";
import {
  asksFor,
  asText,
  type Command,
  editDistance,
  EXIT,
  ExitFault,
  flag,
  integer,
  list,
  longName,
  type OptionTable,
  parseCommand,
  type Parsed,
  value,
} from "../../../lib/cli/mod.ts";

const OPTIONS = {
  port: value({
    help: "Port",
    value: "PORT",
    parse: integer(1, 65535),
    default: "9000",
    short: "p",
  }),
  name: value({ help: "Name", value: "NAME", parse: asText, env: "TEST_NAME" }),
  maxSize: value({
    help: "Most bytes",
    value: "SIZE",
    parse: integer(0, 1000),
    aliases: ["limit", "most"],
    env: "TEST_MAX_SIZE",
  }),
  allow: list({ help: "Allowed", value: "CIDR", parse: asText, env: "TEST_ALLOW" }),
  yes: flag({ help: "Do not ask", short: "y", env: "TEST_YES" }),
  noCache: flag({ help: "No cache" }),
} as const;

const COMMAND: Command<typeof OPTIONS> = {
  name: "test send",
  summary: "sends",
  operands: { shown: "[PATH...]", least: 0, most: 3 },
  options: OPTIONS,
  examples: [],
  exits: [0, 2],
};
const WRAPPER: Command<typeof OPTIONS> = {
  ...COMMAND,
  name: "wrap",
  operands: { shown: "COMMAND [ARG...]", least: 1, most: Infinity },
  stopsAtOperand: true,
};

const DEFAULTS = {
  port: 9000,
  name: undefined,
  maxSize: undefined,
  allow: [],
  yes: false,
  noCache: false,
  help: false,
  version: false,
};

function parse<T extends OptionTable>(
  command: Command<T>,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Parsed<T> {
  return parseCommand(command, args, (name) => environment[name]);
}

function faultOf(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  command: Command = COMMAND,
): ExitFault {
  const fault = assertThrows(() => parse(command, args, environment), ExitFault);
  assertEquals(fault.status, EXIT.usage);
  assertEquals(fault.hint, `Run "${command.name} --help" for all options`);
  return fault;
}

Deno.test("parseCommand reads options in every form", () => {
  const cases: readonly (readonly [readonly string[], Partial<Record<string, unknown>>])[] = [
    [[], {}],
    [["--port", "80"], { port: 80 }],
    [["--port=80"], { port: 80 }],
    [["-p", "80"], { port: 80 }],
    [["--max-size", "5"], { maxSize: 5 }],
    [["--limit", "5"], { maxSize: 5 }],
    [["--most=5"], { maxSize: 5 }],
    [["--yes"], { yes: true }],
    [["-y"], { yes: true }],
    [["-y", "--yes"], { yes: true }],
    [["--no-cache"], { noCache: true }],
    [["--allow", "a", "--allow=b", "--allow", "a"], { allow: ["a", "b", "a"] }],
    [["--name", "-"], { name: "-" }],
    [["--name", "-5"], { name: "-5" }],
    [["--name=--port"], { name: "--port" }],
    [["--name", "007"], { name: "007" }],
    [["--name=a=b"], { name: "a=b" }],
    [["--name=two\nlines"], { name: "two\nlines" }],
    [["--name", "true"], { name: "true" }],
    [["--name", "caf\u00e9 \u{1f600}"], { name: "caf\u00e9 \u{1f600}" }],
    [["--help"], { help: true }],
    [["-h", "-V"], { help: true, version: true }],
  ];
  for (const [args, expected] of cases) {
    const { options, operands } = parse(COMMAND, args);
    const all: Record<string, unknown> = { ...DEFAULTS, ...expected };
    assertEquals<Record<string, unknown>>({ ...options }, all, args.join(" "));
    assertEquals(operands, [], args.join(" "));
  }
});

Deno.test("parseCommand leaves operands as they were typed, wherever they stand", () => {
  const cases: readonly (readonly [readonly string[], readonly string[]])[] = [
    [["a"], ["a"]],
    [["a", "--yes", "b"], ["a", "b"]],
    [["--yes", "true"], ["true"]],
    [["--yes", "false", "a"], ["false", "a"]],
    [["-y", "false"], ["false"]],
    [["007", "1e3", "0x10"], ["007", "1e3", "0x10"]],
    [["4807-lusabag-gutihuz"], ["4807-lusabag-gutihuz"]],
    [["-"], ["-"]],
    [["", " "], ["", " "]],
    [["--"], []],
    [["--", "--yes", "-p"], ["--yes", "-p"]],
    [["a", "--", "--", "b"], ["a", "--", "b"]],
    [["a=b", "=", "a--b"], ["a=b", "=", "a--b"]],
    [["__proto__", "constructor"], ["__proto__", "constructor"]],
  ];
  for (const [args, expected] of cases) {
    assertEquals(parse(COMMAND, args).operands, expected, args.join(" "));
  }
});

Deno.test("parseCommand refuses an unknown option and names a near one", () => {
  const cases = [
    ["--prot", "Unknown option --prot; did you mean --port?"],
    ["--prot=80", "Unknown option --prot; did you mean --port?"],
    ["--maxsize", "Unknown option --maxsize; did you mean --max-size?"],
    ["--limits", "Unknown option --limits; did you mean --limit?"],
    ["--verison", "Unknown option --verison; did you mean --version?"],
    ["--no-yes", "Unknown option --no-yes; did you mean --yes?"],
    ["--something-else", "Unknown option --something-else"],
    ["--PORT", "Unknown option --PORT"],
    ["-x", "Unknown option -x"],
    ["-yp", "Unknown option -yp"],
    ["-p80", "Unknown option -p80"],
    ["-5", "Unknown option -5"],
    ["---", "Unknown option ---"],
    ["--=", "Unknown option --"],
    ["--_", "Unknown option --_"],
    ["--__proto__", "Unknown option --__proto__"],
    ["--constructor", "Unknown option --constructor"],
    ["--toString=1", "Unknown option --toString"],
    ["--port.x=1", "Unknown option --port.x; did you mean --port?"],
  ] as const;
  for (const [arg, message] of cases) {
    assertEquals(faultOf([arg]).message, message);
  }
});

Deno.test("parseCommand refuses an option without its value, also where another option follows", () => {
  const cases: readonly (readonly [readonly string[], string])[] = [
    [["--port"], "Option --port needs a value: PORT"],
    [["-p"], "Option -p needs a value: PORT"],
    [["--port="], "Option --port needs a value: PORT"],
    [["--port", ""], "Option --port needs a value: PORT"],
    [["--name", "--yes"], "Option --name needs a value: NAME"],
    [["--name", "-y", "a"], "Option --name needs a value: NAME"],
    [["--name", "--port=80"], "Option --name needs a value: NAME"],
    [["--limit", "--most", "5"], "Option --limit needs a value: SIZE"],
    [["--name", "--", "a"], "Option --name needs a value: NAME"],
    [["--name", "--help"], "Option --name needs a value: NAME"],
  ];
  for (const [args, message] of cases) assertEquals(faultOf(args).message, message);
});

Deno.test("parseCommand refuses a value where none belongs", () => {
  for (const arg of ["--yes=true", "--yes=", "--no-cache=1", "--help=x"]) {
    assertEquals(
      faultOf([arg]).message,
      `Option ${arg.replace(/=.*/, "")} takes no value`,
    );
  }
});

Deno.test("parseCommand refuses a repeated option that is not repeatable", () => {
  const cases: readonly (readonly [readonly string[], string])[] = [
    [["--port", "1", "--port", "2"], "Option --port was given 2 times"],
    [["-p", "1", "--port=1", "-p", "1"], "Option --port was given 3 times"],
    [["--limit", "1", "--max-size", "1"], "Option --max-size was given 2 times"],
  ];
  for (const [args, message] of cases) assertEquals(faultOf(args).message, message);
});

Deno.test("parseCommand says which value cannot be used, and why", () => {
  const reason = "must be a whole number from 1 to 65535";
  assertEquals(faultOf(["--port", "http"]).message, `Cannot use --port "http": ${reason}`);
  assertEquals(faultOf(["-p", "0"]).message, `Cannot use --port "0": ${reason}`);
  assertEquals(
    faultOf([], { TEST_MAX_SIZE: "1M" }).message,
    'Cannot use variable TEST_MAX_SIZE "1M": must be a whole number from 0 to 1000',
  );
});

Deno.test("parseCommand lets other errors of a value's reader through", () => {
  const broken = value({
    help: "",
    value: "X",
    parse: () => {
      throw new TypeError("a defect");
    },
  });
  const command: Command = { ...COMMAND, options: { broken } };
  assertThrows(() => parse(command, ["--broken", "x"]), TypeError, "a defect");
});

Deno.test("parseCommand takes a variable of the environment where the option is not given", () => {
  const environment = { TEST_NAME: "env", TEST_MAX_SIZE: "7", TEST_ALLOW: "10.0.0.0/8" };
  const inherited = parse(COMMAND, [], environment).options;
  assertEquals([inherited.name, inherited.maxSize, inherited.allow], ["env", 7, ["10.0.0.0/8"]]);
  assertEquals(parse(COMMAND, [], { TEST_YES: "0" }).options.yes, false);
  assertEquals(parse(COMMAND, [], { TEST_YES: "1" }).options.yes, true);
  assertEquals(parse(COMMAND, ["-y"], { TEST_YES: "0" }).options.yes, true);
  const given = parse(
    COMMAND,
    ["--name", "arg", "--limit=3", "--allow", "a", "--allow", "b"],
    { ...environment, TEST_MAX_SIZE: "broken" },
  ).options;
  assertEquals([given.name, given.maxSize, given.allow], ["arg", 3, ["a", "b"]]);
  assertEquals(parse(COMMAND, [], { TEST_NAME: "", TEST_MAX_SIZE: "" }).options.maxSize, undefined);
});

Deno.test("parseCommand asks for no variable that no option names", () => {
  const asked: string[] = [];
  parseCommand(COMMAND, [], (name) => {
    asked.push(name);
    return undefined;
  });
  assertEquals(asked.sort(), ["TEST_ALLOW", "TEST_MAX_SIZE", "TEST_NAME", "TEST_YES"]);
});

Deno.test("parseCommand counts operands", () => {
  assertEquals(faultOf(["a", "b", "c", "d", "e"]).message, 'Unexpected argument: "d"');
  assertEquals(faultOf(["a", "--", "b", "c", "-d"]).message, 'Unexpected argument: "-d"');
  assertEquals(faultOf([], {}, WRAPPER).message, "Missing argument: COMMAND [ARG...]");
  assertEquals(faultOf(["--yes", "--"], {}, WRAPPER).message, "Missing argument: COMMAND [ARG...]");
});

Deno.test("parseCommand leaves all that follows the operand to the operand where it stops there", () => {
  const cases: readonly (readonly [readonly string[], readonly string[], boolean])[] = [
    [["env", "-i", "--yes"], ["env", "-i", "--yes"], false],
    [["--yes", "env", "--yes=1", "--port"], ["env", "--yes=1", "--port"], true],
    [["--name", "env", "sh", "-c", "a b"], ["sh", "-c", "a b"], false],
    [["--yes", "--", "--odd", "-y"], ["--odd", "-y"], true],
    [["env", "--", "x"], ["env", "--", "x"], false],
    [["-", "--yes"], ["-", "--yes"], false],
    [["007", "1e3"], ["007", "1e3"], false],
  ];
  for (const [args, operands, yes] of cases) {
    const parsed = parse(WRAPPER, args);
    assertEquals(parsed.operands, operands, args.join(" "));
    assertEquals(parsed.options.yes, yes, args.join(" "));
  }
  assertEquals(faultOf(["--odd", "env"], {}, WRAPPER).message, "Unknown option --odd");
});

Deno.test("asksFor finds help and version before every other fault of the line", () => {
  const cases: readonly (readonly [readonly string[], "help" | "version" | undefined])[] = [
    [[], undefined],
    [["--help"], "help"],
    [["-h"], "help"],
    [["--version"], "version"],
    [["-V"], "version"],
    [["-V", "-h"], "version"],
    [["--odd", "a", "b", "c", "d", "--help"], "help"],
    [["--port", "--help"], "help"],
    [["--port", "http", "-h"], "help"],
    [["--", "--help"], undefined],
    [["a", "--", "--help"], undefined],
    [["--name=--help"], undefined],
    [["--help=x"], undefined],
    [["help"], undefined],
  ];
  for (const [args, expected] of cases) {
    assertEquals(asksFor(COMMAND, args), expected, args.join(" "));
  }
});

Deno.test("asksFor leaves the options of the operand alone, and tells it from a value", () => {
  const cases: readonly (readonly [readonly string[], "help" | "version" | undefined])[] = [
    [["env", "--help"], undefined],
    [["-", "--help"], undefined],
    [["--help", "env"], "help"],
    [["--yes", "env", "--help"], undefined],
    [["--name", "env", "--help"], "help"],
    [["--name", "env", "sh", "--help"], undefined],
    [["--name=env", "--help"], "help"],
    [["-p", "80", "-V"], "version"],
    [["--name", "--help"], "help"],
    [["--name", "--", "--help"], undefined],
  ];
  for (const [args, expected] of cases) {
    assertEquals(asksFor(WRAPPER, args), expected, args.join(" "));
  }
});

Deno.test("longName turns a key into an option's name", () => {
  const cases = [["port", "port"], ["maxSize", "max-size"], ["a", "a"], [
    "maxPerIP",
    "max-per-i-p",
  ]];
  for (const [key, expected] of cases) assertEquals(longName(key as string), expected);
});

Deno.test("editDistance counts the letters to change", () => {
  const cases = [
    ["", "", 0],
    ["", "abc", 3],
    ["abc", "", 3],
    ["abc", "abc", 0],
    ["abc", "abd", 1],
    ["abc", "ac", 1],
    ["abc", "xabc", 1],
    ["kitten", "sitting", 3],
    ["ab", "ba", 2],
  ] as const;
  for (const [a, b, expected] of cases) {
    assertEquals(editDistance(a, b), expected, `${a} ${b}`);
    assertEquals(editDistance(b, a), expected, `${b} ${a}`);
  }
});
