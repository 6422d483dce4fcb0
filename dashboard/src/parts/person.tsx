/**
 * People by id and by name: what was recorded tells ids, and nobody knows anybody by those.
 */

import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { getUser, listUsers } from 'sallyport/admin'
import type { Client, User } from 'sallyport/client'
import { useClient } from 'sallyport/react'
import { useSessionKey } from '../queries.ts'

/** Milliseconds: a name that was changed since is no mistake worth asking all the time. */
const staleTime = 300_000
/** Asked for at once; of instances that have no more people nobody is asked for alone. */
const limit = 200

/** Who has this id; `undefined` while it is not known, and for who is not there any more. */
export function usePerson(id: string | undefined): User | undefined {
  const client = useClient()
  const session = useSessionKey()
  const steady = { staleTime, retry: false, meta: { steady: true } }
  const many = useQuery({
    queryKey: [...session, 'names'],
    queryFn: ({ signal }) => listUsers(client, { limit, signal, passive: true }),
    ...steady,
  })
  const known = many.data?.items.find((user) => user.id === id)
  const one = useQuery({
    queryKey: [...session, 'names', id],
    queryFn: ({ signal }) => getUser(client, id ?? '', signal),
    enabled: id !== undefined && many.data?.nextCursor !== null && !many.isPending && !known,
    ...steady,
  })
  return known ?? one.data
}

const nameOf = ({ displayName, username }: User): string => displayName ?? username

/** The name of a person, leading to their page; of one who is gone, how the id begins. */
export function PersonLink({ id }: { id: string }) {
  const person = usePerson(id)
  if (!person) return <code>{id.slice(0, 8)}</code>
  return (
    <Link className="named" to="/users/$id" params={{ id }}>
      {nameOf(person)}
    </Link>
  )
}

/** Whose name it is. A search finds every name that contains it. */
export async function idOf(client: Client, username: string): Promise<string | undefined> {
  let cursor: string | undefined
  do {
    const page = await listUsers(client, { query: username, limit: 200, cursor })
    const found = page.items.find((user) => user.username === username)
    if (found) return found.id
    cursor = page.nextCursor ?? undefined
  } while (cursor !== undefined)
  return undefined
}
