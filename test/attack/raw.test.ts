/**
 * What only bytes on a socket can say, against a server as it is run: hosts, smuggling, sizes, and
 * clients that go away. No answer may belong to another request, and the server stays well.
 *
 * @module
 */
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { databases, nodesOn } from '../gate/form.ts'
import { setupToken } from '../gate/gate.ts'
import { password } from '../gate/visitor.ts'
import { fleet, places } from '../server/pair.ts'
import type { ServerProcess } from '../server/process.ts'

interface RawAnswer {
  readonly status: number
  readonly headers: string
  readonly body: string
}

/** What came back until the server closed, answer by answer. */
function answersIn(text: string): RawAnswer[] {
  return text.split(/(?=HTTP\/1\.1 \d{3} )/).map((one) => {
    const [headers = '', ...body] = one.split('\r\n\r\n')
    return { status: Number(one.slice(9, 12)), headers, body: body.join('\r\n\r\n') }
  })
}

/** What all of them are reached by, and each of them. */
interface Servers {
  readonly origin: string
  readonly port: number
  readonly nodes: readonly ServerProcess[]
  /** Whose turn it is. */
  next(): number
}

/** Sends bytes over a connection of their own, and reads until the server closes it. */
function send(servers: Servers, bytes: string): Promise<RawAnswer[]> {
  return new Promise((resolve, reject) => {
    const socket = connect(servers.next(), '127.0.0.1')
    let text = ''
    socket.setEncoding('latin1')
    socket.on('data', (more) => {
      text += more
    })
    socket.on('error', reject)
    socket.on('close', () => resolve(text === '' ? [] : answersIn(text)))
    socket.write(bytes, 'latin1')
  })
}

/** One server or two, over the database of this form. */
async function start(): Promise<Servers> {
  const [kind = 'sqlite'] = databases
  const place = places[kind === 'sqlite' ? 'one SQLite file' : 'one PostgreSQL']
  const { nodes } = await fleet(nodesOn(kind), place, { SALLYPORT_SETUP_TOKEN: setupToken })
  const [first] = nodes
  if (!first) throw new Error('no server')
  let turn = 0
  const next = () => (nodes[turn++ % nodes.length] ?? first).port
  return { origin: `http://localhost:${first.port}`, port: first.port, nodes, next }
}
const base = '/api/v1'
const path = `${base}/auth/setup`
const last = 'Connection: close\r\n\r\n'
const statuses = (answers: readonly RawAnswer[]) => answers.map(({ status }) => status)

/** Expects that nothing broke, and that the server still answers. */
async function isWell({ port, nodes }: Servers): Promise<void> {
  for (const node of nodes) {
    const text = `GET ${base}/health/ready HTTP/1.1\r\nHost: localhost:${port}\r\n${last}`
    const [got] = await send({ origin: '', port, nodes, next: () => node.port }, text)
    const well = { status: 'ok', checks: { database: 'ok', feed: 'fresh' } }
    expect(JSON.parse(got?.body ?? '')).toEqual(well)
    expect(node.stderr.filter((line) => JSON.parse(line).level >= 50)).toEqual([])
  }
}

