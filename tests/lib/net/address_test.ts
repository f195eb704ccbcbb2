import { assertEquals, assertThrows } from "@std/assert";
import {
  addressGroup,
  formatHostPort,
  isInCidr,
  parseCidr,
  parseHostPort,
  parseIp,
  plainIp,
} from "../../../lib/net/mod.ts";

Deno.test("parseHostPort reads names and addresses", () => {
  const cases: readonly (readonly [string, number | undefined, string, number])[] = [
    ["example.org:9000", undefined, "example.org", 9000],
    ["example.org", 9000, "example.org", 9000],
    ["example.org:1", 9000, "example.org", 1],
    ["127.0.0.1:0", undefined, "127.0.0.1", 0],
    ["[::1]:65535", undefined, "::1", 65535],
    ["[::1]", 9000, "::1", 9000],
    ["[fe80::1%eth0]:80", undefined, "fe80::1%eth0", 80],
    ["[::ffff:1.2.3.4]:80", undefined, "::ffff:1.2.3.4", 80],
    ["host:00080", undefined, "host", 80],
  ];
  for (const [text, fallback, host, port] of cases) {
    assertEquals(parseHostPort(text, fallback), { host, port }, text);
  }
});

Deno.test("parseHostPort refuses everything else and says why", () => {
  const cases: readonly (readonly [string, number | undefined, string])[] = [
    ["", 80, "must name a host"],
    [":80", undefined, "must name a host"],
    ["a b:80", undefined, "must name a host"],
    ["http://host", 80, "must be HOST:PORT"],
    ["host/path", 80, "must name a host"],
    ["host", undefined, "must name a port: HOST:PORT"],
    ["[::1]", undefined, "must name a port: HOST:PORT"],
    ["host:", 80, "must be HOST:PORT"],
    ["host:http", undefined, "must be HOST:PORT"],
    ["host:-1", undefined, "must be HOST:PORT"],
    ["host:1:2", undefined, "must be HOST:PORT"],
    ["host:65536", undefined, "port 65536 is above 65535"],
    ["host:999999999999999999999", undefined, "is above 65535"],
    ["::1", 80, "with an IPv6 address in brackets: [::1]:9000"],
    ["::1:9000", undefined, "must be HOST:PORT, with an IPv6 address in brackets"],
    ["[::1", 80, "must be HOST:PORT"],
    ["[::1]80", undefined, "must be HOST:PORT"],
    ["[]:80", undefined, '"" is no IPv6 address'],
    ["[host]:80", undefined, '"host" is no IPv6 address'],
    ["[127.0.0.1]:80", undefined, '"127.0.0.1" is no IPv6 address'],
    ["[::1%a b]:80", undefined, "must name a host"],
    ["host:80\n", undefined, "must be HOST:PORT"],
  ];
  for (const [text, fallback, message] of cases) {
    assertThrows(() => parseHostPort(text, fallback), RangeError, message, text);
  }
});

Deno.test("formatHostPort writes what parseHostPort reads", () => {
  assertEquals(formatHostPort({ host: "::1", port: 80 }), "[::1]:80");
  for (const text of ["example.org:9000", "[::1]:0", "[fe80::1%lo]:1", "1.2.3.4:65535"]) {
    assertEquals(formatHostPort(parseHostPort(text)), text);
  }
});

Deno.test("parseIp reads every way to write an address", () => {
  const cases: readonly (readonly [string, bigint])[] = [
    ["0.0.0.0", 0xffff_0000_0000n],
    ["255.255.255.255", 0xffff_ffff_ffffn],
    ["1.2.3.4", 0xffff_0102_0304n],
    ["::", 0n],
    ["::1", 1n],
    ["1::", 1n << 112n],
    ["2001:DB8::a", 0x20010db8_00000000_00000000_0000000an],
    ["1:2:3:4:5:6:7:8", 0x00010002_00030004_00050006_00070008n],
    ["1:2:3:4:5:6:7::", 0x00010002_00030004_00050006_00070000n],
    ["::2:3:4:5:6:7:8", 0x00000002_00030004_00050006_00070008n],
    ["::ffff:1.2.3.4", 0xffff_0102_0304n],
    ["::FFFF:102:304", 0xffff_0102_0304n],
    ["::1.2.3.4", 0x0102_0304n],
    ["1:2:3:4:5:6:1.2.3.4", 0x00010002_00030004_00050006_01020304n],
    ["fe80::1%eth0", (0xfe80n << 112n) | 1n],
  ];
  for (const [text, expected] of cases) assertEquals(parseIp(text), expected, text);
});

