// What `relay` makes of its command line: help, versions, and lines that make no sense.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { RECEIVE, SEND, SERVE } from "../../cmd/relay/args.ts";
import { type Ended, HAS_TERMINALS, Program, type StartOptions } from "../support/program.ts";
import { VERSION } from "../../lib/cli/mod.ts";

const COMMANDS = [SEND, RECEIVE, SERVE];
/** Nobody is there: whoever connects gets another fault than that of the command line. */
const NOBODY = "127.0.0.1:1";

function run(args: readonly string[], options: StartOptions = {}): Promise<Ended> {
  return Program.run("relay", args, options);
}

/** Command lines that are refused, each with what is said of it. */
const REFUSED: Readonly<Record<string, readonly [line: readonly string[], said: RegExp]>> = {
  "no command": [[], /^relay: Missing command\nCommands are send, receive, serve; /],
  "an unknown command": [["recieve"], /^relay: Unknown command "recieve"\n/],
  "send without a path": [["send"], /^relay: Missing argument: PATH\.\.\.\n/],
  "an unknown option, and one that is alike": [
    ["send", "--no-compresion", "x"],
    /^relay: Unknown option --no-compresion; did you mean --no-compress(ion)?\?\n/,
  ],
  "an option of another command": [["receive", "--qr"], /^relay: Unknown option --qr\n/],
  "an option without its value": [["send", "x", "--relay"], /--relay needs a value/],
  "an option twice": [["send", "--wire", "nonce12", "--wire", "nonce20", "x"], /2 times/],
  "a flag with a value": [["send", "--qr=yes", "x"], /--qr takes no value/],
  "a generation that there is not": [["send", "--wire", "nonce16", "x"], /nonce12, nonce20/],
  "a protocol that there is not": [["send", "--protocol", "ftp", "x"], /--protocol "ftp"/],
  "a relay without a host": [["send", "--relay", ":9000", "x"], /--relay ":9000"/],
  "a relay whose port is none": [["send", "--relay", "host:99999", "x"], /65535/],
  "an IPv6 address without brackets": [["send", "--relay", "::1", "x"], /in brackets/],
  "a time of nothing": [["send", "--timeout", "0", "x"], /--timeout "0"/],
  "a size that is none": [["receive", "--max-size", "lots"], /--max-size "lots"/],
  "no guesses at all": [["send", "--max-guesses", "0", "x"], /--max-guesses "0"/],
  "a range that is none": [["serve", "--allow", "10.0.0.0/33"], /--allow "10\.0\.0\.0\/33"/],
  "numbers without a port": [["serve", "--metrics", "localhost"], /must name a port/],
  "arguments for serve": [["serve", "9000"], /Unexpected argument: "9000"/],
  "two codes as arguments": [["receive", "one", "two"], /Unexpected argument: "two"/],
  "receive without a relay": [["receive", "--yes", "code"], /No relay is named/],
  "two codes": [
    ["receive", "--yes", "--relay", NOBODY, "--code-file", "-", "code"],
    /Two codes are given/,
  ],
  "an empty code": [["receive", "--yes", "--relay", NOBODY, ""], /is empty/],
  "a name for a file that has one": [["send", "--name", "x", "deno.json"], /--name is for/],
  "standard input without a name": [["send", "-"], /has no name\n.*--name notes\.tar/],
  "standard input under a path": [["send", "--name", "../x", "-"], /cannot be called that: a path/],
  "standard input and a file": [["send", "--name", "x", "-", "deno.json"], /together with other/],
  "standard input for the code and the file": [
    ["send", "--name", "x", "--code-file", "-", "-"],
    /cannot hold both the code and what is sent/,
  ],
};

for (const [title, [line, said]] of Object.entries(REFUSED)) {
  Deno.test(`relay: refuses ${title}`, async () => {
    const { code, stdout, stderr } = await run(line);
    assertMatch(stderr, said);
    assertEquals([code, stdout], [2, ""]);
  });
}

/** Without a terminal nobody can be asked, and nothing is begun that would need an answer. */
const UNASKED: Readonly<Record<string, readonly [options: StartOptions, args: readonly string[]]>> =
  {
    "whether to receive": [{ env: { SALLYPORT_CODE: "lusabag-gutihuz" } }, []],
    "whether to receive, with input that is no terminal": [{ stdin: "y\n" }, ["lusabag-gutihuz"]],
    "for the code": [{}, ["--yes"]],
  };