test('HDR-09: two hosts, another one, or none; in the header or in the target', async () => {
  const server = await start()
  const ours = `Host: localhost:${server.port}\r\n`
  const evil = 'Host: evil.test\r\n'
  const here = `http://localhost:${server.port}${path}`
  const asked: Record<string, [bytes: string, status: number]> = {
    ours: [`GET ${path} HTTP/1.1\r\n${ours}`, 200],
    'ours, whole': [`GET ${here} HTTP/1.1\r\n${ours}`, 200],
    another: [`GET ${path} HTTP/1.1\r\n${evil}`, 421],
    'ours, then another': [`GET ${path} HTTP/1.1\r\n${ours}${evil}`, 421],
    'another, then ours': [`GET ${path} HTTP/1.1\r\n${evil}${ours}`, 421],
    'ours twice': [`GET ${path} HTTP/1.1\r\n${ours}${ours}`, 421],
    none: [`GET ${path} HTTP/1.1\r\n`, 400],
    'none, HTTP/1.0': [`GET ${path} HTTP/1.0\r\n`, 400],
    empty: [`GET ${path} HTTP/1.1\r\nHost: \r\n`, 400],
    'no host at all': [`GET ${path} HTTP/1.1\r\nHost: local host\r\n`, 400],
    'with a path': [`GET ${path} HTTP/1.1\r\nHost: evil.test/?localhost:${server.port}\r\n`, 400],
    'with a user': [`GET ${path} HTTP/1.1\r\nHost: localhost:${server.port}@evil.test\r\n`, 400],
    'an address that is none': [`GET ${path} HTTP/1.1\r\nHost: 1.2.3.999\r\n`, 400],
    'a name that is none': [`GET ${path} HTTP/1.1\r\nHost: xn--a\r\n`, 421],
    'the same, of a page': [`GET / HTTP/1.1\r\nHost: 1.2.3.999\r\n`, 400],
    'another port': [`GET ${path} HTTP/1.1\r\nHost: localhost:1\r\n`, 421],
    'a dot behind': [`GET ${path} HTTP/1.1\r\nHost: localhost.:${server.port}\r\n`, 421],
    'another in the target': [`GET http://evil.test${path} HTTP/1.1\r\n${ours}`, 421],
    'ours in the target': [`GET ${here} HTTP/1.1\r\n${evil}`, 421],
    'another scheme': [`GET ftp://localhost:${server.port}${path} HTTP/1.1\r\n${ours}`, 400],
    'X-Forwarded-Host': [`GET ${path} HTTP/1.1\r\n${evil}X-Forwarded-${ours}`, 421],
    star: [`OPTIONS * HTTP/1.1\r\n${ours}`, 400],
    'no path': [`GET evil.test HTTP/1.1\r\n${ours}`, 400],
    trace: [`TRACE ${path} HTTP/1.1\r\n${ours}Cookie: session=mine\r\n`, 405],
  }
  for (const [name, [bytes, status]] of Object.entries(asked)) {
    const answers = await send(server, bytes + last)
    expect([name, statuses(answers)]).toEqual([name, [status]])
    const [{ headers, body } = { headers: '', body: '' }] = answers
    expect(headers).not.toMatch(/^(?:server|x-powered-by|via|location|set-cookie):/im)
    expect(body.replace(/"instance":"[\w-]{22}"/, '')).not.toMatch(/evil|mine/)
  }
  // A tunnel is not even refused: the connection is closed.
  expect(await send(server, `CONNECT evil.test:443 HTTP/1.1\r\n${ours}${last}`)).toEqual([])
  await isWell(server)
})

