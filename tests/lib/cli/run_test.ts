import { assertEquals, assertStringIncludes } from "@std/assert";
import { formatVersion } from "../../../lib/cli/mod.ts";
import { runScript } from "../../support/child.ts";

interface Case {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly status: number;
  /** The whole of standard output, or a part of it. */
  readonly out?: string;
  readonly outIncludes?: string;
  readonly err?: string;
}

const COMMANDS = 'Commands are echo, fail, broken; run "test --help" for examples\n';
const USAGE = 'Run "test echo --help" for all options\n';

const PROGRAM: readonly Case[] = [
  { args: ["echo"], status: 0, out: '{"operands":[]}\n' },
  {
    args: ["echo", "--name=x", "007", "-"],
    status: 2,
    out: '{"name":"x","operands":["007","-"]}\n',
  },
  { args: ["echo"], env: { TEST_NAME: "env" }, status: 0, out: '{"name":"env","operands":[]}\n' },
  { args: ["echo", "--odd"], status: 2, err: `test: Unknown option --odd\n${USAGE}` },
  { args: ["echo", "a", "b", "c"], status: 2, err: `test: Unexpected argument: "c"\n${USAGE}` },
  { args: ["echo", "--odd", "--help"], status: 0, outIncludes: "Usage: test echo [OPTIONS]" },
  { args: ["echo", "-V"], status: 0, out: `${formatVersion("test")}\n` },
  { args: ["help", "fail"], status: 0, outIncludes: "Usage: test fail [OPTIONS]" },
  { args: ["broken", "--help"], status: 0, outIncludes: "Usage: test broken [OPTIONS]" },
  { args: ["--help"], status: 0, outIncludes: "Usage: test COMMAND [OPTIONS]" },
  { args: ["-h"], status: 0, outIncludes: "Usage: test COMMAND [OPTIONS]" },
  { args: ["help"], status: 0, outIncludes: "Usage: test COMMAND [OPTIONS]" },
  { args: ["--version"], status: 0, out: `${formatVersion("test")}\n` },
  { args: ["-V"], status: 0, out: `${formatVersion("test")}\n` },
  { args: [], status: 2, err: `test: Missing command\n${COMMANDS}` },
  { args: ["ech"], status: 2, err: `test: Unknown command "ech"\n${COMMANDS}` },
  { args: ["--odd"], status: 2, err: `test: Unknown command "--odd"\n${COMMANDS}` },
  { args: ["help", "odd\n"], status: 2, err: `test: Unknown command "odd\n"\n${COMMANDS}` },
  {
    args: ["fail", "exit"],
    status: 5,
    err: "test: Cannot connect to \\x1b[1mrelay\nIs it running?\n",
  },
  { args: ["fail", "bare"], status: 6, err: "test: Cannot write\n" },
  { args: ["fail", "interrupted"], status: 130, err: "test: Ended by SIGINT\n" },
  {
    args: ["fail", "defect"],
    status: 1,
    err:
      "test: Unexpected failure: TypeError: x is undefined\nThis is a defect, please report it\n",
  },
  {
    args: ["fail", "text"],
    status: 1,
    err: "test: Unexpected failure: thrown text\nThis is a defect, please report it\n",
  },
  {
    args: ["broken"],
    status: 1,
    err: "test: Unexpected failure: Error: Cannot load\nThis is a defect, please report it\n",
  },
];

const SINGLE: readonly Case[] = [
  { args: ["a"], status: 1, out: '{"operands":["a"]}\n' },
  { args: ["--help"], status: 0, outIncludes: "Usage: test [OPTIONS] [ARG...]" },
  { args: ["--version"], status: 0, out: `${formatVersion("test")}\n` },
  {
    args: ["--odd"],
    status: 2,
    err: 'test: Unknown option --odd\nRun "test --help" for all options\n',
  },
];

async function check(form: string, { args, env = {}, ...expected }: Case): Promise<void> {
  const ended = await runScript("run_program.ts", { args: [form, ...args], env });
  assertEquals(ended.err, expected.err ?? "");
  if (expected.outIncludes === undefined) assertEquals(ended.out, expected.out ?? "");
  else assertStringIncludes(ended.out, expected.outIncludes);
  assertEquals(ended.status, expected.status);
}

Deno.test("runProgram chooses the command and turns every end into an exit status", async (t) => {
  for (const testCase of PROGRAM) {
    await t.step(`test ${testCase.args.join(" ")}`, () => check("several", testCase));
  }
});

Deno.test("runCommand runs a program that has only one command", async (t) => {
  for (const testCase of SINGLE) {
    await t.step(`test ${testCase.args.join(" ")}`, () => check("single", testCase));
  }
});
