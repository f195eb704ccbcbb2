// The command lines that the original programs were tried with: what they did, and what ours do.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { encodeKeyFile } from "../../lib/coffer/mod.ts";
import { keyPair, readVectors } from "../support/coffer.ts";
import { CofferStage, idOf } from "../support/coffer_stage.ts";

interface CommandLineCase {
  readonly id: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly exit: number | string;
  readonly stdout: string;
  readonly ours: {
    readonly exit: number | "still running";
    readonly stderr: string;
    /** Where it is not what the original printed. */
    readonly stdout?: string;
  };
}

interface SignalCase {
  readonly ours: { readonly signals: Readonly<Record<string, number | "still running">> };
}

const { cases } = readVectors<{ cases: readonly (CommandLineCase | SignalCase)[] }>(
  "command-line.json",
);
const DEFINITION = `[web]\nid = "${idOf("web")}"\nWEB_TOKEN = "w"\n`;
/** Ports of the recording: one that is taken, one with a server; any other is a free one. */
const TAKEN = "19992";
const SERVED = "19993";

/** The files that the command lines name. */
async function writeFiles(stage: CofferStage): Promise<void> {
  await stage.write("def.enc", await Deno.readFile(await stage.sealed(DEFINITION)));
  await stage.write("server.cert", encodeKeyFile(keyPair("server")));
  await stage.write("web.cert", encodeKeyFile(keyPair("web")));
  await stage.write("def.toml", DEFINITION);
  await stage.write("short.enc", new Uint8Array(20));
  await stage.write("emptyfile.enc", "");
}

function isCommandLine(one: CommandLineCase | SignalCase): one is CommandLineCase {
  return "args" in one;
}

Deno.test("the command lines of the original programs", async (t) => {
  await using stage = await CofferStage.create();
  await writeFiles(stage);
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = await stage.serve();
  const ports = new Map([[TAKEN, String(taken.addr.port)], [SERVED, String(port)]]);
  const withPort = (text: string) => text.replace(/1999\d$/, (old) => ports.get(old) ?? "0");
  /** In the working folder, with no more of an environment than the recording had. */
  const start = (program: string, args: readonly string[], env: Readonly<Record<string, string>>) =>
    stage.start(program, args.map(withPort), {
      env: Object.fromEntries(Object.entries(env).map(([name, text]) => [name, withPort(text)])),
    });

  for (const one of cases.filter(isCommandLine)) {
    await t.step(one.id, async () => {
      const program = start(one.program, one.args, one.env);
      if (one.ours.exit === "still running") {
        await program.waitFor("stderr", /^ready$/m);
        assertStringIncludes(program.stderr, one.ours.stderr);
        program.kill("SIGTERM");
        await program.ended();
        return;
      }
      const { code, stdout, stderr } = await program.ended();
      assertEquals(code, one.ours.exit, stderr);
      if (one.ours.stderr === "") assertEquals(stderr, "");
      assertStringIncludes(stderr, one.ours.stderr);
      if (one.exit === 0) assertSameOutput(stdout, (one.ours.stdout ?? one.stdout).trimEnd());
    });
  }

  for (
    const [signal, exit] of cases.flatMap((one) =>
      isCommandLine(one) ? [] : Object.entries(one.ours.signals)
    )
  ) {
    await t.step(`server-signals: ${signal}`, async () => {
      const { program } = await stage.serve();
      program.kill(signal as Deno.Signal);
      if (exit === "still running") await program.waitFor("stderr", /^reloaded: /m);
      else assertEquals((await program.ended()).code, exit);
    });
  }
});

/** Every line of the recording is there; the surroundings may add to an environment. */
function assertSameOutput(ours: string, recorded: string): void {
  const lines = new Set(ours.trimEnd().split("\n"));
  for (const line of recorded.split("\n")) {
    if (!line.startsWith("PATH=") && !/19993/.test(line)) {
      assert(lines.has(line), `${line}: ${ours}`);
    }
  }
}