test('INP-09: what two servers could read as two requests is refused, and the connection ends', async () => {
  const server = await start()
  const head = `POST ${base}/auth/login HTTP/1.1\r\nHost: localhost:${server.port}\r\n`
  const json = `${head}Content-Type: application/json\r\n`
  const canary = `GET ${base}/health/live HTTP/1.1\r\nHost: localhost:${server.port}\r\n${last}`
  const bent: Record<string, string> = {
    'CL and TE': `${head}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    'TE and CL': `${head}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n`,
    'two CL': `${head}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`,
    'CL as a list': `${head}Content-Length: 2, 3\r\n\r\n{}`,
    'negative CL': `${head}Content-Length: -1\r\n\r\n`,
    'CL with a sign': `${head}Content-Length: +2\r\n\r\n{}`,
    'CL in hex': `${head}Content-Length: 0x2\r\n\r\n{}`,
    xchunked: `${head}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`,
    'chunked, then not': `${head}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n`,
    'chunked with a tab': `${head}Transfer-Encoding:\tchunked\x0b\r\n\r\n0\r\n\r\n`,
    'chunk size in 0x': `${json}Transfer-Encoding: chunked\r\n\r\n0x2\r\n{}\r\n0\r\n\r\n`,
    'folded header': `${head}X-A: a\r\n b: c\r\n\r\n`,
    'bare LF': `${head.replaceAll('\r', '')}\n`,
    'bare LF in a header': `${head}X-A: a\nX-B: b\r\n\r\n`,
    'bare CR': `${head}X-A: a\rX-B: b\r\n\r\n`,
    'space before the colon': `${head}Content-Length : 2\r\n\r\n{}`,
    'space before the name': `${head} Content-Length: 2\r\n\r\n{}`,
    NUL: `${head}X-A: \0\r\n\r\n`,
    'NUL in a name': `${head}X\0A: a\r\n\r\n`,
    'no version': `GET ${path}\r\n\r\n`,
    'HTTP/2': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    'a method in lower case': `${head.replace('POST', 'post')}\r\n`,
    'a path of bytes': `GET ${base}/\xff\xe9 HTTP/1.1\r\n\r\n`,
  }
  for (const [name, bytes] of Object.entries(bent)) {
    const answers = await send(server, bytes + canary)
    // One that is read before the flaw shows may be answered; what follows never is.
    expect([name, statuses(answers).at(-1)]).toEqual([name, 400])
    expect(answers.map(({ body }) => body).join(), name).not.toContain('"status":"ok"')
  }

  // What can be read in one way only is answered in its order, and what was not read is passed over.
  const unread = 'x'.repeat(70)
  const answers = await send(
    server,
    [
      `${head}Origin: https://evil.test\r\nContent-Length: 70\r\n\r\n${unread}`,
      `GET ${path} HTTP/1.1\r\nHost: localhost:${server.port}\r\nContent-Length: 70\r\n\r\n${unread}`,
      `${json}Transfer-Encoding: chunked\r\nTrailer: Cookie\r\n\r\n2;a=b\r\n{}\r\n0\r\nCookie: session=a\r\nOrigin: https://evil.test\r\n\r\n`,
      canary,
    ].join(''),
  )
  expect(statuses(answers)).toEqual([403, 200, 422, 200])
  expect(answers.at(-1)?.body).toBe('{"status":"ok"}')
  await isWell(server)
})

test('INP-09: a hundred requests at once are a hundred answers, each its own', async () => {
  const server = await start()
  const lines = Array.from({ length: 100 }, (_, n) => {
    const asked = n % 2 ? `${base}/health/live` : `${base}/nowhere`
    return `GET ${asked} HTTP/1.1\r\nHost: localhost:${server.port}\r\n${n === 99 ? last : '\r\n'}`
  })
  const answers = await send(server, lines.join(''))
  expect(statuses(answers)).toEqual(lines.map((_, n) => (n % 2 ? 200 : 404)))
  const ids = answers.map(({ headers }) => /^x-request-id: (\S+)/im.exec(headers)?.[1])
  expect(new Set(ids).size).toBe(100)
  await isWell(server)
})

