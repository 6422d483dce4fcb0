/**
 * A browser for tests, as far as cookies, origin and the CSRF header go. It sends to handlers, not
 * over the network, and answers what they answer.
 *
 * @module
 */
import { type Client, createClient } from '../client/client.ts'

export interface TestBrowser {
  /** The cookies it holds, by name. */
  readonly cookies: ReadonlyMap<string, string>
  /** What a page in this browser would send; a path is one of `publicOrigin`. */
  readonly request: (url: string | URL, init?: RequestInit) => Request
  /** Sends it and keeps the cookies of the answer. */
  readonly fetch: (input: string | URL | Request, init?: RequestInit) => Promise<Response>
  /** The browser's side of Sallyport, in this browser. The caller closes it. */
  readonly client: () => Client
}

export interface Surroundings {
  readonly origin: string
  readonly basePath: string
  readonly answer: (request: Request, from: { readonly address: string }) => Promise<Response>
  readonly address: string
  readonly now: () => number
}

export function testBrowser(around: Surroundings): TestBrowser {
  const { origin, basePath, answer, address, now } = around
  const jar = new Map<string, string>()
  const ends = new Map<string, number>()

  function forgetWhatIsOver() {
    for (const [name, end] of ends) if (now() >= end) drop(name)
  }

  function drop(name: string) {
    jar.delete(name)
    ends.delete(name)
  }

  function request(url: string | URL, init?: RequestInit): Request {
    return asSent(new Request(new URL(url, origin), init))
  }

  function asSent(asked: Request): Request {
    forgetWhatIsOver()
    const { headers } = asked
    if (!headers.has('user-agent')) headers.set('User-Agent', agent)
    if (jar.size > 0) headers.set('Cookie', [...jar].map((pair) => pair.join('=')).join('; '))
    if (!headers.has('sec-fetch-site')) headers.set('Sec-Fetch-Site', 'same-origin')
    if (asked.method === 'GET' || asked.method === 'HEAD') return asked
    if (!headers.has('origin')) headers.set('Origin', origin)
    const token = jar.get('__Host-csrf') ?? jar.get('__Secure-csrf') ?? jar.get('csrf')
    if (token !== undefined && !headers.has('x-csrf-token')) headers.set('X-CSRF-Token', token)
    return asked
  }

  function keep(response: Response): Response {
    for (const cookie of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
      const [, age] = /; ?max-age=(\d+)/i.exec(cookie) ?? []
      drop(name)
      if (age === '0') continue
      jar.set(name, value)
      if (age !== undefined) ends.set(name, now() + Number(age) * 1000)
    }
    return response
  }

  const send: TestBrowser['fetch'] = async (input, init) => {
    const url = input instanceof Request ? input : new URL(input, origin)
    return keep(await answer(asSent(new Request(url, init)), { address }))
  }

  return {
    cookies: jar,
    request,
    fetch: send,
    client: () => createClient({ baseUrl: origin + basePath, fetch: send }),
  }
}

const agent = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'
