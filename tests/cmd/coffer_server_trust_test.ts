// `coffer-server`: who is believed, and what is written down of it.

import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  compute,
  encodeFrame,
  makeRequest,
  openReply as openAnyReply,
} from "../../lib/coffer/mod.ts";
import { x25519Node } from "../../lib/coffer/keys/x25519_node.ts";
import { keyPair, random, utf8 } from "../support/coffer.ts";
import {
  answerTo,
  authenticated,
  CANARY,
  exchange,
  fetchSecrets,
  idOf,
  Line,
  onCofferStage,
  smallDefinition,
} from "../support/coffer_stage.ts";

for (const required of [false, true]) {
  const mode = required ? "with" : "without";
  Deno.test(`coffer-server 14.4: what is refused ${mode} --require-authenticated`, () =>
    onCofferStage(async (stage) => {
      await stage.sealed(smallDefinition());
      const { program, port } = await stage.serve(required ? ["--require-authenticated"] : []);
      assertMatch(
        program.stderr,
        required ? /mode=authenticated-only/ : /mode=plain-and-authenticated/,
      );
      const plain = required ? "authentication required" : "0x05";
      const request = authenticated("web");
      const now = Date.now() / 1000;
      const table: readonly (readonly [string, Uint8Array, string])[] = [
        ["fresh", request.body, "0x05"],
        ["the same once more", request.body, "bad request"],
        ["too old", authenticated("web", now - 302).body, "bad request"],
        ["from the future", authenticated("web", now + 303).body, "bad request"],
        ["nothing", new Uint8Array(), plain],
        ["garbage", random(150), plain],
        ["of somebody else", authenticated("web", now, "db").body, plain],
      ];
      for (const [what, body, outcome] of table) {
        assertEquals(await answerTo(port, "web", body), outcome, what);
      }
      assertEquals(await answerTo(port, "stranger", new Uint8Array()), "0xaa");
      for (const framing of ["wide", "narrow"] as const) {
        const pending = authenticated("web");
        using line = await Line.open(port);
        await line.send(encodeFrame(framing, 0x00, keyPair("web").publicKey));
        await line.send(encodeFrame(framing, 0x02, pending.body));
        if (framing === "narrow") await line.frame(framing);
        const { body } = await line.frame(framing);
        const reply = openAnyReply(body, { client: keyPair("web"), request: pending });
        assertEquals(compute(reply, x25519Node).authenticated, true, framing);
      }
    }));
}

Deno.test("coffer-server: --companion-key takes what that companion sealed, and nothing older on a reload", () =>
  onCofferStage(async (stage) => {
    const from = "app";
    await stage.sealed(smallDefinition("A = 1\n"), from);
    await Deno.copyFile(stage.at("secrets.sealed"), stage.at("older"));
    await new Promise((resolve) => setTimeout(resolve, 1_100)); // times are whole seconds
    await stage.sealed(smallDefinition("A = 2\n"), from);
    const { program, port } = await stage.serve(["--companion-key", idOf("app").toLowerCase()]);
    assertMatch(program.stderr, new RegExp(`loaded .*companion=${idOf("app")}`));
    const reload = async (why: RegExp) => {
      program.kill("SIGHUP");
      await program.waitFor("stderr", why);
    };
    const stays = "not reloaded, the old key and definition stay\\n.*";
    await Deno.copyFile(stage.at("older"), stage.at("secrets.sealed"));
    await reload(new RegExp(`${stays}older than the running one`));
    await stage.sealed(smallDefinition("A = 3\n"));
    await reload(new RegExp(`${stays}names no companion`));
    await stage.sealed(smallDefinition("A = 3\n"), "stranger");
    await reload(new RegExp(`${stays}a companion that was not named`));
    assertEquals((await fetchSecrets(port, "web")).get("A")?.value, 2n);
    await stage.sealed(smallDefinition("A = 4\n"), from);
    program.kill("SIGHUP");
    await program.waitFor("stderr", /reloaded: \+0 ~1 -0/);
  }));

Deno.test("coffer-server: the server's key can be changed by a reload", () =>
  onCofferStage(async (stage) => {
    await stage.sealed(smallDefinition());
    const { program, port } = await stage.serve();
    await stage.key("stranger");
    const rotated = await stage.companion(
      ["rotate", "-c", "server.key", "-s", "secrets.sealed", "--to", "stranger.key"],
    );
    assertEquals(rotated.code, 0, rotated.stderr);
    await Deno.rename(stage.at("stranger.key"), stage.at("server.key"));
    program.kill("SIGHUP");
    await program.waitFor("stderr", /reloaded: \+0 ~0 -0/);
    await fetchSecrets(port, "web");
    const making = makeRequest(
      keyPair("web"),
      keyPair("stranger").publicKey,
      Math.floor(Date.now() / 1000),
      random,
    );
    assertEquals(await answerTo(port, "web", compute(making, x25519Node).body), "0x05");
  }));

Deno.test("coffer-server: --audit-log has a line for every request, before the reply, and follows a renamed file", () =>
  onCofferStage(async (stage) => {
    await stage.sealed(smallDefinition());
    const { program, port } = await stage.serve(["--audit-log", "audit.jsonl"]);
    const lines = (name: string) =>
      Deno.readTextFileSync(stage.at(name)).trim().split("\n").map((line) => JSON.parse(line));
    await fetchSecrets(port, "web", "narrow");
    await answerTo(port, "db", authenticated("db").body);
    await answerTo(port, "stranger", new Uint8Array());
    await exchange(port, utf8("GET / HTTP/1.1\r\n\r\n"));
    const [sent, box, unknown, refused, surplus] = lines("audit.jsonl");
    assertEquals(surplus, undefined);
    const { time, peer, bytes, ...rest } = sent;
    assertEquals(rest, { event: "sent", client: idOf("web"), framing: "narrow", auth: "none" });
    assert(Math.abs(Date.parse(time) - Date.now()) < 60_000 && bytes > 48);
    assertMatch(peer, /^127\.0\.0\.1:\d+$/);
    assertEquals([box.event, box.client, box.auth], ["sent", idOf("db"), "box"]);
    assertEquals([unknown.event, unknown.client], ["unknown-key", idOf("stranger")]);
    assertEquals([refused.event, refused.reason], ["refused", "unexpected message"]);
    assertEquals(Deno.statSync(stage.at("audit.jsonl")).mode ?? 0, 0o100600);
    await Deno.rename(stage.at("audit.jsonl"), stage.at("audit.1"));
    program.kill("SIGHUP");
    await program.waitFor("stderr", /reloaded/);
    await fetchSecrets(port, "web");
    assertEquals([lines("audit.1").length, lines("audit.jsonl").length], [4, 1]);
    assert(!Deno.readTextFileSync(stage.at("audit.1")).includes(CANARY));
  }));
