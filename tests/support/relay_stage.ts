// The stage of one case: a folder of its own, in which everything that a program writes must lie, a
// relay that others use too, and an end that leaves nothing behind.

import { assertEquals } from "@std/assert";
import { assertServes } from "./bob_peers.ts";
import { Program, type StartOptions } from "./program.ts";
import { RelayProgram } from "./relay_program.ts";
import { within } from "./within.ts";

/** No case may take longer, in milliseconds. */
const PATIENCE_MS = 60_000;

/** What one case may use. */
export class Stage implements AsyncDisposable {
  readonly #programs: Program[] = [];

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
    const env = { TMPDIR: this.tmp, ...options.env };
    const program = Program.start("relay", args, { cwd: this.folder, ...options, env });
    this.#programs.push(program);
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
    const found: Record<string, string> = {};
    const walk = (path: string, shown: string) => {
      const children = [...Deno.readDirSync(path)].sort((a, b) => a.name < b.name ? -1 : 1);
      for (const { name, isDirectory, isSymlink } of children) {
        const [at, key] = [`${path}/${name}`, `${shown}${name}`];
        if (isDirectory) {
          found[`${key}/`] = "";
          walk(at, `${key}/`);
        } else {
          found[key] = isSymlink ? `-> ${Deno.readLinkSync(at)}` : Deno.readTextFileSync(at);
        }
      }
    };
    walk(folder, "");
    return found;
  }

  /** Ends all programs; nothing of theirs may be left, and the relay must serve others. */
  async finish(): Promise<void> {
    await this.#endPrograms();
    const paths = Object.keys(this.tree(this.folder));
    const left = paths.filter((path) =>
      !/^(in|out|tmp)\//.test(path) || /sallyport-/.test(path) || /^tmp\/./.test(path)
    );
    assertEquals(left, [], "Something was left behind, or written outside of the chosen folder");
    await assertServes(this.relay);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#endPrograms();
    await Deno.remove(this.folder, { recursive: true });
  }

  async #endPrograms(): Promise<void> {
    await Promise.all(this.#programs.splice(0).map((program) => program[Symbol.asyncDispose]()));
  }
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
