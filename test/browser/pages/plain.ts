/** A page with nothing but the client, for tests that act in it. Its heading is the session's state. */

import { createClient, returnPath } from '../../../src/client/client.ts'

const client = createClient()
const heading = document.createElement('h1')
document.body.append(heading)

const show = () => {
  const now = client.session.get()
  const reason = now.status === 'unauthenticated' && now.reason ? ` ${now.reason}` : ''
  heading.textContent = now.status + reason + (now.error ? ' (away)' : '')
}
client.session.watch(show)
show()
void client.check()

Object.assign(window, { client, returnPath })
