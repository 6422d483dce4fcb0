/** Address: nobody chooses his own, and one machine has one spelling. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addressOf, bucketOf, trustedProxies } from './address.ts'

const compiled = (...ranges: string[]) => {
  const result = trustedProxies(ranges)
  if (!result.ok) throw new Error(result.complaints.join('; '))
  return result.trusted
}
const nobody = compiled()
const proxies = compiled('10.0.0.0/8', '192.0.2.7', 'fd00::/8', '::1')

describe('from a peer that is not trusted, every forwarding header is ignored', () => {
  test.each([
    null,
    '',
    'a',
    '1.2.3.4',
    '127.0.0.1',
    '10.0.0.1',
    '1.2.3.4, 10.0.0.1',
    '::1',
    'unknown',
    '"',
    Array(1_000).fill('1.2.3.4').join(', '),
  ])('%.40j', (forwardedFor) => {
    expect(addressOf({ peer: '203.0.113.9', forwardedFor }, nobody)).toBe('203.0.113.9')
    expect(addressOf({ peer: '203.0.113.9', forwardedFor }, proxies)).toBe('203.0.113.9')
    expect(addressOf({ peer: '10.0.0.1', forwardedFor }, nobody)).toBe('10.0.0.1')
  })
})

describe('from a trusted proxy, named by CIDR too, the last hop that is not one (L9)', () => {
  test.each([
    ['10.0.0.1', null, '10.0.0.1'],
    ['10.0.0.1', '203.0.113.9', '203.0.113.9'],
    ['10.0.0.1', ' \t203.0.113.9 ', '203.0.113.9'],
    ['::ffff:10.0.0.1', '203.0.113.9', '203.0.113.9'],
    ['::ffff:a00:1', '203.0.113.9', '203.0.113.9'],
    ['::1', '2001:DB8:0:0::9', '2001:db8::9'],
    ['fd00::5%eth0', '203.0.113.9', '203.0.113.9'],
    // What the client itself wrote stands left of what the proxy saw.
    ['10.0.0.1', '1.1.1.1, 203.0.113.9', '203.0.113.9'],
    ['10.0.0.1', '10.0.0.2, 203.0.113.9', '203.0.113.9'],
    ['10.0.0.1', 'junk, 203.0.113.9', '203.0.113.9'],
    ['10.0.0.1', '"; DROP, 203.0.113.9, 10.9.9.9', '203.0.113.9'],
    ['10.0.0.1', '203.0.113.9, 192.0.2.7, 10.1.1.1,10.2.2.2', '203.0.113.9'],
    ['10.0.0.1', '::ffff:203.0.113.9', '203.0.113.9'],
    ['10.0.0.1', '203.0.113.9, ::ffff:10.0.0.2', '203.0.113.9'],
    // All of them ours: whoever stands furthest out.
    ['10.0.0.1', '10.0.0.3, 10.0.0.2', '10.0.0.3'],
    // Unreadable where it counts: the peer.
    ['10.0.0.1', '', '10.0.0.1'],
    ['10.0.0.1', 'a', '10.0.0.1'],
    ['10.0.0.1', '203.0.113.9,', '10.0.0.1'],
    ['10.0.0.1', '203.0.113.9, unknown', '10.0.0.1'],
    ['10.0.0.1', '203.0.113.9, junk, 10.0.0.2', '10.0.0.1'],
    ['10.0.0.1', '203.0.113.9:443', '10.0.0.1'],
    ['10.0.0.1', '[2001:db8::9]', '10.0.0.1'],
    ['10.0.0.1', '1', '10.0.0.1'],
    ['10.0.0.1', '0x7f.1', '10.0.0.1'],
    ['10.0.0.1', '0177.0.0.1', '10.0.0.1'],
    ['10.0.0.1', '203.0.113.256', '10.0.0.1'],
    ['10.0.0.1', '2001:db8::9%eth0', '10.0.0.1'],
    ['10.0.0.1', '203.0.113.9\u00a0', '10.0.0.1'],
    ['10.0.0.1', 'for=203.0.113.9', '10.0.0.1'],
  ])('%s, %j → %s', (peer, forwardedFor, address) => {
    expect(addressOf({ peer, forwardedFor }, proxies)).toBe(address)
  })

  test.each(['', 'unix', '/run/x.sock', '999.1.1.1'])('a peer that is none: %j', (peer) => {
    expect(addressOf({ peer, forwardedFor: '203.0.113.9' }, proxies)).toBe('unknown')
  })
})

describe('who may be trusted', () => {
  test.each(['10.0.0.1', '10.0.0.0/8', '::1', 'fc00::/7', '::ffff:10.0.0.0/104', '0.0.0.0/32'])(
    '%s may',
    (range) => {
      expect(trustedProxies([range]).ok).toBe(true)
    },
  )

  test.each([
    ['0.0.0.0/0', 'everybody'],
    ['10.0.0.0/0', 'everybody'],
    ['::/0', 'everybody'],
    ['::ffff:0:0/96', 'everybody'],
    ['::ffff:0.0.0.0/0', 'everybody'],
    ['10.0.0.0/33', 'at most 32'],
    ['::/129', 'at most 128'],
    ['10.0.0.0/', 'at most 32'],
    ['10.0.0.0/08', 'at most 32'],
    ['10.0.0.0/-1', 'at most 32'],
    ['10.0.0.0/255.0.0.0', 'at most 32'],
    ['10.0.0.0/8/8', 'neither'],
    ['010.0.0.0/8', 'neither'],
    ['10.1', 'neither'],
    ['1', 'neither'],
    ['', 'neither'],
    ['true', 'neither'],
    ['loopback', 'neither'],
    ['fe80::1%eth0', 'neither'],
    [' 10.0.0.1', 'neither'],
  ])('%j may not', (range, sentence) => {
    expect(trustedProxies([range])).toMatchObject({
      ok: false,
      complaints: [expect.stringContaining(sentence)],
    })
  })

  test('all complaints at once', () => {
    const result = trustedProxies(['x', '10.0.0.1', '::/0'])
    expect(result.ok ? 0 : result.complaints.length).toBe(2)
  })
})

test.each([
  ['203.0.113.9', '203.0.113.9'],
  ['2001:db8::9', '2001:db8::/64'],
  ['2001:db8:0:1:2:3:4:5', '2001:db8:0:1::/64'],
  ['2001:db8:1:2::', '2001:db8:1:2::/64'],
  ['2001:0:0:1::', '2001:0:0:1::/64'],
  ['::1', '::/64'],
  ['::', '::/64'],
  ['1::2:3:4:5:6', '1:0:0:2::/64'],
  ['unknown', 'unknown'],
])('the bucket of %s is %s', (address, bucket) => {
  expect(bucketOf(address)).toBe(bucket)
})

test('property: whatever the spelling, one address and one /64 bucket', () => {
  const group = fc.oneof(fc.constant(0), fc.nat(0xffff))
  fc.assert(
    fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), (groups) => {
      const spellings = [
        groups.map((g) => g.toString(16)).join(':'),
        groups.map((g) => g.toString(16).padStart(4, '0').toUpperCase()).join(':'),
      ]
      const addresses = spellings.map((peer) => addressOf({ peer, forwardedFor: null }, nobody))
      expect(new Set(addresses).size).toBe(1)
      const neighbour = [...groups.slice(0, 4), 1, 2, 3, 4].map((g) => g.toString(16)).join(':')
      const [address = ''] = addresses
      if (address.includes(':')) {
        expect(bucketOf(address)).toBe(
          bucketOf(addressOf({ peer: neighbour, forwardedFor: null }, nobody)),
        )
      }
    }),
    { numRuns: 1_000 },
  )
})

test('property: an untrusted peer decides its address alone', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (forwardedFor) => {
      expect(addressOf({ peer: '203.0.113.9', forwardedFor }, proxies)).toBe('203.0.113.9')
    }),
  )
})
