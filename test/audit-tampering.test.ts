/**
 * Whatever is done to the records past the gate, verification names the first bad one (LOG-05): on both
 * databases, with two nodes that wrote.
 *
 * @module
 */
import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { keeperOf } from '../src/flows/keep-audit.ts'
import { verify } from '../src/flows/verify-audit.ts'
import type { World } from '../src/ports.ts'
import { type AuditRow, event } from '../src/rules/audit.ts'
import type { Checkpoint } from '../src/rules/audit-seal.ts'
import { day, minute } from '../src/rules/time.ts'
import { databases, openTestGate } from './gate/gate.ts'
import { type Tampering, tampering, worldOf } from './gate/tampering.ts'

type Named = { readonly chain: string; readonly seq: number }

const verified = (world: World, outside: readonly Checkpoint[] = []) =>
  verify(world.store.records, world.keys, world.clock.now(), outside)

/** The first thing that is wrong. */
const first = async (world: World, outside?: readonly Checkpoint[]) => {
  const { intact, faults } = await verified(world, outside)
  expect(intact).toBe(faults.length === 0)
  return faults.map(({ what, chain, seq }) => [what, chain, seq])[0]
}

const recorded = (world: World, count = 1) =>
  world.store.step({}, () => ({
    verdict: undefined,
    record: Array.from({ length: count }, (_, n) =>
      event('auth.signed_out', 'success', { reason: `${n}`, address: '192.0.2.1' }),
    ),
  }))

/** Two nodes over one database that recorded, at the same time. */
async function written(kind: (typeof databases)[number]) {
  const open = await openTestGate(kind)
  const nodes = [await worldOf(open), await worldOf(open)] as const
  const [world] = nodes
  const write = async (by: World) => {
    for (let n = 0; n < 4; n++) await recorded(by)
  }
  await Promise.all(nodes.map(write))
  const hands = await tampering(open)
  const rows = async (): Promise<AuditRow[]> =>
    (await hands.run('select * from audit order by chain, seq')).map((row) => ({
      ...(row as unknown as AuditRow),
      seq: Number(row.seq),
    }))
  return { open, nodes, world, hands, rows, keeper: keeperOf(world) }
}

const where = ({ chain, seq }: Named) => `where chain = '${chain}' and seq = ${seq}`
const behind = ({ chain, seq }: Named) => `where chain = '${chain}' and seq > ${seq}`

/** Ways of doing it to a row; what is found, and where. Nothing when it cannot be done to this one. */
const ways: Readonly<
  Record<
    string,
    (
      run: Tampering['run'],
      row: AuditRow,
      next: AuditRow | undefined,
    ) => Promise<readonly [what: string, seq: number] | undefined>
  >
> = {
  'changed it': async (run, row) => {
    await run(`update audit set reason = 'another' ${where(row)}`)
    return ['changed', row.seq]
  },
  'changed when it was': async (run, row) => {
    await run(`update audit set at = at + 1 ${where(row)}`)
    return ['changed', row.seq]
  },
  'deleted it': async (run, row) => {
    await run(`delete from audit ${where(row)}`)
    return ['missing', row.seq]
  },
  'deleted it and closed the gap': async (run, row, next) => {
    if (!next) return undefined
    await run(`delete from audit ${where(row)}`)
    await run(`update audit set seq = -seq ${behind(row)}`)
    await run(`update audit set seq = -seq - 1 where chain = '${row.chain}' and seq < 0`)
    return ['changed', row.seq]
  },
  'swapped it with the next': async (run, row, next) => {
    if (!next) return undefined
    await run(`update audit set seq = -1 ${where(row)}`)
    await run(`update audit set seq = ${row.seq} ${where(next)}`)
    await run(`update audit set seq = ${next.seq} ${where({ ...row, seq: -1 })}`)
    return ['changed', row.seq]
  },
  'moved it to the end': async (run, row, next) => {
    if (!next) return undefined
    await run(`update audit set seq = 1000 ${where(row)}`)
    return ['missing', row.seq]
  },
  'cut the chain there': async (run, row) => {
    await run(`delete from audit ${where(row)}`)
    await run(`delete from audit ${behind(row)}`)
    return ['missing', row.seq]
  },
  'put a copy in its place': async (run, row, next) => {
    if (!next) return undefined
    await run(`delete from audit ${where(row)}`)
    await run(`insert into audit select 'copy', chain, ${row.seq}, at, type, actor, subject, session,
      address, device, outcome, reason, details, mac from audit ${where(next)}`)
    return ['changed', row.seq]
  },
}

