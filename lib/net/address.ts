/**
 * Addresses as text: what users type, what peers are known by, what limits are counted by.
 *
 * @module
 */

/** A host and a port. */
export interface HostPort {
  /** Name or address, an IPv6 address without brackets. */
  readonly host: string;
  /** 0 to 65535. */
  readonly port: number;
}

/** A range of addresses such as `192.168.0.0/16`. */
export interface Cidr {
  /** The address as a number. */
  readonly address: bigint;
  /** Number of leading bits that count, of 128. */
  readonly bits: number;
}

const V4_MAPPED = 0xffff_0000_0000n;

/**
 * Reads `HOST`, `HOST:PORT`, `[V6]` or `[V6]:PORT`.
 *
 * @param defaultPort Used where no port is given; undefined makes the port required.
 * @throws {RangeError} that says what is wrong.
 */
export function parseHostPort(text: string, defaultPort?: number): HostPort {
  const match = /^(?:\[([^\]]*)\]|([^:]*))(?::([0-9]+))?$/.exec(text);
  if (match === null) {
    throw new RangeError("must be HOST:PORT, with an IPv6 address in brackets: [::1]:9000");
  }
  const host = match[1] ?? match[2] as string;
  if (match[1] !== undefined && !(host.includes(":") && parseIp(host) !== undefined)) {
    throw new RangeError(`"${host}" is no IPv6 address`);
  }
  if (host === "" || /[\s/]/.test(host)) throw new RangeError("must name a host");
  const port = match[3] === undefined ? defaultPort : Number(match[3]);
  if (port === undefined) throw new RangeError("must name a port: HOST:PORT");
  if (port > 65535) throw new RangeError(`port ${port} is above 65535`);
  return { host, port };
}

/** `HOST:PORT`, an IPv6 address in brackets. */
export function formatHostPort({ host, port }: HostPort): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** An IP address as a 128-bit number, IPv4 as IPv4-mapped; undefined for any other text. */
export function parseIp(text: string): bigint | undefined {
  return text.includes(":") ? parseV6(text.replace(/%.+$/, "")) : parseV4(text);
}

function parseV4(text: string): bigint | undefined {
  const parts = text.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9][0-9]{0,2})$/.test(part))) {
    return undefined;
  }
  let value = 0n;
  for (const part of parts.map(Number)) {
    if (part > 255) return undefined;
    value = (value << 8n) | BigInt(part);
  }
  return V4_MAPPED | value;
}

function parseV6(text: string): bigint | undefined {
  const dotted = /^(.*:)([0-9.]+)$/.exec(text);
  if (dotted !== null && text.includes(".")) {
    const v4 = parseV4(dotted[2] as string);
    if (v4 === undefined) return undefined;
    const low = v4 & 0xffff_ffffn;
    return parseV6(`${dotted[1]}${(low >> 16n).toString(16)}:${(low & 0xffffn).toString(16)}`);
  }
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map((half) => half === "" ? [] : half.split(":"));
  const missing = 8 - (head?.length ?? 0) - (tail?.length ?? 0);
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  const groups = [...head ?? [], ...Array<string>(tail === undefined ? 0 : missing).fill("0")]
    .concat(tail ?? []);
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return undefined;
  return groups.reduce((value, group) => (value << 16n) | BigInt(`0x${group}`), 0n);
}

/** The usual text of an address of the system: an IPv4-mapped one is shown as IPv4. */
export function plainIp(text: string): string {
  return /^::ffff:([0-9.]+)$/i.exec(text)?.[1] ?? text;
}

/** The key by which limits count an address: IPv4 alone, IPv6 by its /64. */
export function addressGroup(ip: string): string {
  if (!ip.includes(":")) return ip; // IPv4 as the system writes it, or no address
  const value = parseIp(ip);
  if (value === undefined) return ip;
  if (value >> 32n !== V4_MAPPED >> 32n) {
    return `${(value >> 64n).toString(16).padStart(16, "0")}/64`;
  }
  return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 0xffn).join(".");
}

/**
 * Reads `ADDRESS/BITS`, or a single address.
 *
 * @throws {RangeError} that says what is wrong.
 */
export function parseCidr(text: string): Cidr {
  const [host = "", length, surplus] = text.split("/", 3);
  const address = parseIp(host);
  if (address === undefined) throw new RangeError(`"${host}" is no IP address`);
  const width = host.includes(":") ? 128 : 32;
  const bits = length === undefined ? width : Number(length);
  const isPlain = length === undefined || /^[0-9]+$/.test(length);
  if (!isPlain || bits > width || surplus !== undefined) {
    throw new RangeError(`the prefix length must be 0 to ${width}`);
  }
  return { address, bits: bits + 128 - width };
}

/** Whether the address lies in the range. */
export function isInCidr(ip: string, { address, bits }: Cidr): boolean {
  const value = parseIp(ip);
  const shift = BigInt(128 - bits);
  return value !== undefined && value >> shift === address >> shift;
}
