import { StrictMode, useEffect, useState } from 'react'
import { createRoot } from 'react-dom/client'
import { createClient } from 'sallyport/client'
import { ClientProvider, SignedIn, useClient } from 'sallyport/react'

const client = createClient()

function SignInPage({ reason }: { reason?: string | undefined }) {
  const { signIn } = useClient()
  const [said, setSaid] = useState(reason === 'revoked' ? 'Somebody ended your session.' : '')
  const submit = async (form: FormData) => {
    const username = String(form.get('username'))
    const password = String(form.get('password'))
    await signIn({ username, password }).catch((error) => setSaid(error.message))
  }
  return (
    <form action={submit}>
      <h1>Sign in</h1>
      <label>
        Name <input name="username" autoComplete="username" required />
      </label>
      <label>
        Password <input name="password" type="password" autoComplete="current-password" required />
      </label>
      <button type="submit">Sign in</button>
      <p role="alert">{said}</p>
    </form>
  )
}

function OrdersPage({ name }: { name: string }) {
  const { fetch, signOut } = useClient()
  const [orders, setOrders] = useState<readonly string[]>([])
  useEffect(() => {
    fetch('/orders').then(async (answer) => answer.ok && setOrders(await answer.json()))
  }, [fetch])
  return (
    <>
      <h1>Orders of {name}</h1>
      <ul>
        {orders.map((order) => (
          <li key={order}>{order}</li>
        ))}
      </ul>
      <button type="button" onClick={() => signOut()}>
        Sign out
      </button>
    </>
  )
}

createRoot(document.getElementById('root') as HTMLElement).render(
  <StrictMode>
    <ClientProvider value={client}>
      <SignedIn fallback={({ reason }) => <SignInPage reason={reason} />}>
        {({ user }) => <OrdersPage name={user.username} />}
      </SignedIn>
    </ClientProvider>
  </StrictMode>,
)
