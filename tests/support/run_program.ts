// A program with commands, and one without: run_program.ts several|single ARGS...

import {
  asText,
  type Command,
  ExitFault,
  Interrupted,
  runCommand,
  runnable,
  runProgram,
  value,
} from "../../lib/cli/mod.ts";
import { writeLine } from "./write_line.ts";

const FAULTS: Readonly<Record<string, unknown>> = {
  exit: new ExitFault(5, "Cannot connect to \x1b[1mrelay", "Is it running?"),
  bare: new ExitFault(6, "Cannot write"),
  interrupted: new Interrupted("SIGINT"),
  defect: new TypeError("x is undefined"),
  text: "thrown text",
};

function command<T extends Command["options"]>(name: string, options: T): Command<T> {
  return {
    name,
    summary: `does ${name}`,
    operands: { shown: "[ARG...]", least: 0, most: 2 },
    options,
    examples: [],
    exits: [0],
  };
}

const [form, ...args] = Deno.args;
const NAME = { name: value({ help: "Name", value: "NAME", parse: asText, env: "TEST_NAME" }) };
const prefix = form === "single" ? "test" : "test echo";
const echo = runnable(command(prefix, NAME), () =>
  Promise.resolve(({ name }, operands) => {
    writeLine(JSON.stringify({ name, operands }));
    return operands.length;
  }));
const fail = runnable(command("test fail", {}), () =>
  Promise.resolve((_, [kind = ""]) => {
    throw FAULTS[kind];
  }));
const broken = runnable(
  command("test broken", {}),
  () => Promise.reject(new Error("Cannot load")),
);

const status = form === "single" ? await runCommand("test", echo, args) : await runProgram({
  name: "test",
  summary: "tests",
  commands: [echo, fail, broken],
  examples: [],
}, args);
Deno.exit(status);
