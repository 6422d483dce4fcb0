/**
 * `sallyport audit` beside a running server, on both databases: lists, copies, verifies, and finds with
 * the checkpoints of the server's log what nothing in the database can tell (LOG-05).
 *
 * @module
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { AuditEvent, AuditVerification, ExportedEvent } from '../src/wire.ts'
import { command } from './server/command.ts'
import { fleet, places } from './server/pair.ts'

const timeout = 120_000

test.each(Object.entries(places))('beside a server on %s', { timeout }, async (_, place) => {
  const env = await place()
  const { nodes, tab, query } = await fleet(1, async () => env)
  const [server] = nodes
  if (!server) throw new Error('no server')
  const ada = tab(0)
  expect((await ada.setUp(server.setupToken)).status).toBe(201)
  const sallyport = (...args: string[]) => command(server.folder, ['audit', ...args], env)

  // Several at once write one chain, one after the other.
  const copies = await Promise.all(Array.from({ length: 3 }, () => sallyport('export')))
  for (const { code, stdout, stderr } of copies) {
    expect([code, stderr]).toEqual([0, ''])
    const lines = stdout
      .trim()
      .split('\n')
      .map((line): ExportedEvent => JSON.parse(line))
    expect(lines[0]).toMatchObject({ type: 'instance.claimed', mac: expect.any(String) })
  }
  const listed = await sallyport('list', '--type', 'audit', '--json')
  const { items, more } = listed.json as unknown as { items: AuditEvent[]; more: boolean }
  // By the instant their step began; their numbers are in the order of the commits.
  expect(items.map(({ chain, seq, type }) => [chain, seq, type]).sort()).toEqual([
    ['cli', 1, 'audit.exported'],
    ['cli', 2, 'audit.exported'],
    ['cli', 3, 'audit.exported'],
  ])
  expect(items[0]?.actor).toMatch(/^operator:/)
  expect(more).toBe(false)
  expect((await sallyport('list', '--limit', '1')).stdout).toContain('There are more')
  const whole = (await sallyport('export', '--json')).json as unknown as { items: unknown[] }
  expect(whole.items.length).toBeGreaterThan(5)
  // Each left its chain sealed.
  const sealed = await query(`select max(seq) as seq from audit_checkpoints where chain = 'cli'`)
  expect(Number(sealed[0]?.seq)).toBe(4)
  for (const [wrong, code] of [
    [['list', '--type', 'nothing'], 1],
    [['list', '--from', 'yesterday'], 1],
    [['verify', '--checkpoints', 'nowhere.log'], 1],
    [['verify', '--nonsense'], 2],
  ] as const)
    expect([wrong, (await sallyport(...wrong)).code]).toEqual([wrong, code])

  const good = await sallyport('verify')
  expect([good.code, good.stderr]).toEqual([0, ''])
  expect(good.stdout).toMatch(/^Intact: \d+ records in \d+ chains/)
  expect(good.stdout).toContain('none was given')

  // The log of the server is where the checkpoints are carried.
  expect((await server.stop()).code).toBe(0)
  const log = join(server.folder, 'server.log')
  writeFileSync(log, ['before', ...server.stderr, '{"seal": half'].join('\n'))
  const carried = server.stderr.filter((line) => line.includes('"seal"')).map((x) => JSON.parse(x))
  const [one] = carried.filter(({ checkpoint }) => checkpoint.chain !== 'cli')
  expect(carried.some(({ checkpoint }) => checkpoint.chain === 'cli')).toBe(true)
  const { chain, seq } = one.checkpoint
  const held = (await sallyport('verify', '--checkpoints', log, '--json')).json
  expect(held).toMatchObject({ intact: true, faults: [], knownUntil: expect.any(String) })

  const [before] = await query(
    `select mac from audit where chain = '${chain}' and seq = ${seq - 1}`,
  )
  await query(`delete from audit where chain = '${chain}' and seq >= ${seq}`)
  await query(
    `update audit_chains set seq = ${seq - 1}, mac = '${before?.mac}' where chain = '${chain}'`,
  )
  await query('delete from audit_checkpoints')
  expect((await sallyport('verify')).code).toBe(0)
  const found = await sallyport('verify', '--checkpoints', log)
  expect(found.code).toBe(1)
  expect(found.stdout).toContain(`Record ${seq} of chain ${chain}: A checkpoint says`)
  const said = (await sallyport('verify', '--checkpoints', log, '--json'))
    .json as unknown as AuditVerification
  expect(said.faults).toMatchObject([{ what: 'cut', chain, seq }])
})
