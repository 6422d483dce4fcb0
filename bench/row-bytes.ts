/**
 * What a row takes, with all its indexes, on both databases: of people, sessions and the audit.
 *
 * @module
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSallyport } from '../src/index.ts'
import { reach } from '../test/gate/gate.ts'
import { startPostgres } from '../test/provision/postgres-server.ts'
import { password } from './claimed.ts'
import { shown, table } from './figures.ts'
import type { Told } from './told.ts'

const origin = 'https://app.example.test'
const setupToken = 'a set-up token that is for measuring alone'
const secret = 'kJ8vQ2nX5tR9wZ3bL6mP0sD4fG7hY1cA8eU2iO5xN9q'
const userAgent = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'
const tables = ['users', 'sessions', 'audit'] as const

/** @param count Rows of each that are added. */
export async function benchRowBytes(count: number): Promise<Told> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-bench-'))
  const postgres = await startPostgres({ durable: false })
  try {
    const lite = await bytes(`sqlite:${join(folder, 'sallyport.db')}`, count)
    const far = await bytes(await postgres.fresh(), count)
    const rows = tables.map((name) => [name, shown(lite[name] ?? 0), shown(far[name] ?? 0)])
    const values = Object.fromEntries(
      tables.flatMap((name) => [
        [`${name}BytesSQLite`, lite[name] ?? 0],
        [`${name}BytesPostgreSQL`, far[name] ?? 0],
      ]),
    )
    return {
      text: `What a row takes with all its indexes, of ${shown(count)} with random ids, refreshed sessions and a signed-in
event each.

${table(['bytes a row', 'SQLite', 'PostgreSQL'], rows)}`,
      values,
    }
  } finally {
    await postgres.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function bytes(database: string, count: number): Promise<Record<string, number>> {
  const gate = await createSallyport({ publicOrigin: origin, database, secret, setupToken })
  const headers = new Headers({ Origin: origin, 'User-Agent': userAgent })
  const ask = async (path: string, body: object | undefined) => {
    if (body) headers.set('Content-Type', 'application/json')
    else headers.delete('Content-Type')
    const text = body ? Buffer.from(JSON.stringify(body)) : null
    const sent = { method: 'POST', headers, body: text }
    const from = { address: '198.51.100.7' }
    const answer = await gate.handle(new Request(`${origin}/api/v1${path}`, sent), from)
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
    const set = answer.headers.getSetCookie().map((one) => one.split(';')[0] ?? '')
    headers.set('Cookie', set.join('; '))
    headers.set('X-CSRF-Token', set.join(';').match(/csrf=([^;]+)/)?.[1] ?? '')
  }
  await ask('/auth/setup', { setupToken, username: 'ada.lovelace@example.test', password })
  await ask('/auth/login', { username: 'ada.lovelace@example.test', password })
  await ask('/auth/refresh', undefined)
  await gate.close()

  const { query, close } = await reach(database)
  const lite = database.startsWith('sqlite:')
  const id = lite ? 'hex(randomblob(11))' : 'left(md5(random()::text), 22)'
  const numbers = lite
    ? `(with recursive n(n) as (select 1 union all select n + 1 from n where n < ${count}) select n from n) n`
    : `generate_series(1, ${count}) n(n)`
  const of: Record<string, number> = {}
  const own: Readonly<Record<(typeof tables)[number], Readonly<Record<string, string>>>> = {
    users: { id, username: `'person' || n.n || '@example.test'`, createdAt: 'o."createdAt" - n.n' },
    sessions: { id, createdAt: 'o."createdAt" - n.n' },
    audit: { id, seq: 'o."seq" + 1000 + n.n', at: 'o."at" + n.n' },
  }
  const size = async (name: string) => {
    if (lite) await query('pragma wal_checkpoint(truncate)')
    const text = lite
      ? 'select page_count * page_size as size from pragma_page_count, pragma_page_size'
      : `select pg_total_relation_size('${name}') as size`
    return Number((await query(text))[0]?.size)
  }
  for (const name of tables) {
    const order = name === 'users' ? '' : name === 'sessions' ? 'order by generation desc' : ''
    const where = name === 'audit' ? `where type = 'auth.signed_in'` : ''
    const from = `(select * from ${name} ${where} ${order} limit 1) o, ${numbers}`
    const [row = {}] = await query(`select * from ${name} limit 1`)
    const columns = Object.keys(row)
    const before = await size(name)
    await query(`insert into ${name} (${columns.map((one) => `"${one}"`).join(', ')})
      select ${columns.map((one) => own[name][one] ?? `o."${one}"`).join(', ')} from ${from}`)
    of[name] = ((await size(name)) - before) / count
  }
  await close()
  return of
}
