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
  useFresh,
  useSession,
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
