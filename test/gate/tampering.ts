/**
 * Tampering with the audit past every gate, and undoing it again, so that each way of doing it is tried
 * on the same records.
 *
 * @module
 */
import { onTestFinished } from 'vitest'
import { saidIn } from '../../src/options.ts'
import type { World } from '../../src/ports.ts'
import { openGate } from '../../src/sallyport.ts'
import { noLimits, origin, reach, secret, setupToken, type TestGate } from './gate.ts'

const tables = ['audit', 'audit_chains', 'audit_checkpoints', 'audit_boundaries'] as const

/** What stands behind another node of an open gate. */
export async function worldOf({ database, now }: TestGate): Promise<World> {
  let world: World | undefined
  const said = saidIn({ publicOrigin: origin, database, secret, setupToken, limits: noLimits })
  const gate = await openGate(said, {
    clock: { now, elapsed: now },
    onOpened: (opened) => {
      world = opened
    },
  })
  onTestFinished(() => gate.close())
  if (!world) throw new Error('opened without a world')
  return world
}

export interface Tampering {
  readonly run: TestGate['query']
  /** Remembers everything as it is. */
  keep(): Promise<void>
  /** Puts everything back. */
  undo(): Promise<void>
}

export async function tampering({ database }: TestGate): Promise<Tampering> {
  const { query: run, close } = await reach(database)
  onTestFinished(close)
  if (database.startsWith('sqlite:')) {
    await run('pragma busy_timeout = 5000')
    await run('pragma synchronous = off')
  }
  return {
    run,
    async keep() {
      for (const table of tables) {
        await run(`drop table if exists kept_${table}`)
        await run(`create table kept_${table} as select * from ${table}`)
      }
    },
    async undo() {
      for (const table of tables) {
        await run(`delete from ${table}`)
        await run(`insert into ${table} select * from kept_${table}`)
      }
    },
  }
}