describe.each(databases)('on %s', (kind) => {
  test('LOG-05: nobody touched it: intact, with two nodes and while they write', async () => {
    const { nodes, world, keeper, rows } = await written(kind)
    const begun = await verified(world)
    expect(begun).toMatchObject({ intact: true, checkpoints: 0, faults: [] })
    const chains = new Set((await rows()).map(({ chain }) => chain))
    expect(chains.size).toBeGreaterThan(1)
    let writing = true
    const write = async (by: World) => {
      while (writing) {
        await recorded(by)
        // As a request does, which comes from a socket.
        await turn()
      }
    }
    const done = Promise.all(nodes.map(write))
    const found = [begun]
    // What is recorded while it is verified is why that is worth a test.
    while (found.length < 6 || (found.at(-1)?.rows ?? 0) === found[1]?.rows) {
      await keeper.seal(true)
      found.push(await verified(world))
    }
    writing = false
    await done
    expect(found.flatMap(({ faults }) => faults)).toEqual([])
    expect(found.at(-1)?.checkpoints).toBeGreaterThan(0)
  })

  test('LOG-05: whatever was done to any row, the first bad one is named', async () => {
    const { world, hands, rows } = await written(kind)
    await hands.keep()
    const all = await rows()
    for (const [name, done] of Object.entries(ways)) {
      for (const [place, row] of all.entries()) {
        const next = all[place + 1]
        const said = await done(hands.run, row, next?.chain === row.chain ? next : undefined)
        const expected = said && [said[0], row.chain, said[1]]
        expect([name, row.seq, await first(world)]).toEqual([name, row.seq, expected])
        await hands.undo()
      }
    }
    expect(await first(world)).toBeUndefined()
  })

  test('LOG-05: nor may a row stand where none was written, nor the end of a chain be moved', async () => {
    const { world, hands, rows } = await written(kind)
    await hands.keep()
    const all = await rows()
    const last = all.at(-1) as AuditRow
    const [other] = all.filter(({ chain }) => chain !== last.chain)
    const { chain } = last
    const copy = (from: Named, to: Named) =>
      hands.run(`insert into audit select 'copy', '${to.chain}', ${to.seq}, at, type, actor, subject,
        session, address, device, outcome, reason, details, mac from audit ${where(from)}`)
    const found = async (): Promise<unknown> => {
      const said = await first(world)
      await hands.undo()
      return said
    }
    await copy(last, { chain, seq: last.seq + 1 })
    expect(await found()).toEqual(['added', chain, last.seq + 1])
    await copy(last, { chain: 'made up', seq: 1 })
    expect(await found()).toEqual(['end', 'made up', 1])
    await hands.run(`delete from audit ${where(last)}`)
    await copy(other as AuditRow, last)
    expect(await found()).toEqual(['changed', chain, last.seq])
    await hands.run(`update audit_chains set mac = 'another' where chain = '${chain}'`)
    expect(await found()).toEqual(['end', chain, last.seq])
    await hands.run(`update audit_chains set seq = seq - 1 where chain = '${chain}'`)
    expect(await found()).toEqual(['added', chain, last.seq])
    await hands.run(`delete from audit_chains where chain = '${chain}'`)
    expect(await found()).toEqual(['end', chain, 1])
  })

  test('LOG-05: a cut with an end that was put back is found by the checkpoints, and no further than they were carried', async () => {
    const { open, world, hands, rows, keeper } = await written(kind)
    const { sealed: outside, faults } = await keeper.seal(true)
    expect(faults).toEqual([])
    expect(outside.length).toBeGreaterThan(1)
    const found = await verified(world, outside)
    expect(found).toMatchObject({ intact: true, knownUntil: open.now() })
    expect(found.checkpoints).toBe(2 * outside.length)
    await hands.keep()
    const all = await rows()
    const last = all.at(-1) as AuditRow
    const { chain } = last
    const before = all.find((row) => row.chain === chain && row.seq === last.seq - 1)
    const cut = async () => {
      await hands.run(`delete from audit ${where(last)}`)
      await hands.run(
        `update audit_chains set seq = ${last.seq - 1}, mac = '${before?.mac ?? ''}' where chain = '${chain}'`,
      )
    }
    await cut()
    expect(await first(world)).toEqual(['cut', chain, last.seq])
    // The one who keeps the audit sees it by itself, and says it once.
    expect((await keeperOf(world).seal(false)).faults).toMatchObject([{ what: 'cut', chain }])

    await hands.run('delete from audit_checkpoints')
    // That is what nothing kept here can tell.
    expect(await first(world)).toBeUndefined()
    expect(await first(world, outside)).toEqual(['cut', chain, last.seq])
    await hands.undo()

    for (const table of ['audit', 'audit_chains', 'audit_checkpoints'])
      await hands.run(`delete from ${table} where chain = '${chain}'`)
    expect(await first(world)).toBeUndefined()
    expect(await first(world, outside)).toEqual(['cut', chain, 1])
    await hands.undo()
  })

  test('LOG-05: a checkpoint that is not ours, or was changed, is named; kept or brought', async () => {
    const { world, hands, keeper } = await written(kind)
    const { sealed } = await keeper.seal(true)
    const [one] = sealed
    if (!one) throw new Error('nothing was sealed')
    const { chain, seq } = one
    await hands.keep()
    for (const change of [`mac = 'another'`, `at = at + 1`, `seal = 'another'`]) {
      await hands.run(`update audit_checkpoints set ${change} where chain = '${chain}'`)
      expect([change, await first(world)]).toEqual([change, ['checkpoint', chain, seq]])
      await hands.undo()
    }
    for (const forged of [
      { ...one, mac: 'another' },
      { ...one, at: one.at + 1 },
      { ...one, seq: one.seq + 1 },
      { ...one, chain: 'made up' },
    ])
      expect(await first(world, [forged])).toEqual(['checkpoint', forged.chain, forged.seq])
    // No boundary can be made of a checkpoint: nothing can be passed off as removed in time.
    await hands.run(`delete from audit where chain = '${chain}' and seq <= ${seq}`)
    await hands.run(
      `insert into audit_boundaries select chain, seq, at, mac, seal from audit_checkpoints where chain = '${chain}'`,
    )
    expect(await first(world)).toEqual(['boundary', chain, seq])
    expect((await keeperOf(world).trim(() => true)).rows).toBe(0)
  })
})

