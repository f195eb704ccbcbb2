// Real IRC servers on loopback, from configurations of their own in a temporary folder, ended by
// their process ids.

import { freePort } from "./network.ts";
import { hasCommand, Program } from "./program.ts";
import { within } from "./within.ts";

/** A server that runs. */
export interface IrcServer extends AsyncDisposable {
  /** Where it takes plain connections. */
  readonly port: number;
  /** Where it takes TLS. */
  readonly tlsPort: number;
  /** PEM file of the authority that its certificate is from. */
  readonly authority: string;
  /** Ends it. */
  stop(): Promise<void>;
  /** Starts it again, on the same ports. */
  start(): Promise<void>;
}

/** What differs between servers. */
interface ServerKind {
  readonly command: string;
  readonly args: (folder: string) => string[];
  readonly files: (folder: string, port: number, tlsPort: number) => Record<string, string>;
}

/** Makes an authority and a certificate for 127.0.0.1 and localhost with openssl. */
export async function makeCertificate(folder: string): Promise<void> {
  const run = async (...args: string[]) => {
    const { success, stderr } = await new Deno.Command("openssl", {
      args,
      cwd: folder,
      stdin: "null",
    })
      .output();
    if (!success) throw new Error(`openssl ${args[0]}: ${new TextDecoder().decode(stderr)}`);
  };
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  await run(
    "req",
    "-x509",
    ...key,
    "-keyout",
    "ca.key",
    "-out",
    "ca.pem",
    "-days",
    "2",
    "-subj",
    "/CN=Test authority",
  );
  await run("req", ...key, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=localhost");
  await Deno.writeTextFile(
    `${folder}/server.ext`,
    "subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=CA:FALSE\n",
  );
  await run(
    "x509",
    "-req",
    "-in",
    "server.csr",
    "-CA",
    "ca.pem",
    "-CAkey",
    "ca.key",
    "-CAcreateserial",
    "-days",
    "2",
    "-extfile",
    "server.ext",
    "-out",
    "server.pem",
  );
}

/** Whether the programs that a test needs are here. */
export function haveCommands(...names: readonly string[]): boolean {
  return names.every((name) => hasCommand(name) || exists(`/usr/sbin/${name}`));
}

/** A program of the system, which may lie where only administrators look. */
export function systemCommand(name: string): string {
  return exists(`/usr/sbin/${name}`) ? `/usr/sbin/${name}` : name;
}

export function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Writes the files of a server and starts it; resolves when it takes connections. */
export async function startServer(folder: string, kind: ServerKind): Promise<IrcServer> {
  await makeCertificate(folder);
  const [port, tlsPort] = [freePort(), freePort()];
  for (const [name, text] of Object.entries(kind.files(folder, port, tlsPort))) {
    await Deno.writeTextFile(`${folder}/${name}`, text);
  }
  let program: Program | undefined;
  const server: IrcServer = {
    port,
    tlsPort,
    authority: `${folder}/ca.pem`,
    start: async () => {
      // In the folder: a server that crashes leaves its memory where it was started.
      program = Program.startForeign(kind.command, kind.args(folder), { cwd: folder });
      await waitForPort(port, program);
      await waitForPort(tlsPort, program);
    },
    stop: async () => {
      program?.kill("SIGTERM");
      await program?.ended();
    },
    [Symbol.asyncDispose]: async () => {
      await program?.[Symbol.asyncDispose]();
    },
  };
  try {
    await server.start();
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
  return server;
}

/** Waits until somebody takes connections there. */
export async function waitForPort(port: number, program: Program): Promise<void> {
  const connect = async () => {
    while (program.running) {
      try {
        (await Deno.connect({ hostname: "127.0.0.1", port })).close();
        return;
      } catch (error) {
        if (!(error instanceof Deno.errors.ConnectionRefused)) throw error;
        await new Promise((resolve) => setTimeout(resolve, 30));
      }
    }
    throw new Error(`The server ended: ${program.stdout}${program.stderr}`);
  };
  await within(connect(), `a listener on port ${port}`);
}

/** ngircd, the server of RFC 2812 without extensions. */
export const NGIRCD: ServerKind = {
  command: systemCommand("ngircd"),
  args: (folder) => ["--nodaemon", "--config", `${folder}/ngircd.conf`],
  files: (folder, port, tlsPort) => ({
    "ngircd.conf": `[Global]
Name = irc.test.example
Info = Test server
Listen = 127.0.0.1
Ports = ${port}
MotdPhrase = "Hello"
ServerUID = ${uid()}
ServerGID = ${gid()}
[Limits]
MaxConnectionsIP = 0
MaxNickLength = 16
[Options]
DNS = no
Ident = no
PAM = no
[SSL]
CertFile = ${folder}/server.pem
KeyFile = ${folder}/server.key
Ports = ${tlsPort}
`,
  }),
};

function uid(): number {
  return Deno.uid() ?? 0;
}

function gid(): number {
  return Deno.gid() ?? 0;
}

/** How services link to the server. */
export interface ServicesPort {
  readonly port: number;
  readonly password: string;
}

/** What inspircd does to who sends too much: answer later, or throw out beyond 10 a second. */
const FLOOD = {
  patient: 'fakelag="on" commandrate="1000"',
  strict: 'fakelag="off" commandrate="10000"',
} as const;

/** inspircd with the extensions of IRCv3 and a port for services. */
export function inspircd(
  services: ServicesPort,
  flood: keyof typeof FLOOD = "patient",
): ServerKind {
  return {
    command: systemCommand("inspircd"),
    args: (folder) => [
      ...(uid() === 0 ? ["--runasroot"] : []),
      "--nofork",
      "--nopid",
      "--config",
      `${folder}/inspircd.conf`,
    ],
    files: (folder, port, tlsPort) => ({
      motd: "Hello\n",
      "inspircd.conf": `
<server name="irc.test.example" description="Test" network="TestNet" id="001">
<admin name="Admin" nick="admin" email="admin@test.example">
<bind address="127.0.0.1" port="${port}" type="clients">
<bind address="127.0.0.1" port="${tlsPort}" type="clients" sslprofile="clients">
<bind address="127.0.0.1" port="${services.port}" type="servers">
<module name="ssl_gnutls">
<sslprofile name="clients" provider="gnutls" hash="sha256"
  certfile="${folder}/server.pem" keyfile="${folder}/server.key">
<path configdir="${folder}" datadir="${folder}" logdir="${folder}" runtimedir="${folder}">
<connect name="main" allow="*" timeout="30" pingfreq="2m" hardsendq="1M" softsendq="10240"
  recvq="10K" threshold="10" ${FLOOD[flood]} localmax="1000" globalmax="1000"
  resolvehostnames="no" useident="no">
<class name="none">
<cidr ipv4clone="32" ipv6clone="128">
<dns server="127.0.0.1" timeout="1">
<files motd="${folder}/motd">
<limits maxnick="30" maxchan="64" maxident="10" maxhost="64">
<log method="file" type="* -USERINPUT -USEROUTPUT" level="default" target="ircd.log">
${INSPIRCD_MODULES.map((name) => `<module name="${name}">`).join("\n")}
<sasl target="services.test.example">
<uline server="services.test.example" silent="yes">
<link name="services.test.example" ipaddr="127.0.0.1" port="${services.port}"
  allowmask="127.0.0.0/8" sendpass="${services.password}" recvpass="${services.password}">
`,
    }),
  };
}

const INSPIRCD_MODULES = [
  "cap",
  "ircv3",
  "ircv3_batch",
  "ircv3_capnotify",
  "ircv3_chghost",
  "ircv3_ctctags",
  "ircv3_echomessage",
  "ircv3_labeledresponse",
  "ircv3_msgid",
  "ircv3_servertime",
  "sasl",
  "services_account",
  "servprotect",
  "spanningtree",
];

/** Starts atheme: accounts, and SASL for them. */
export async function startAtheme(folder: string, uplink: ServicesPort): Promise<Program> {
  const modules = ["protocol/inspircd", "backend/opensex", "crypto/pbkdf2v2", "nickserv/main"]
    .concat("nickserv/identify", "nickserv/register", "saslserv/main", "saslserv/plain");
  await Deno.writeTextFile(
    `${folder}/atheme.conf`,
    `${modules.map((name) => `loadmodule "modules/${name}";`).join("\n")}
serverinfo { name = "services.test.example"; desc = "Services"; numeric = "00A"; recontime = 1;
  netname = "TestNet"; hidehostsuffix = "users.test.example"; adminname = "admin";
  adminemail = "admin@test.example"; registeremail = "noreply@test.example"; auth = none;
  casemapping = rfc1459; maxlogins = 100; maxusers = 100; mdlimit = 30; emaillimit = 10;
  emailtime = 300; };
uplink "irc.test.example" { host = "127.0.0.1"; port = ${uplink.port};
  send_password = "${uplink.password}"; receive_password = "${uplink.password}"; };
nickserv { nick = "NickServ"; user = "NickServ"; host = "services"; real = "Nicknames";
  maxnicks = 5; expire = 30; };
saslserv { nick = "SaslServ"; user = "SaslServ"; host = "services"; real = "SASL"; };
general { commit_interval = 5; flood_msgs = 0; };
`,
  );
  const program = Program.startForeign(
    systemCommand("atheme-services"),
    ["-n", "-c", `${folder}/atheme.conf`, "-D", folder]
      .concat("-l", `${folder}/atheme.log`, "-p", `${folder}/atheme.pid`),
    { cwd: folder },
  );
  try {
    await program.waitFor("stderr", /finished synching with uplink/);
  } catch (error) {
    await program[Symbol.asyncDispose]();
    throw error;
  }
  return program;
}
