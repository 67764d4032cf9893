import { type LookupAddress, type LookupOptions, lookup } from "node:dns";
import { BlockList, isIP } from "node:net";

/**
 * Networks that a provider has no business in: a request there would come from inside (SSRF), or reach nobody
 * (https://www.iana.org/assignments/iana-ipv4-special-registry, and the same for IPv6).
 */
const forbidden = new BlockList();
for (const [network, prefix] of [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24], // for documentation, as the next two
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
] as const) {
  forbidden.addSubnet(network, prefix, "ipv4");
}
for (const [network, prefix] of [
  ["::", 96],
  ["::ffff:0:0:0", 96], // holds an IPv4 address, as the next two, Teredo (2001::) and 6to4 (2002::)
  ["64:ff9b::", 96],
  ["64:ff9b:1::", 48],
  ["2001::", 32],
  ["2002::", 16],
  ["100::", 64],
  ["2001:db8::", 32], // for documentation, as the next one
  ["3fff::", 20],
  ["fc00::", 7],
  ["fe80::", 9],
  ["ff00::", 8],
] as const) {
  forbidden.addSubnet(network, prefix, "ipv6");
}

export class ForbiddenUrlError extends Error {
  override readonly name = "ForbiddenUrlError";
  constructor(place: string) {
    super(`${place}, which RINGBACK_SMS_ALLOW_PRIVATE does not allow`);
  }
}

const forbiddenAddress = (): ForbiddenUrlError => new ForbiddenUrlError("on a private or loopback address");

export function isForbiddenAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 0) return true;
  // An IPv4-mapped address (::ffff:10.0.0.1) is checked as the IPv4 address that it is, by BlockList itself.
  return forbidden.check(address, family === 4 ? "ipv4" : "ipv6");
}

/** @throws ForbiddenUrlError if the host is an address of such a network, or codes could be read on the way there */
export function refuseForbiddenUrl({ hostname, protocol }: URL): void {
  const address = hostname.replace(/^\[|\]$/g, "");
  if (isIP(address) !== 0 && isForbiddenAddress(address)) throw forbiddenAddress();
  if (protocol !== "https:") throw new ForbiddenUrlError("at an http URL");
}

type LookupCallback = (
  error: NodeJS.ErrnoException | null,
  address: string | LookupAddress[],
  family?: number,
) => void;

/**
 * `dns.lookup` that fails if any address is forbidden. It runs for the connection itself, so a name that
 * changes between check and use gains nothing.
 */
export function lookupPublic(hostname: string, options: LookupOptions, callback: LookupCallback): void {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error !== null) return callback(error, []);
    if (addresses.some(({ address }) => isForbiddenAddress(address))) return callback(forbiddenAddress(), []);
    const [first] = addresses;
    if (options.all === true || first === undefined) return callback(null, addresses);
    callback(null, first.address, first.family);
  });
}
