/**
 * Whose address this is: the peer of the socket, unless that is a proxy we were told to trust; then
 * the last hop which is not. What a client writes about itself is never believed.
 *
 * @module
 */
import { isIP, isIPv4 } from 'node:net'
import { compile } from 'proxy-addr'

/** Whether an address, in canonical text, is one of the operator's own proxies. */
export type Trusted = (address: string) => boolean

/** Shared by all whose address cannot be known, so that no limit is skipped for them. */
const unknownAddress = 'unknown'

/**
 * Compiles the proxies to trust, once at start.
 *
 * @param ranges Addresses and CIDR ranges, IPv4 and IPv6.
 * @returns The test, or a sentence for each range that cannot be meant; everybody is refused as one.
 */
export function trustedProxies(
  ranges: readonly string[],
):
  | { readonly ok: true; readonly trusted: Trusted }
  | { readonly ok: false; readonly complaints: readonly string[] } {
  const complaints = ranges.flatMap((range) => complaintOf(range) ?? [])
  if (complaints.length > 0) return { ok: false, complaints }
  if (ranges.length === 0) return { ok: true, trusted: () => false }
  const test = compile([...ranges])
  const known = new Map<string, boolean>()
  return {
    ok: true,
    trusted(address) {
      const before = known.get(address)
      if (before !== undefined) return before
      if (known.size >= mostKnown) known.clear()
      const trusts = test(address, 0)
      known.set(address, trusts)
      return trusts
    },
  }
}

/** Addresses remembered at most: the proxies' own come with every request, and to read one costs 1 µs. */
const mostKnown = 1_000

/** What the library would take without a word (`1`, octal, names, every IPv4 address) is refused here. */
function complaintOf(range: string): string | undefined {
  const [address = '', bits, ...more] = range.split('/')
  const canonical = canonicalOf(address)
  if (canonical === undefined || address.includes('%') || more.length > 0) {
    return `${range} is neither an IP address nor a CIDR range`
  }
  if (bits === undefined) return undefined
  // A range of mapped IPv4 addresses spends its first 96 bits on saying so.
  const spent = isIPv4(canonical) && !isIPv4(address) ? 96 : 0
  const most = (isIPv4(canonical) ? 32 : 128) + spent
  if (!/^(?:0|[1-9]\d{0,2})$/.test(bits) || Number(bits) > most) {
    return `${range} is not a CIDR range: the length must be at most ${most}`
  }
  return Number(bits) <= spent ? `${range} would trust everybody; name your proxies` : undefined
}

/** Where a request came from, as the mount saw it. */
export interface Origin {
  /** The socket's peer. */
  readonly peer: string
  /** `X-Forwarded-For`, several joined by commas; `null` when there is none. */
  readonly forwardedFor: string | null
}

/**
 * The client's address in canonical text: IPv4, or IPv6 as RFC 5952 spells it.
 *
 * Hops are read from the right, past those trusted; the first other one is it. When all are trusted it
 * is the leftmost; when one cannot be read, nobody vouches for what stands there and it is the peer.
 */
export function addressOf({ peer, forwardedFor }: Origin, trusted: Trusted): string {
  const direct = canonicalOf(peer)
  if (direct === undefined) return unknownAddress
  if (forwardedFor === null || !trusted(direct)) return direct

  let end = forwardedFor.length
  for (;;) {
    const start = forwardedFor.lastIndexOf(',', end - 1) + 1
    const written = forwardedFor.slice(start, end).replace(/^[ \t]+|[ \t]+$/g, '')
    // A zone names an interface of the machine that wrote it: no address of a client has one.
    const hop = written.includes('%') ? undefined : canonicalOf(written)
    if (hop === undefined) return direct
    if (start === 0 || !trusted(hop)) return hop
    end = start - 1
  }
}

/** Whether the peer itself is a proxy whose word counts. */
export function isProxy(peer: string, trusted: Trusted): boolean {
  const direct = canonicalOf(peer)
  return direct !== undefined && trusted(direct)
}

/** What limits count: an IPv4 address, or the /64 that one customer holds of IPv6. */
export function bucketOf(address: string): string {
  if (!address.includes(':')) return address
  const [head = '', tail] = address.split('::')
  const groups = head === '' ? [] : head.split(':')
  if (tail !== undefined) {
    const after = tail === '' ? 0 : tail.split(':').length
    groups.push(...Array<string>(8 - groups.length - after).fill('0'))
    groups.push(...(tail === '' ? [] : tail.split(':')))
  }
  return `${canonicalOf(`${groups.slice(0, 4).join(':')}::`)}/64`
}

/** One spelling an address; `undefined` for what is none. A zone is dropped, IPv4 in IPv6 unwrapped. */
function canonicalOf(text: string): string | undefined {
  const version = isIP(text)
  if (version !== 6) return version === 4 ? text : undefined
  const zone = text.indexOf('%')
  const { hostname } = new URL(`http://[${zone < 0 ? text : text.slice(0, zone)}]`)
  const address = hostname.slice(1, -1)
  const mapped = /^::ffff:([0-9a-f]+):([0-9a-f]+)$/.exec(address)
  if (!mapped) return address
  const [high, low] = [Number.parseInt(mapped[1] ?? '', 16), Number.parseInt(mapped[2] ?? '', 16)]
  return [high >> 8, high & 255, low >> 8, low & 255].join('.')
}
