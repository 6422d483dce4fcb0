/**
 * A gate whose secret stands in a file, and an operator at it.
 *
 * @module
 */
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { openOperator, type SallyportOptions, saidIn } from '../../src/index.ts'
import { type DatabaseKind, openTestGate, origin, secret } from './gate.ts'

/** Another node may have its own file. */
export async function openRing(kind: DatabaseKind, options: Partial<SallyportOptions> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-ring-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const [file, otherFile] = [join(folder, 'secret'), join(folder, 'other')]
  writeFileSync(file, `${secret}\n`, { mode: 0o600 })
  copyFileSync(file, otherFile)
  const told: object[] = []
  let passed = 0
  const open = await openTestGate(kind, {
    secret: undefined,
    secretFile: file,
    refresh: { enabled: true },
    onChore: (one) => told.push(one),
    ...options,
  })
  const clock = { now: () => Date.UTC(2026, 0, 1, 12) + passed, elapsed: () => passed }
  const said = saidIn({ publicOrigin: origin, database: open.database, secretFile: file })
  const operator = await openOperator(said, 'operator:grace', clock)
  onTestFinished(() => operator.close())
  return {
    ...open,
    operator,
    file,
    otherFile,
    told,
    pass(time: number) {
      passed += time
      open.pass(time)
    },
    /** Rotates, and has this node pick it up. */
    async rotate(leaked = false) {
      const { active } = await operator.rotateSecret(leaked)
      await open.gate.lookAtSecret()
      return active
    },
    /** The generations but the active one, newest first. */
    async older() {
      const { generations } = await operator.secretStatus()
      return generations.filter(({ state }) => state !== 'active')
    },
  }
}
