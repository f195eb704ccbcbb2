/**
 * Logins at the terminal: secrets are asked for without showing them, further steps as they come.
 *
 * @module
 */

import type { Answer, CoreCall } from "../../../../lib/triba/mod.ts";
import { CommandFault } from "./commands.ts";
import { oneLine } from "./render.ts";
import type { Screen } from "./session.ts";

type Step = Extract<Answer, { readonly type: "LoginStep" }>;

/** The logins of one user. */
export class Login {
  readonly #screen: Screen;
  readonly #request: (backend: string, call: CoreCall) => Promise<Answer>;
  readonly #steps = new Map<string, Step>();

  /** Asks on this screen. */
  constructor(
    screen: Screen,
    request: (backend: string, call: CoreCall) => Promise<Answer>,
  ) {
    this.#screen = screen;
    this.#request = request;
  }

  /** Logs in with an account and the secret that the user types. */
  async begin(backend: string, account: string): Promise<void> {
    const secret = await this.#screen.ask(`Secret of ${oneLine(account)}: `, true);
    if (secret === undefined || secret === "") return;
    await this.#follow(backend, await this.#request(backend, { type: "Login", account, secret }));
  }

  /** A login that the configuration began needs the user. */
  offer(backend: string, step: Step): void {
    this.#steps.set(backend, step);
    this.#screen.print(`-- ${oneLine(`${backend} asks: ${step.text}`)}; /answer ${backend}`);
  }

  /** Goes on with such a login. */
  async goOn(backend: string): Promise<void> {
    const step = this.#steps.get(backend);
    if (step === undefined) throw new CommandFault("This backend asks nothing");
    this.#steps.delete(backend);
    await this.#follow(backend, step);
  }

  async #follow(backend: string, first: Answer): Promise<void> {
    let answer = first;
    while (answer.type === "LoginStep") {
      this.#screen.print(`-- ${oneLine(answer.text)}`);
      const answers: string[] = [];
      for (const field of answer.fields) {
        const given = await this.#screen.ask(`${oneLine(field)}: `, true);
        if (given === undefined) return this.offer(backend, answer);
        answers.push(given);
      }
      answer = await this.#request(backend, { type: "LoginAnswer", answers });
    }
    this.#screen.print(`-- logged in to ${backend}`);
  }
}
