/**
 * Head: what a guard looks at of a request, read as it came, without the web's `Request`.
 *
 * @module
 */
import type { IncomingMessage } from 'node:http'
import type { From, Head } from '../http/site.ts'

/** What a guard looks at. The raw headers: what a framework makes of them costs more than all of a check. */
export function headOf(incoming: IncomingMessage): Head {
  const { method = 'GET', url = '', rawHeaders } = incoming
  const get = (name: string): string | null => {
    let found: string | null = null
    for (let at = 0; at < rawHeaders.length; at += 2) {
      const given = rawHeaders[at]
      if (given === undefined || given.length !== name.length || given.toLowerCase() !== name)
        continue
      const value = rawHeaders[at + 1] ?? ''
      // Several are one, as the web has it; whoever may not be sent twice is refused by the guard.
      found = found === null ? value : `${found}${name === 'cookie' ? '; ' : ', '}${value}`
    }
    return found
  }
  // A platform that makes requests up may leave the raw ones out.
  const made = (name: string) => [incoming.headers[name]].flat().join(', ') || null
  return { method, url, headers: { get: rawHeaders.length > 0 ? get : made } }
}

/** From where: as much of it as a guard asks for. */
export const fromOf = ({ socket }: IncomingMessage): From => ({
  address: socket.remoteAddress ?? '',
})
