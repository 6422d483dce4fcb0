import { expect, test } from 'vitest'
import { deviceView } from './device-view.ts'

const firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'
const read = { browser: 'Firefox', os: 'Linux', kind: 'desktop', userAgent: firefox }

test('a browser is read the same the second time, whatever was done to the first answer', () => {
  const first = deviceView(firefox)
  expect(first).toEqual(read)
  Object.assign(first, { browser: 'another', kind: 'other' })
  expect(deviceView(firefox)).toEqual(read)
})

test('texts without end are each read as what they are', () => {
  for (let n = 0; n < 2_500; n++) expect(deviceView(`x${n}`).userAgent).toBe(`x${n}`)
  expect(deviceView(firefox)).toEqual(read)
  expect(deviceView('')).toEqual({ browser: null, os: null, kind: 'other', userAgent: '' })
})
