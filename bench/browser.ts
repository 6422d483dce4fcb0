/**
 * A browser inside this process, as cheap as can be: what is measured is the gate and not its client. It
 * hands over what the mounts hand over, and takes the plain answer.
 *
 * @module
 */
import type { Sallyport } from '../src/index.ts'

/** Sends, and keeps the cookies; anything but a 2xx is an error. */
export type Send = (method: string, path: string, body?: object) => Promise<void>

/** @param address Of its own: an address has a share of what is guessed, also by who is right. */
export function browser(gate: Sallyport, address: string): Send {
  const jar = new Map<string, string>()
  const always: Readonly<Record<string, string>> = {
    origin: gate.publicOrigin,
    'sec-fetch-site': 'same-origin',
    'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0',
  }
  let sent = always
  return async (method, path, json) => {
    const own: Readonly<Record<string, string>> = json
      ? { ...sent, 'content-type': 'application/json' }
      : sent
    const asked = {
      method,
      url: `${gate.publicOrigin}${gate.basePath}${path}`,
      headers: { get: (name: string) => own[name.toLowerCase()] ?? null },
      body: json ? new Blob([JSON.stringify(json)]).stream() : null,
    }
    const { status, headers, body } = await gate.handlePlain(asked, { address })
    if (status >= 300) throw new Error(`${path}: ${status} ${body}`)
    const set = headers['Set-Cookie']
    if (!set) return
    for (const cookie of [set].flat()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
      if (/Max-Age=0(?:;|$)/.test(cookie)) jar.delete(name)
      else jar.set(name, value)
    }
    const cookie = [...jar].map((pair) => pair.join('=')).join('; ')
    sent = { ...always, cookie, 'x-csrf-token': jar.get('__Host-csrf') ?? '' }
  }
}
