/**
 * A process in which `pg` is not installed: SQLite must work there, and PostgreSQL must say what is
 * missing.
 *
 * @module
 */
import { registerHooks } from 'node:module'

registerHooks({
  resolve(specifier, context, next) {
    if (specifier !== 'pg') return next(specifier, context)
    throw Object.assign(new Error('Cannot find package pg'), { code: 'ERR_MODULE_NOT_FOUND' })
  },
})

const { openDatabase } = await import('../../src/stores/open.ts')
const given = {
  clock: { now: () => 0, elapsed: () => 0 },
  random: { bytes: (length: number) => Buffer.alloc(length) },
}
const lite = await openDatabase('sqlite::memory:', given)
await lite.close()
await openDatabase('postgres://127.0.0.1:1/none', given).catch((error: Error) =>
  process.stdout.write(error.message),
)
