// The stage of one case: a folder of its own, in which everything that a program writes must lie, a
// relay that others use too, and an end that leaves nothing behind.

import { assert, assertEquals } from "@std/assert";
import { assertServes } from "./bob_peers.ts";
import { Program, type StartOptions } from "./program.ts";
import { RelayProgram } from "./relay_program.ts";
import { within } from "./within.ts";

/** No case may take longer, in milliseconds. */
const PATIENCE_MS = 60_000;

/** What one case may use. */
export class Stage implements AsyncDisposable {
  readonly #programs: Program[] = [];
  readonly #secrets = new Set<string>();

  private constructor(
    /** Holds the other folders; nothing else may appear in it. */
    readonly folder: string,
    /** Shared with other cases; must outlive this one. */
    readonly relay: RelayProgram,
  ) {}

  /** Makes the folders. */
  static async create(relay: RelayProgram): Promise<Stage> {
    const stage = new Stage(await Deno.makeTempDir({ prefix: "relay-test-" }), relay);
    for (const path of [stage.in, stage.out, stage.tmp]) await Deno.mkdir(path);
    return stage;
  }

  /** Where senders start. */
  get in(): string {
    return `${this.folder}/in`;
  }

  /** Where receivers start. */
  get out(): string {
    return `${this.folder}/out`;
  }

  /** The folder for temporary files of all programs. */
  get tmp(): string {
    return `${this.folder}/tmp`;
  }

  /** Starts `relay` with these words. */
  start(args: readonly string[], options: StartOptions = {}): Program {
    const env: Record<string, string> = { TMPDIR: this.tmp, ...options.env };
    const program = Program.start("relay", args, { cwd: this.folder, ...options, env });
    this.#programs.push(program);
    if (env["SALLYPORT_CODE"] !== undefined) this.#secrets.add(env["SALLYPORT_CODE"]);
    return program;
  }

  /** Starts a relay for this case alone. */
  serve(args: readonly string[] = [], options: StartOptions = {}): Promise<RelayProgram> {
    return RelayProgram.start(args, options, (_, words, more) => this.start(words, more));
  }

  /** Starts `relay send` at the shared relay, in the folder of senders. */
  send(args: readonly string[], options: StartOptions = {}): Program {
    return this.start(["send", "--relay", this.relay.address, ...args], {
      cwd: this.in,
      ...options,
    });
  }

  /** Starts `relay receive --yes` at the shared relay, in the folder of receivers. */
  receive(args: readonly string[], options: StartOptions = {}): Program {
    return this.start(["receive", "--relay", this.relay.address, "--yes", ...args], {
      cwd: this.out,
      ...options,
    });
  }

  /** Writes a file for a sender. */
  async write(name: string, content: string | Uint8Array): Promise<void> {
    if (typeof content === "string") await Deno.writeTextFile(`${this.in}/${name}`, content);
    else await Deno.writeFile(`${this.in}/${name}`, content);
  }

  /** Makes a file of zeros, which takes no room. */
  async writeZeros(name: string, size: number): Promise<void> {
    await Deno.writeFile(`${this.in}/${name}`, new Uint8Array());
    await Deno.truncate(`${this.in}/${name}`, size);
  }

  /** Everything below a folder: files with their text, links with their target, sorted by path. */
  tree(folder = this.out): Record<string, string> {
    return Object.fromEntries(
      pathsBelow(folder).map((path) => {
        const at = `${folder}/${path}`;
        if (path.endsWith("/")) return [path, ""];
        if (Deno.lstatSync(at).isSymlink) return [path, `-> ${Deno.readLinkSync(at)}`];
        return [path, Deno.readTextFileSync(at)];
      }),
    );
  }

  /**
   * Ends all programs; nothing of theirs may be left, none may have printed a code that it was given
   * in its environment, and the relay must serve others.
   */
  async finish(): Promise<void> {
    for (const { stdout, stderr } of await this.#endPrograms()) {
      for (const secret of this.#secrets) {
        assert(!`${stdout}${stderr}`.includes(secret), `A code was printed:\n${stdout}${stderr}`);
      }
    }
    const left = pathsBelow(this.folder).filter((path) =>
      !/^(in|out|tmp)\//.test(path) || /sallyport-/.test(path) || /^tmp\/./.test(path)
    );
    assertEquals(left, [], "Something was left behind, or written outside of the chosen folder");
    await assertServes(this.relay);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#endPrograms();
    await Deno.remove(this.folder, { recursive: true });
  }

  async #endPrograms(): Promise<Program[]> {
    const programs = this.#programs.splice(0);
    await Promise.all(programs.map((program) => program[Symbol.asyncDispose]()));
    return programs;
  }
}

/** Paths below a folder, sorted; those of folders end in a slash. */
function pathsBelow(folder: string, shown = ""): string[] {
  const children = [...Deno.readDirSync(folder)].sort((a, b) => a.name < b.name ? -1 : 1);
  return children.flatMap(({ name, isDirectory }) =>
    isDirectory
      ? [`${shown}${name}/`, ...pathsBelow(`${folder}/${name}`, `${shown}${name}/`)]
      : [`${shown}${name}`]
  );
}

/** One case, and the reason why it cannot run here, if there is one. */
export interface Case {
  readonly name: string;
  readonly run: (stage: Stage) => Promise<void>;
  readonly skipped?: string | undefined;
}

/** Registers a test with a step for each case; all share one relay, which must outlive them. */
export function testOnStages(
  name: string,
  cases: readonly Case[],
  relayArgs: readonly string[] = [],
): void {
  Deno.test(name, async (t) => {
    await using relay = await RelayProgram.start(relayArgs);
    for (const { name, run, skipped } of cases) {
      await t.step({
        name: skipped === undefined ? name : `${name} (skipped: ${skipped})`,
        ignore: skipped !== undefined,
        // The relay's output is read all the time: the test around the steps looks for leaks.
        sanitizeOps: false,
        sanitizeResources: false,
        fn: () => playOnStage(relay, name, run),
      });
    }
    await relay.stop();
  });
}

async function playOnStage(
  relay: RelayProgram,
  name: string,
  run: (stage: Stage) => Promise<void>,
): Promise<void> {
  await using stage = await Stage.create(relay);
  await within(run(stage), name, PATIENCE_MS);
  await stage.finish();
}
