/** What the page of the React tests shows; the tests draw it on the server as well. */

import { useState } from 'react'
import { type Client, ProblemError } from '../../../src/client/client.ts'
import {
  ClientProvider,
  NeedsSetup,
  RequireFresh,
  RequirePermission,
  RequireRole,
  RequireSetup,
  SignedIn,
  SignedOut,
  useClient,
  useEvents,
  useFresh,
  useSession,
  useSocket,
} from '../../../src/client/react.tsx'

export function Tree({ client, path }: { client: Client; path: string }) {
  return (
    <ClientProvider value={client}>
      {path === '/setup' ? (
        <NeedsSetup fallback={<h1>Claimed already</h1>}>
          <h1>Claim it</h1>
        </NeedsSetup>
      ) : path === '/guest' ? (
        <SignedOut fallback={<h1>In already</h1>}>
          <h1>Guests only</h1>
        </SignedOut>
      ) : path === '/live' ? (
        <Live />
      ) : (
        <RequireSetup fallback={<h1>First claim it</h1>}>
          <SignedIn
            fallback={({ reason }) => <SignIn reason={reason} />}
            changePassword={<h1>Choose another password</h1>}
          >
            {({ user }) => <Inside name={user.username} />}
          </SignedIn>
        </RequireSetup>
      )}
    </ClientProvider>
  )
}

/** Listens while it is wanted. */
function Live() {
  const client = useClient()
  const [wanted, setWanted] = useState(true)
  return (
    <>
      <h1>Live</h1>
      <label>
        Listen
        <input
          type="checkbox"
          checked={wanted}
          onChange={(event) => setWanted(event.target.checked)}
        />
      </label>
      {wanted && <Listening />}
      <button type="button" onClick={() => void client.signOut()}>
        Sign out
      </button>
    </>
  )
}

function Listening() {
  const session = useSession()
  const [heard, setHeard] = useState<string[]>([])
  const add = (name: unknown) => setHeard((before) => [...before, String(name)])
  const mine = session.status === 'authenticated' ? [`user:${session.user.id}`] : []
  const socket = useSocket({ channels: mine, onEvent: ({ event_type }) => add(event_type) })
  const events = useEvents(({ event }) => add(`stream ${event}`))
  return (
    <>
      <p>
        {socket.status} {events.status}
      </p>
      <output>{heard.join(', ')}</output>
    </>
  )
}

function SignIn({ reason }: { reason: string | undefined }) {
  const client = useClient()
  return (
    <>
      <h1>Please sign in</h1>
      <p>{reason ?? 'no reason'}</p>
      <button
        type="button"
        onClick={() =>
          void client.signIn({ username: 'bob', password: 'correct horse battery staple' })
        }
      >
        Sign in
      </button>
    </>
  )
}

function Inside({ name }: { name: string }) {
  const session = useSession()
  return (
    <>
      <h1>Hello {name}</h1>
      <p>{session.error ? 'away' : 'here'}</p>
      <RequireRole atLeast="admin" fallback={<p>no admin</p>}>
        <p>at least admin</p>
      </RequireRole>
      <RequireRole atLeast="admin" scope="department:sales" fallback={<p>no sales admin</p>}>
        <p>sales admin</p>
      </RequireRole>
      <RequirePermission permission="users:write" fallback={<p>may not</p>}>
        {({ user }) => <p>{user.role} may</p>}
      </RequirePermission>
      <RequireFresh>
        <AddUser username="carol" />
        <AddUser username="dave" />
      </RequireFresh>
    </>
  )
}

function AddUser({ username }: { username: string }) {
  const client = useClient()
  const fresh = useFresh()
  const [note, setNote] = useState('')
  const [outcome, setOutcome] = useState('')

  async function add() {
    const body = { username, role: 'member', displayName: note || username }
    try {
      await fresh(() => client.call('POST', '/users', { body }))
      setOutcome(`${username} added`)
    } catch (error) {
      setOutcome(`${username}: ${error instanceof ProblemError ? error.code : String(error)}`)
    }
  }

  return (
    <section aria-label={username}>
      <label>
        Note for {username}
        <input value={note} onChange={(event) => setNote(event.target.value)} />
      </label>
      <button type="button" onClick={() => void add()}>
        Add {username}
      </button>
      <output>{outcome}</output>
    </section>
  )
}
