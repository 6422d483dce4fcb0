/** The secret file on disk: replaced whole, for its owner alone, by one command at a time. */
import {
  chmodSync,
  chownSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { rewriteSecretFile, stampOf } from './secret-file.ts'

let folder = ''
let file = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'secret-file-'))
  file = join(folder, 'secret')
  writeFileSync(file, 'one\n', { mode: 0o600 })
})
afterEach(() => rmSync(folder, { recursive: true }))

test('it is replaced, mode 0600, and nothing is left beside it', async () => {
  chmodSync(file, 0o644)
  const before = await stampOf(file)
  await rewriteSecretFile(file, (text) => `two\n${text}`)
  expect(readFileSync(file, 'utf8')).toBe('two\none\n')
  expect((statSync(file).mode & 0o777).toString(8)).toBe('600')
  expect(readdirSync(folder)).toEqual(['secret'])
  expect(await stampOf(file)).not.toBe(before)
  expect(await stampOf(join(folder, 'none'))).toBeUndefined()
})

test('behind a link, the file it leads to is replaced and the link stays', async () => {
  const link = join(folder, 'link')
  symlinkSync(file, link)
  const before = await stampOf(link)
  await rewriteSecretFile(link, () => 'two\n')
  expect(readFileSync(file, 'utf8')).toBe('two\n')
  expect(await stampOf(link)).not.toBe(before)
})

test.runIf(process.getuid?.() === 0)('it stays its owner’s when root replaces it', async () => {
  chownSync(file, 1234, 4321)
  await rewriteSecretFile(file, (text) => text)
  expect([statSync(file).uid, statSync(file).gid]).toEqual([1234, 4321])
})

test('of twenty at once each changes what another has left, or is told and changes nothing', async () => {
  const done = await Promise.allSettled(
    Array.from({ length: 20 }, (_, n) => rewriteSecretFile(file, (text) => `${n}\n${text}`)),
  )
  const lines = readFileSync(file, 'utf8').trim().split('\n')
  expect(lines).toHaveLength(1 + done.filter(({ status }) => status === 'fulfilled').length)
  for (const one of done)
    if (one.status === 'rejected') expect(String(one.reason)).toMatch(/Another command is changing/)
  expect(readdirSync(folder)).toEqual(['secret'])
})

test('what cannot be changed stays as it is', async () => {
  const broken = () => {
    throw new Error('no')
  }
  await expect(rewriteSecretFile(file, broken)).rejects.toThrow('cannot be replaced')
  expect(readFileSync(file, 'utf8')).toBe('one\n')
  expect(readdirSync(folder)).toEqual(['secret'])
  await expect(rewriteSecretFile(join(folder, 'none'), (text) => text)).rejects.toThrow('ENOENT')
})
