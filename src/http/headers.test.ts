/** Headers: the exact words, so that a change of one is a change somebody meant. */
import { describe, expect, test } from 'vitest'
import { apiHeaders, assetHeaders, dashboardPolicy, pageHeaders } from './headers.ts'

const https = new URL('https://app.example')
const http = new URL('http://localhost:3000')
const sets = [
  ['api', apiHeaders],
  ['page', pageHeaders],
  ['asset', assetHeaders],
] as const

describe.each(sets)('%s', (_, headersOf) => {
  test('what every answer carries', () => {
    expect(headersOf(https)).toMatchObject({
      'Strict-Transport-Security': 'max-age=63072000; includeSubDomains',
      'X-Content-Type-Options': 'nosniff',
      'Referrer-Policy': 'same-origin',
      'Cross-Origin-Opener-Policy': 'same-origin',
      'Cross-Origin-Resource-Policy': 'same-origin',
      'X-Frame-Options': 'DENY',
    })
  })

  test('the transport is pinned only where it is https', () => {
    const pinned = { ...headersOf(https) }
    delete pinned['Strict-Transport-Security']
    expect(headersOf(http)).toEqual(pinned)
  })

  test('fits into Headers', () => {
    expect([...new Headers(headersOf(https))]).toHaveLength(Object.keys(headersOf(https)).length)
  })

  test('grants no power to others, and names none twice', () => {
    const policy = headersOf(https)['Permissions-Policy'] ?? ''
    const names = policy.split(', ').map((part) => part.split('=')[0])
    expect(policy).toMatch(/^(?:[a-z-]+=\((?:self)?\)(?:, |$))+$/)
    expect(new Set(names).size).toBe(names.length)
    expect(names).toEqual(expect.arrayContaining(['camera', 'geolocation', 'microphone', 'usb']))
  })
})

test('the API is neither shown, run, framed nor kept', () => {
  expect(apiHeaders(https)).toMatchObject({
    'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
    'Cache-Control': 'no-store',
    Vary: 'Origin, Sec-Fetch-Site, Cookie',
  })
  expect(apiHeaders(https)['Permissions-Policy']).not.toContain('self')
})

test('the dashboard runs its own files and nothing inline', () => {
  expect(pageHeaders(https)['Content-Security-Policy']).toBe(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'; require-trusted-types-for 'script'",
  )
  expect(dashboardPolicy).not.toMatch(/unsafe|\*|report|http/)
})

test('pages are not kept, hashed files for ever', () => {
  expect(pageHeaders(https)['Cache-Control']).toBe('no-store')
  expect(assetHeaders(https)['Cache-Control']).toBe('public, max-age=31536000, immutable')
})
