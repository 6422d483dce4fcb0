/**
 * The watch over servers of their own (`test/server/process.ts`) sees what it is there for: a server that
 * writes a secret into its log or its file is found out (LOG-02), and one that does not is not.
 *
 * @module
 */
import { expect, test } from 'vitest'
import { type alterations, altered } from '../server/altered.ts'
import { browser } from '../server/browser.ts'
import { expectNoneTold, start } from '../server/process.ts'

test.each<[name: keyof typeof alterations | undefined, found: RegExp]>([
  [undefined, /^$/],
  ['logs cookies', /^a server writes into its log: a cookie /],
  ['keeps passwords', /^a server writes into its file: password$/],
])('LOG-02, U7: a server that %s', async (name, found) => {
  const started = await start({ env: name ? altered(name) : {} })
  const link = await started.line(/^Claim this instance: /)
  await started.line(/^Listening on /)
  const ada = browser(started)
  const token = decodeURIComponent(new URL(link.split(': ')[1] ?? '').hash.slice('#token='.length))
  expect((await ada.setUp(token)).status).toBe(201)
  expect((await ada.logIn()).status).toBe(200)
  const said = await expectNoneTold(started).then(
    () => '',
    (error: Error) => error.message,
  )
  expect(said).toMatch(found)
})
