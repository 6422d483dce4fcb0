/**
 * What goes past the library that makes requests: only what it would have made the same of.
 *
 * @module
 */
import type { IncomingMessage } from 'node:http'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { lightOf } from '../src/mounts/light.ts'

const asked = (url: string, rawHeaders: readonly string[], method = 'GET') =>
  ({ method, url, rawHeaders, headers: {}, socket: {} }) as unknown as IncomingMessage

const plain = ['Host', 'app.example.test']

test('what is handed over has the address that a URL parser makes of it', () => {
  const pieces = [...'/.%?#&=+~-_\\@: ;aZ0é', '..', '%2e', '//', 'http:']
  const targets = fc
    .array(fc.constantFrom(...pieces), { maxLength: 12 })
    .map((parts) => `/${parts.join('')}`)
  const names = ['a', 'Z', '.', '-', ':', '80', '8080', '127.1', '@', '[::1]', '0x7f', '/', ' ']
  const hosts = fc.array(fc.constantFrom(...names), { maxLength: 5 }).map((parts) => parts.join(''))
  let handed = 0
  fc.assert(
    fc.property(targets, fc.oneof(fc.constant('localhost:3000'), hosts), (target, host) => {
      const found = lightOf()(asked(target, ['Host', host]))
      if (!found) return
      handed += 1
      expect(found.url).toBe(new URL(`http://${host}${target}`).href)
      expect(new URL(found.url).host).toBe(host)
    }),
    { numRuns: 5_000 },
  )
  expect(handed).toBeGreaterThan(50)
})

test.each([
  ['a path and a query', '/api/v1/auth/sessions?cursor=a%2Fb&limit=10', plain, true],
  ['a file', '/assets/index-DfhMUtFC.js', plain, true],
  ['the page', '/', plain, false],
  ['a length', '/a', [...plain, 'Content-Length', '0'], false],
  ['an encoding', '/a', [...plain, 'transfer-encoding', 'chunked'], false],
  ['two hosts', '/a', [...plain, ...plain], false],
  ['no host', '/a', [], false],
  ['an absolute target', 'http://app.example.test/a', plain, false],
  ['a dot segment', '/a/../b', plain, false],
  ['an encoded path', '/a%2fb', plain, false],
] as const)('%s', (_, url, headers, yes) => {
  expect(lightOf()(asked(url, headers)) !== undefined).toBe(yes)
})

test('whatever may change something goes the long way', () => {
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'get'])
    expect(lightOf()(asked('/a', plain, method))).toBe(undefined)
  expect(lightOf()(asked('/a', plain, 'HEAD'))?.method).toBe('HEAD')
})
