// `coffer-server`: what its options do.

import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  answerTo,
  authenticated,
  CANARY,
  type CofferStage,
  exchange,
  fetchSecrets,
  Line,
  onCofferStage,
  request,
  type Server,
  smallDefinition,
} from "../support/coffer_stage.ts";

const FILES = ["-c", "server.key", "-s", "secrets.sealed", "-a", "127.0.0.1:0"];

Deno.test("coffer-server: a unix socket is for its owner only, is taken over from the dead, and goes at the end", () =>
  onCofferStage(async (stage) => {
    await stage.sealed(smallDefinition());
    const path = stage.at("socket");
    const first = await stage.serve(["-a", `unix:${path}`]);
    assertEquals((Deno.statSync(path).mode ?? 0) & 0o777, 0o600);
    await fetchSecrets(path, "web");
    first.program.kill("SIGKILL");
    await first.program.ended();
    const second = await stage.serve(["-a", `unix:${path}`]);
    await fetchSecrets(path, "web");
    second.program.kill("SIGTERM");
    assertEquals((await second.program.ended()).code, 0);
    assertEquals(await Deno.stat(path).catch(() => "gone"), "gone");
  }));

Deno.test("coffer-server: old and new names of options in the environment; credentials of a service manager", () =>
  onCofferStage(async (stage) => {
    await stage.sealed(smallDefinition());
    const env = {
      COFFER_SERVER_CERTIFICATE: "server.key",
      COFFER_SERVER_SECRETS: "secrets.sealed",
      COFFER_SERVER_ADDRESS: "localhost:0",
      COFFER_REQUIRE_AUTHENTICATED: "yes",
      COFFER_COMPANION_KEY: "",
    };
    const program = stage.start("coffer-server", [], { env });
    await program.waitFor("stderr", /mode=authenticated-only[\s\S]*listening on localhost:\d+/);
    const quiet = stage.start("coffer-server", ["--check"], {
      env: { ...env, COFFER_REQUIRE_AUTHENTICATED: "maybe" },
    });
    const ended = await quiet.ended();
    assertEquals(ended.code, 2);
    assertMatch(ended.stderr, /COFFER_REQUIRE_AUTHENTICATED "maybe": must be 1 or 0/);
    await Deno.rename(stage.at("server.key"), stage.at("certificate"));
    await Deno.rename(stage.at("secrets.sealed"), stage.at("secrets"));
    const managed = stage.start("coffer-server", ["--check"], {
      env: { CREDENTIALS_DIRECTORY: stage.folder },
    });
    const checked = await managed.ended();
    assertEquals([checked.code, checked.stderr], [0, ""]);
    assertMatch(checked.stdout, /^ok server=[0-9A-F]{64} clients=2 entries=2 mode=plain-and/);
    const silent = stage.start("coffer-server", FILES.slice(4), {
      env: { CREDENTIALS_DIRECTORY: stage.folder, RUST_LOG: "error,hyper=debug" },
    });
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    silent.kill("SIGTERM");
    assertEquals((await silent.ended()).stderr, "");
  }));

Deno.test("coffer-server: --delete-after-load removes both files, and takes a new definition on SIGHUP", () =>
  onCofferStage(async (stage) => {
    await stage.sealed(smallDefinition());
    const { program, port } = await stage.serve(["--delete-after-load"]);
    for (const name of ["server.key", "secrets.sealed"]) {
      assertEquals(await Deno.stat(stage.at(name)).catch(() => "gone"), "gone");
    }
    await fetchSecrets(port, "web");
    await stage.sealed(smallDefinition("NEW = true\n"));
    await Deno.remove(stage.at("server.key"));
    program.kill("SIGHUP");
    await program.waitFor("stderr", /reloaded: \+0 ~1 -0/);
    assertEquals((await fetchSecrets(port, "web")).get("NEW")?.value, true);
  }));

Deno.test("coffer-server: --max-per-address and --max-connections close the next one without a frame", () =>
  onCofferStage(async (stage) => {
    await stage.sealed(smallDefinition());
    for (const option of ["--max-per-address", "--max-connections"]) {
      const { port } = await stage.serve([option, "2"]);
      {
        using _one = await Line.open(port);
        using _two = await Line.open(port);
        using three = await Line.open(port);
        assertEquals(await three.rest(), new Uint8Array());
      }
      await fetchOnceThereIsRoom(port);
    }
  }));

/** The server learns of a closed connection a moment later. */
async function fetchOnceThereIsRoom(port: number): Promise<void> {
  for (let tries = 0;; tries++) {
    try {
      await fetchSecrets(port, "web");
      return;
    } catch (error) {
      if (tries === 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

Deno.test("coffer-server: --fresh-replies seals anew what is otherwise kept", () =>
  onCofferStage(async (stage) => {
    await stage.sealed(smallDefinition());
    for (const [args, same] of [[[], true], [["--fresh-replies"], false]] as const) {
      const { port } = await stage.serve(args);
      const [one, two] = [
        await exchange(port, request("web")),
        await exchange(port, request("web")),
      ];
      assertEquals(one.every((byte, at) => byte === two[at]), same);
    }
  }));

Deno.test("coffer-server: no value in its output at the most talkative level", () =>
  onCofferStage(async (stage) => {
    await stage.sealed(smallDefinition());
    for (const form of ["text", "json"]) {
      const { program, port } = await startTalkative(stage, form);
      await fetchSecrets(port, "web");
      await answerTo(port, "web", authenticated("web").body);
      await program.waitFor("stderr", /auth"?[=:]"?box/);
      program.kill("SIGTERM");
      const { stderr } = await program.ended();
      assert(!stderr.includes(CANARY));
    }
  }));

async function startTalkative(stage: CofferStage, form: string): Promise<Server> {
  const args = [...FILES, "--log", form, "--log-level", "debug"];
  const program = stage.start("coffer-server", args);
  const [, port] = await program.waitFor(
    "stderr",
    form === "text" ? /listening on [^\n]*:(\d+)/ : /"event":"ready".*"port":(\d+)/,
  );
  return { program, port: Number(port) };
}