Deno.test("parseIp refuses what is no address", () => {
  const texts = [
    ..."|localhost|1|1.2.3|1.2.3.4.5|1.2.3.256|1.2.3.1000|01.2.3.4|1.2.3.0x4|1.2.3.-4".split("|"),
    ...["1.2.3.4 ", " 1.2.3.4", "1.2.3.4%eth0", "1..2.3", "1.2.3.4\n", "\u0661.2.3.4"],
    ...[":", ":::", "::::", "1:::2", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9"],
    ...["1::2:3:4:5:6:7:8", ":1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8:", "12345::", "g::", "::-1"],
    ...["1.2.3.4::", "::1.2.3.4:5", "::1.2.3", "::1.2.3.256", "1:2:3:4:5:6:7:1.2.3.4", "::1%"],
    ...["%eth0", "::1%a\nb", "[::1]"],
  ];
  for (const text of texts) assertEquals(parseIp(text), undefined, JSON.stringify(text));
});

Deno.test("plainIp shows an IPv4-mapped address as IPv4 and leaves others", () => {
  const cases = [
    ["::ffff:10.0.0.1", "10.0.0.1"],
    ["::FFFF:10.0.0.1", "10.0.0.1"],
    ["10.0.0.1", "10.0.0.1"],
    ["::10.0.0.1", "::10.0.0.1"],
    ["2001:db8::1", "2001:db8::1"],
    ["", ""],
  ] as const;
  for (const [text, expected] of cases) assertEquals(plainIp(text), expected, text);
});

Deno.test("addressGroup gives one key to all ways of writing one IPv4 address", () => {
  for (const ip of ["10.0.0.1", "::ffff:10.0.0.1", "::FFFF:a00:1", "0:0:0:0:0:ffff:a00:1"]) {
    assertEquals(addressGroup(ip), "10.0.0.1", ip);
  }
  assertEquals(addressGroup("255.255.255.255"), "255.255.255.255");
});

Deno.test("addressGroup takes an IPv6 /64 together and keeps neighbours apart", () => {
  const group = addressGroup("2001:db8:1:2:3:4:5:6");
  assertEquals(group, "20010db800010002/64");
  assertEquals(addressGroup("2001:db8:1:2::"), group);
  assertEquals(addressGroup("2001:db8:1:2:ffff:ffff:ffff:ffff%eth0"), group);
  assertEquals(addressGroup("2001:db8:1:3::"), "20010db800010003/64");
  assertEquals(addressGroup("::1"), "0000000000000000/64");
  assertEquals(addressGroup(""), ""); // a unix socket
});

Deno.test("parseCidr and isInCidr draw the border exactly", () => {
  const cases: readonly (readonly [string, readonly string[], readonly string[]])[] = [
    ["192.168.0.0/16", ["192.168.0.0", "192.168.255.255", "::ffff:192.168.1.1"], [
      "192.167.255.255",
      "192.169.0.0",
      "::192.168.0.1",
    ]],
    ["10.1.2.3", ["10.1.2.3"], ["10.1.2.2", "10.1.2.4"]],
    ["10.1.2.3/8", ["10.255.0.1"], ["11.1.2.3"]],
    ["0.0.0.0/0", ["0.0.0.0", "255.255.255.255"], ["::", "::1", "2001:db8::1"]],
    ["10.0.0.0/31", ["10.0.0.0", "10.0.0.1"], ["10.0.0.2", "9.255.255.255"]],
    ["::/0", ["::", "2001:db8::1", "127.0.0.1"], []],
    ["2001:db8::/33", ["2001:db8:7fff::"], ["2001:db8:8000::", "2001:db7::"]],
    ["::1", ["::1", "0:0::1"], ["::", "::2", "0.0.0.1"]],
    ["::ffff:10.0.0.0/104", ["10.9.9.9"], ["11.0.0.0"]],
    ["fe80::/10", ["fe80::1%eth0", "febf::"], ["fec0::"]],
  ];
  for (const [range, inside, outside] of cases) {
    const cidr = parseCidr(range);
    for (const ip of inside) assertEquals(isInCidr(ip, cidr), true, `${ip} in ${range}`);
    for (const ip of outside) assertEquals(isInCidr(ip, cidr), false, `${ip} not in ${range}`);
    assertEquals(isInCidr("localhost", cidr), false, range);
  }
});

Deno.test("parseCidr refuses everything else and says why", () => {
  const cases = [
    ["", '"" is no IP address'],
    ["/8", '"" is no IP address'],
    ["host/8", '"host" is no IP address'],
    ["10.0.0/8", '"10.0.0" is no IP address'],
    ["10.0.0.0%eth0/8", "is no IP address"],
    ["10.0.0.0/", "the prefix length must be 0 to 32"],
    ["10.0.0.0/33", "the prefix length must be 0 to 32"],
    ["10.0.0.0/-1", "the prefix length must be 0 to 32"],
    ["10.0.0.0/+8", "the prefix length must be 0 to 32"],
    ["10.0.0.0/8.0", "the prefix length must be 0 to 32"],
    ["10.0.0.0/1e1", "the prefix length must be 0 to 32"],
    ["10.0.0.0/ 8", "the prefix length must be 0 to 32"],
    ["10.0.0.0/8/9", "the prefix length must be 0 to 32"],
    ["10.0.0.0/255.0.0.0", "the prefix length must be 0 to 32"],
    ["::/129", "the prefix length must be 0 to 128"],
  ] as const;
  for (const [text, message] of cases) {
    assertThrows(() => parseCidr(text), RangeError, message, text);
  }
});