for (const [title, [options, args]] of Object.entries(UNASKED)) {
  Deno.test(`relay receive: cannot ask ${title}, and does not even connect`, async () => {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    let connections = 0;
    const accepting = (async () => {
      for await (const connection of listener) {
        connections++;
        connection.close();
      }
    })();
    const relay = `127.0.0.1:${listener.addr.port}`;
    const { code, stderr } = await run(["receive", "--relay", relay, ...args], options);
    listener.close();
    await accepting;
    assertMatch(stderr, /^relay: Cannot ask .*: standard input is no terminal\n/);
    assertEquals([code, connections], [2, 0]);
  });
}

Deno.test({
  name: "relay receive: ends with wrong usage when no code is typed",
  ignore: !HAS_TERMINALS,
  fn: async () => {
    await using receiver = Program.start("relay", ["receive", "--relay", NOBODY], {
      terminal: true,
      stdin: "open",
    });
    await receiver.waitFor("stdout", /Code: $/);
    await receiver.stdin?.write(Uint8Array.of(4));
    const { code, stdout } = await receiver.ended();
    assertMatch(stdout, /relay: No code was entered/);
    assertEquals(code, 2);
  },
});

/** Local files that cannot be what they are named for; nothing is begun. */
const MISPLACED: Readonly<Record<string, readonly [line: readonly string[], said: RegExp]>> = {
  "a folder to save into that is missing": [
    ["receive", "--yes", "--relay", NOBODY, "--output", "/nothing/there", "code"],
    /Cannot save into "\/nothing\/there": no such file or folder/,
  ],
  "a folder to save into that is none": [
    ["receive", "--yes", "--relay", NOBODY, "--output", "/etc/hostname", "code"],
    /Cannot save into "\/etc\/hostname": no folder/,
  ],
  "a file with the code that is missing": [
    ["receive", "--yes", "--relay", NOBODY, "--code-file", "/nothing/there"],
    /Cannot read "\/nothing\/there"/,
  ],
  "neither file nor folder": [["send", "/dev/null"], /Cannot send "\/dev\/null": neither file nor/],
  "two paths of one name": [
    ["send", "lib/cli/mod.ts", "lib/net/mod.ts"],
    /both are called "mod\.ts"/,
  ],
};

for (const [title, [line, said]] of Object.entries(MISPLACED)) {
  Deno.test(`relay: refuses ${title}`, async () => {
    const { code, stdout, stderr } = await run(line);
    assertMatch(stderr, said);
    assertEquals([code, stdout], [6, ""]);
  });
}

Deno.test("relay --help: names every command, and shows how to begin", async () => {
  for (const line of [["--help"], ["-h"], ["help"]]) {
    const { code, stdout, stderr } = await run(line);
    assertEquals([code, stderr], [0, ""]);
    for (const { name } of COMMANDS) assertMatch(stdout, new RegExp(`^  ${name.slice(6)} `, "m"));
    assertMatch(stdout, /^ {2}relay send holiday\.jpg$/m);
  }
});

for (const command of COMMANDS) {
  const [, word] = command.name.split(" ") as [string, string];
  Deno.test(`${command.name} --help: every option, outcome and exit status`, async () => {
    const { code, stdout, stderr } = await run([word, "--help", "--no-such-option"]);
    assertEquals([code, stderr], [0, ""]);
    for (const key of Object.keys(command.options)) {
      const name = key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
      assertMatch(stdout, new RegExp(`^  (-\\w, |    )--${name}\\b`, "m"));
    }
    const oneLine = stdout.replace(/\s+/g, " ");
    for (const [event, said, status] of command.outcomes) {
      assert(oneLine.includes(`${event} [${status}] ${said}`), `${event}: ${said}`);
    }
    for (const status of command.exits) assertMatch(stdout, new RegExp(`^  ${status} +\\w`, "m"));
    for (const line of stdout.split("\n")) assert(line.length <= 96, `Too long: ${line}`);
    assertEquals((await run(["help", word])).stdout, stdout);
  });
}

Deno.test("relay --version: program, release, runtime; for every command too", async () => {
  const expected = `relay ${VERSION} (from source, Deno ${Deno.version.deno})\n`;
  for (const line of [["--version"], ["-V"], ["send", "--version"], ["serve", "-V"]]) {
    const { code, stdout, stderr } = await run(line);
    assertEquals([code, stdout, stderr], [0, expected, ""]);
  }
});
