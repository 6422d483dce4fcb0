/**
 * The operator's own breach file: built by the command, asked whenever a password is chosen and never at
 * sign-in, and never wrong about one that is in it.
 *
 * @module
 */
import { createHash } from 'node:crypto'
import { rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createSallyport, SettingsError } from '../src/index.ts'
import { isInBreachFile } from '../src/system/breach-file.ts'
import { databases, openTestGate, origin, secret } from './gate/gate.ts'
import { expectRefused, unharmed } from './gate/refusal.ts'
import { password, visitor } from './gate/visitor.ts'
import { command } from './server/command.ts'
import { emptyFolder } from './server/process.ts'

const timeout = 120_000
const sha1 = (text: string) => createHash('sha1').update(text).digest('hex').toUpperCase()
const stolen = 'seven blue herons on a wire'
const hashed = 'eleven grey geese by the pond'
const fine = 'nine green lanterns over the harbour'
const many = Array.from({ length: 20_000 }, (_, n) => `a stolen password, number ${n}`)

async function built(lines: readonly string[] = [stolen, `${sha1(hashed)}:17`, '', password]) {
  const folder = emptyFolder()
  const list = join(folder, 'passwords.txt')
  writeFileSync(list, lines.join('\r\n'))
  const done = await command(folder, ['blocklist', 'build', list, 'breach.bin', '--json'])
  return { done, folder, file: join(folder, 'breach.bin') }
}

describe.each(databases)('on %s', (kind) => {
  test('what is in the file is not chosen, by its field; who has it signs in', {
    timeout,
  }, async () => {
    const { done, file } = await built()
    expect([done.code, done.json.passwords]).toEqual([0, 3])
    const faults: string[] = []
    const onFault = ({ error }: { error: unknown }) => faults.push(String(error))
    const open = await openTestGate(kind, { onFault })
    const ada = visitor(open.gate)
    await ada.setUp()
    const strict = await open.another({ password: { breachFile: file } })
    const late = visitor(strict)
    expect((await late.logIn('ada')).status).toBe(200)
    await open.recorded()
    const change = (newPassword: string) =>
      late.send('POST', '/auth/change-password', {
        json: { currentPassword: password, newPassword },
      })
    for (const chosen of [stolen, stolen.toUpperCase(), hashed]) {
      await unharmed(open, async () => {
        const refused = await change(chosen)
        expectRefused(refused, 422, 'validation_failed', chosen)
        expect(refused.json.fields).toEqual([
          { name: 'newPassword', code: 'breached', detail: expect.stringContaining('stolen') },
        ])
      })
    }
    const json = { username: 'bob', role: 'member', password: stolen }
    const added = await late.send('POST', '/users', { json })
    expect(added.json.fields).toMatchObject([{ name: 'password', code: 'breached' }])
    // Not to be looked at: nobody chooses unlooked at, and everybody signs in.
    rmSync(file)
    expectRefused(await change(fine), 503, 'unavailable')
    expect((await visitor(strict).logIn('ada')).status).toBe(200)
    writeFileSync(file, '')
    expectRefused(await change(fine), 503, 'unavailable')
    const [told, whole] = faults
    expect([told, whole, faults.length]).toEqual([
      expect.stringContaining('ENOENT'),
      expect.stringContaining('too short'),
      2,
    ])
    const again = await built()
    const other = await open.another({ password: { breachFile: again.file } })
    const next = visitor(other)
    await next.logIn('ada')
    const chosen = { currentPassword: password, newPassword: fine }
    expect((await next.send('POST', '/auth/change-password', { json: chosen })).status).toBe(200)
  })
})

test('it knows all of twenty thousand, and less than one in a thousand of others', {
  timeout,
}, async () => {
  const { done, file } = await built(many)
  expect(done.json).toMatchObject({ passwords: 20_000, bytes: 24 + 782 * 64 })
  const found = async (passwords: readonly string[]) => {
    let count = 0
    for (const one of passwords) if (await isInBreachFile(file, one)) count++
    return count
  }
  expect(await found(many.filter((_, n) => n % 10 === 0))).toBe(2_000)
  // One in a thousand would be ten, give or take three; what is expected is four.
  expect(await found(many.slice(0, 10_000).map((one) => `${one}!`.toLowerCase()))).toBeLessThan(13)
})

test('nothing starts on a file that cannot be used, nor is one made of nothing', {
  timeout,
}, async () => {
  const { file, folder } = await built()
  const start = async (breachFile: string) => {
    const options = { publicOrigin: origin, database: 'sqlite::memory:', secret }
    const failed = await createSallyport({ ...options, password: { breachFile } }).catch((no) => no)
    expect(failed).toBeInstanceOf(SettingsError)
    return (failed as SettingsError).complaints
  }
  const none = join(folder, 'none.bin')
  expect(await start(none)).toEqual([`password.breachFile: ${none} cannot be read (ENOENT).`])
  truncateSync(file, 60)
  expect(await start(file)).toEqual([expect.stringContaining('not all of it')])
  writeFileSync(file, 'x'.repeat(200))
  expect(await start(file)).toEqual([expect.stringContaining('is not what')])
  expect((await built([''])).done).toMatchObject({ code: 1 })
})
