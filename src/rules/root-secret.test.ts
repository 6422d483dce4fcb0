/** The root secret: every good one in every spelling, and none that could be guessed. */
import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseSecret, publishedSecrets, secretCommand } from './root-secret.ts'

const good = createHash('sha256').update('good').digest()

describe('is taken', () => {
  test.each([
    ['base64url', good.toString('base64url')],
    ['base64', good.toString('base64')],
    ['base64 without padding', good.toString('base64').replace('=', '')],
    ['hex', good.toString('hex')],
    ['upper-case hex', good.toString('hex').toUpperCase()],
    ['with a line end', `${good.toString('base64url')}\n`],
  ])('%s', (_, text) => {
    expect(parseSecret(text)).toEqual({ ok: true, secret: good })
  })

  test('a sentence counts as its bytes', () => {
    const text = 'Nine grey herons, two of them asleep, stand at the weir.'
    expect(parseSecret(text)).toEqual({ ok: true, secret: Buffer.from(text) })
  })

  test('property: whatever chance makes, in every spelling', () => {
    let seed = 0
    for (let run = 0; run < 5_000; run++) {
      const secret = createHash('sha256').update(String(seed++)).digest()
      for (const encoding of ['hex', 'base64', 'base64url'] as const) {
        expect(parseSecret(secret.toString(encoding))).toEqual({ ok: true, secret })
      }
    }
  })
})

describe('is refused (JWT-19)', () => {
  test.each([
    ['', 'is empty'],
    ['  \n', 'is empty'],
    ['hunter2!', 'is too short: 8 bytes where at least 32'],
    ['x', 'is too short: 1 byte where'],
    [good.subarray(0, 31).toString('base64url'), 'is too short: 31 bytes'],
    [good.subarray(0, 16).toString('hex'), 'is too short: 16 bytes'],
    ['Nine grey herons stand at it.', 'is too short: 29 bytes'],
    ['changeme', 'is a placeholder'],
    ['changeme'.repeat(8), 'is a placeholder'],
    ['change-me-change-me-change-me-change-me!', 'is a placeholder'],
    ['your-256-bit-secret-your-256-bit-secret', 'is a placeholder'],
    ['a-string-secret-at-least-256-bits-long', 'is a placeholder'],
    ['please_replace_this_secret_in_production_1234', 'is a placeholder'],
    ['SALLYPORT_SECRET=SALLYPORT_SECRET=SALLYPORT_SECRET', 'is a placeholder'],
    ['0'.repeat(64), 'follows a pattern'],
    [Buffer.alloc(32).toString('base64'), 'follows a pattern'],
    [Buffer.alloc(32, 0xa5).toString('base64url'), 'follows a pattern'],
    ['deadbeef'.repeat(8), 'follows a pattern'],
    ['0123456789'.repeat(8), 'follows a pattern'],
    ['Tr0ub4dor&3 '.repeat(4), 'follows a pattern'],
    [good.subarray(0, 20).toString('hex').repeat(2), 'follows a pattern'],
    [Buffer.from(Array.from({ length: 48 }, (_, i) => i)).toString('hex'), 'follows a pattern'],
    [Buffer.from(Array.from({ length: 48 }, (_, i) => 255 - 3 * i)).toString('base64'), 'follows'],
    ['abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG', 'follows a pattern'],
    ['qqqqqqqqqwwwwwwwwweeeeeeeeerrrrrrrrr,', 'follows a pattern'],
    ...publishedSecrets.map((one): [string, string] => [one, 'is an example']),
    [Buffer.from(publishedSecrets[0] ?? '', 'base64url').toString('hex'), 'is an example'],
  ] as [string, string][])('%s', (text, complaint) => {
    const parsed = parseSecret(text)
    expect(parsed).toEqual({ ok: false, complaint: expect.stringContaining(complaint) })
    expect(parsed).toEqual({ ok: false, complaint: expect.stringContaining(secretCommand) })
  })

  test('property: any piece over and over, and nothing of it is said again', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z]{4}[0-9]{2}[a-zA-Z0-9!?.,-]{2,10}$/), (piece) => {
        const parsed = parseSecret(piece.repeat(6))
        expect(parsed).toMatchObject({ ok: false })
        expect(parsed.ok || parsed.complaint.replace(secretCommand, '')).not.toContain(piece)
      }),
    )
  })
})
