// A bridge between a real IRC network and another backend, in a core as users run it.

import { assertEquals } from "@std/assert";
import { echoes, onCoreStage } from "../support/core_stage.ts";
import { haveCommands, NGIRCD, startServer } from "../support/irc_server.ts";
import { RawUser } from "../support/irc_users.ts";
import { until } from "../support/within.ts";

const present = haveCommands("ngircd", "openssl");

Deno.test({
  name: "triba core: a bridge between IRC and another network, also over an outage" +
    (present ? "" : " (skipped: there is no ngircd or openssl on this machine)"),
  ignore: !present,
  fn: () =>
    onCoreStage(async (stage) => {
      await Deno.mkdir(stage.at("irc"));
      await using server = await startServer(stage.at("irc"), NGIRCD);
      const at = `127.0.0.1:${server.port}`;
      await stage.write(
        "triba.toml",
        `${echoes("other")}
[backends.net]
builtin = "irc"
arguments = ["--server", "${at}", "--no-tls", "--nick", "anna"]
start_timeout = 30
[bridges.x]
a = { backend = "net", room = "#Tea" }
b = { backend = "other", room = "lobby" }
`,
      );
      await stage.listening();
      const screen = await stage.attach();
      await screen.client.ask({ type: "resume", run: screen.client.hello.run, sequence: 0 });
      const joined = () =>
        screen.notices.filter((n) => n.type === "done" && n.call.type === "JoinRoom");
      await until(() => joined().length >= 2, "the bridge to join");
      const heard = () =>
        screen.notices.flatMap((n) =>
          n.type === "done" && n.by === "bridge" && n.call.type === "SendMessage" &&
            n.backend === "other" && "text" in n.call.content
            ? [n.call.content.text]
            : []
        );
      const send = (text: string) =>
        screen.client.ask({
          type: "call",
          backend: "other",
          call: { type: "SendMessage", room: "lobby", txn: text, content: { type: "Text", text } },
        });
      await until(() => joined().some((n) => n.type === "done" && n.backend === "net"), "IRC");
      {
        await using bert = await RawUser.connect(server.port, "bert");
        await bert.join("#tea");
        await bert.waitFor(/ 366 /);
        await bert.send("PRIVMSG #tea :Good morning");
        await until(() => heard().length > 0, "what bert says");
        await send("Tea?");
        await bert.waitFor(/^:anna!\S+ PRIVMSG #tea :<other> Tea\?$/i);
        await bert.waitFor(/^:anna!\S+ PRIVMSG #tea :<echo> Tea\?$/i);
      }
      await server.stop();
      const isOffline = () => {
        const last = screen.notices.findLast((n) =>
          n.type === "backend" && n.backend.name === "net"
        );
        return last?.type === "backend" && last.backend.network?.type !== "Online";
      };
      await until(isOffline, "the outage to be seen");
      await send("Still there?");
      await server.start();
      await using again = await RawUser.connect(server.port, "bert2");
      await again.join("#tea");
      await again.waitFor(/^:anna!\S+ PRIVMSG #tea :<other> Still there\?$/i);
      assertEquals(heard(), ["<bert> Good morning"]);
    }),
});