test('COOK-02, COOK-03, CSRF-05, KEY-10: cookies, tokens and keys of any size and number, as they come off the wire', async () => {
  const server = await start()
  const { origin, port } = server
  const claimed = await fetch(`${origin}${path}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Origin: origin },
    body: JSON.stringify({ setupToken, username: 'ada', password }),
  })
  expect(claimed.status).toBe(201)
  const jar = new Map(
    claimed.headers
      .getSetCookie()
      .map((one) => /^([^=]+)=([^;]+)/.exec(one)?.slice(1) as [string, string]),
  )
  const [session, csrf] = [`session=${jar.get('session')}`, `csrf=${jar.get('csrf')}`]
  const ask = async (lines: string) => {
    const head = `GET ${base}/auth/me HTTP/1.1\r\nHost: localhost:${port}\r\n`
    return statuses(await send(server, `${head}${lines}${last}`))
  }
  expect(await ask(`Cookie: ${session}\r\n`)).toEqual([200])
  expect(await ask(`Cookie: a=b\r\nCookie: ${session}\r\n`)).toEqual([200])
  expect(await ask(`cOOKIE:${session} \t\r\n`)).toEqual([200])
  for (const twice of ['session=junk', session, 'session'])
    for (const pair of [
      [session, twice],
      [twice, session],
    ])
      expect(await ask(pair.map((one) => `Cookie: ${one}\r\n`).join(''))).toEqual([400])
  for (const size of [4_000, 8_000, 15_000])
    expect(await ask(`Cookie: session=${'a'.repeat(size)}\r\n`)).toEqual([401])
  expect(await ask(`Cookie: ${session}; a=${'a'.repeat(17_000)}\r\n`)).toEqual([431])
  const many = Array.from({ length: 300 }, (_, n) => `c${n}=v`).join('; ')
  expect(await ask(`Cookie: ${many}; ${session}\r\n`)).toEqual([200])
  expect(await ask(`${'X: y\r\n'.repeat(3_000)}Cookie: ${session}\r\n`)).toEqual([431])
  for (const bytes of ['\xff\xfe', '\x80', `${jar.get('session')}\xe9`, '%00', '"'])
    expect(await ask(`Cookie: session=${bytes}\r\n`)).toEqual([401])

  const deed = async (tokens: string) => {
    const head = `POST ${base}/auth/sessions/revoke-others HTTP/1.1\r\nHost: localhost:${port}\r\n`
    const cookies = `Cookie: ${session}; ${csrf}\r\nOrigin: ${origin}\r\nContent-Length: 0\r\n`
    return statuses(await send(server, `${head}${cookies}${tokens}${last}`))
  }
  const token = `X-CSRF-Token: ${jar.get('csrf')}\r\n`
  const junk = 'X-CSRF-Token: junk\r\n'
  for (const tokens of [token + junk, junk + token, token + token, ''])
    expect(await deed(tokens)).toEqual([403])
  expect(await deed(`${token}Origin: ${origin}\r\n`)).toEqual([403])
  expect(
    await deed(`${token}Sec-Fetch-Site: same-origin\r\nSec-Fetch-Site: same-origin\r\n`),
  ).toEqual([403])
  expect(await deed(`${token}Authorization: Bearer x\r\n`)).toEqual([400])
  expect(await deed(token)).toEqual([200])

  const expiresAt = new Date(Date.now() + 86_400_000).toISOString()
  const made = await fetch(`${origin}${base}/auth/api-keys`, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      Origin: origin,
      Cookie: `${session}; ${csrf}`,
      'X-CSRF-Token': jar.get('csrf') ?? '',
    },
    body: JSON.stringify({ name: 'ci', scopes: ['users:read'], expiresAt }),
  })
  const { secret } = (await made.json()) as { secret: string }
  const byKey = async (...lines: readonly string[]) => {
    const head = `GET ${base}/users HTTP/1.1\r\nHost: localhost:${port}\r\n`
    return statuses(await send(server, `${head}${lines.join('\r\n')}\r\n${last}`))
  }
  const key = `Authorization: Bearer ${secret}`
  expect(await byKey(key)).toEqual([200])
  expect(await byKey(key.toUpperCase().slice(0, 15) + key.slice(15))).toEqual([200])
  // The platform would have kept the first.
  for (const other of [
    key,
    'Authorization: Bearer x',
    'authorization: Basic eA==',
    'Authorization:',
  ])
    for (const both of [
      [key, other],
      [other, key],
    ])
      expect([other, await byKey(...both)]).toEqual([other, [400]])
  await isWell(server)
})

test('INP-08: clients that go away in the middle leave nothing behind', async () => {
  const server = await start()
  const head = `POST ${base}/auth/login HTTP/1.1\r\nHost: localhost:${server.port}\r\nContent-Type: application/json\r\n`
  const gone = Array.from(
    { length: 50 },
    (_, n) =>
      new Promise<void>((resolve, reject) => {
        const socket = connect(server.next(), '127.0.0.1')
        socket.on('error', () => {})
        socket.on('close', () => resolve())
        const body =
          n % 2
            ? 'Content-Length: 100\r\n\r\n{"username":'
            : 'Transfer-Encoding: chunked\r\n\r\n5\r\n{"u'
        socket.write(head + body, (error) => {
          if (error) reject(error)
          else socket.resetAndDestroy()
        })
      }),
  )
  await Promise.all(gone)
  await isWell(server)
})