describe.each(databases)('the one who keeps it, on %s', (kind) => {
  const more = async ({ world }: { world: World }, count: number) => {
    for (let left = count; left > 0; left -= 50) await recorded(world, Math.min(left, 50))
  }

  test('seals what moves every minute or thousand records, and nothing that does not', async () => {
    const all = await written(kind)
    const { open, keeper, hands } = all
    await more(all, 1)
    expect((await keeper.seal(false)).sealed.length).toBeGreaterThan(1)
    expect((await keeper.seal(false)).sealed).toEqual([])
    await more(all, 3)
    expect((await keeper.seal(false)).sealed).toEqual([])
    open.pass(minute)
    const next = (await keeper.seal(false)).sealed
    expect(next).toHaveLength(1)
    open.pass(minute)
    expect((await keeper.seal(false)).sealed).toEqual([])
    await more(all, 1_100)
    const [one, two, ...rest] = (await keeper.seal(false)).sealed
    expect(rest).toEqual([])
    expect([one?.seq, two?.seq]).toEqual([(next[0]?.seq ?? 0) + 1_000, (next[0]?.seq ?? 0) + 1_100])
    // Of those within a segment only the last is kept.
    const kept = await hands.run(
      `select seq from audit_checkpoints where chain = '${one?.chain}' order by seq`,
    )
    expect(kept.map(({ seq }) => Number(seq))).toEqual([next[0]?.seq, one?.seq, two?.seq])
  })

  test('is one node at a time, and another when that is gone', async () => {
    const { open, world, keeper } = await written(kind)
    const rival = keeperOf(await worldOf(open))
    await keeper.seal(true)
    await more({ world }, 1)
    expect((await rival.seal(true)).sealed).toEqual([])
    open.pass(minute)
    expect((await rival.seal(true)).sealed).toHaveLength(1)
    await more({ world }, 1)
    expect((await keeper.seal(true)).sealed).toEqual([])
  })

  test('tells once of a record that was tampered with, and seals nothing over it', async () => {
    const { world, hands, keeper } = await written(kind)
    await hands.run(`update audit set reason = 'another' where seq = 2`)
    const { faults } = await keeper.seal(true)
    expect(new Set(faults.map(({ what, seq }) => `${what} ${seq}`))).toEqual(new Set(['changed 2']))
    expect(await keeper.seal(true)).toEqual({ sealed: [], faults: [] })
    const bent = faults.map(({ chain }) => `'${chain}'`).join()
    const kept = await hands.run(`select * from audit_checkpoints where chain in (${bent})`)
    expect(kept).toEqual([])
    expect((await verified(world)).faults).toHaveLength(faults.length)
  })

  test('removes what is older than it is kept, whole segments, and what is left verifies (P-14.2.7)', async () => {
    const all = await written(kind)
    const { open, world, hands, rows, keeper } = all
    const early = (await keeper.seal(true)).sealed
    open.pass(10 * day)
    await more(all, 1_050)
    await keeper.seal(true)
    open.pass(390 * day)
    await more(all, 20)
    const outside = [...early, ...(await keeper.seal(true)).sealed]
    // Nothing is older than 400 days yet.
    expect(await keeper.trim(() => true)).toEqual({ rows: 0, faults: [] })
    open.pass(minute)
    const before = (await rows()).length
    const sealedThen = early.reduce((sum, { seq }) => sum + seq, 0)
    expect(await keeper.trim(() => true)).toEqual({ rows: sealedThen, faults: [] })
    expect((await rows()).length).toBe(before - sealedThen + 1)
    expect(await verified(world, outside)).toMatchObject({ intact: true })
    const [told] = await hands.run(`select * from audit where type = 'audit.trimmed'`)
    expect(told).toMatchObject({ actor: 'node', outcome: 'success' })

    // Stopped in the middle, it goes on where it was.
    open.pass(10 * day)
    let slices = 0
    await keeper.trim(() => ++slices < 4)
    expect(await verified(world, outside)).toMatchObject({ intact: true })
    await keeper.trim(() => true)
    expect(await verified(world, outside)).toMatchObject({ intact: true })
    expect((await rows()).every(({ at }) => at >= open.now() - 400 * day)).toBe(true)

    // What is left is guarded as before, its beginning too.
    const left = (await rows()).find(({ chain }) => chain === outside.at(-1)?.chain) as AuditRow
    await hands.run(`delete from audit ${where(left)}`)
    expect(await first(world)).toEqual(['missing', left.chain, left.seq])
  })

  test('keeps for longer what was tampered with, and what tells of a secret in use', async () => {
    const all = await written(kind)
    const { open, world, hands, keeper } = all
    await world.store.step({}, () => ({
      verdict: undefined,
      record: [event('secret.rotated', 'success', { subject: 'secret:before', actor: 'node' })],
    }))
    const { sealed } = await keeper.seal(true)
    const [told] = await hands.run(`select chain from audit where type = 'secret.rotated'`)
    const [other] = sealed.filter(({ chain }) => chain !== told?.chain)
    await hands.run(`update audit set reason = 'x' where chain = '${other?.chain}' and seq = 1`)
    open.pass(500 * day)
    const { faults } = await keeper.trim(() => true)
    expect(faults).toMatchObject([{ what: 'changed', chain: other?.chain, seq: 1 }])
    const left = await hands.run('select distinct chain from audit where at < 1790000000000')
    expect(left.map(({ chain }) => chain).sort()).toEqual([told?.chain, other?.chain].sort())
    await world.store.step({}, () => ({
      verdict: undefined,
      record: [event('secret.retired', 'success', { subject: 'secret:before', actor: 'node' })],
    }))
    await keeper.trim(() => true)
    const then = await hands.run(`select chain from audit where type = 'secret.rotated'`)
    expect(then).toEqual([])
  })
})
