/**
 * A node's own connection to PostgreSQL: it listens there, and looks at the feed there, also when the
 * pool has none left. One that breaks is replaced when it is next needed.
 *
 * @module
 */
import type { Client } from 'pg'
import { second } from '../rules/time.ts'
import type { Line, Query, Row } from './database.ts'
import { channel } from './feed.ts'
import { told } from './postgres-errors.ts'
import { connectionFor } from './postgres-pool.ts'
import { naming, together } from './postgres-statements.ts'

/** An answer that comes later has left no lease to renew, unless that is a long one. */
const patience = 2 * second

export function lineTo(url: string, hint: () => void): Line {
  const named = naming()
  let current: Promise<Client> | undefined
  let closed = false

  function connect(): Promise<Client> {
    const connecting = opened(() => {
      // Another one may stand in its place by now.
      if (current === connecting) current = undefined
    })
    return connecting
  }

  async function opened(onLost: () => void): Promise<Client> {
    const client = await connectionFor(url, patience, onLost)
    client.on('notification', hint)
    await client.query(`listen ${channel}`)
    return client
  }

  async function ask(query: Query) {
    if (closed) throw new Error('a line is used after it was closed')
    current ??= connect()
    const used = current
    try {
      return await told((await used).query(named(query)))
    } catch (error) {
      // Whatever it is in the middle of goes with it.
      if (current === used) current = undefined
      leave(used)
      return told(Promise.reject(error))
    }
  }

  return {
    async read(queries) {
      const { rows } = await ask(together(queries, undefined))
      return (rows as { rows: Row[][] }[])[0]?.rows ?? []
    },
    write: async (query) => (await ask(query)).rowCount ?? 0,
    async close() {
      closed = true
      await current?.then((client) => client.end()).catch(() => undefined)
    },
  }
}

const leave = (client: Promise<Client>): void =>
  void client.then((one) => one.end()).catch(() => undefined)
