/**
 * A server with people in it: claimed, one signed in, as many more as a measurement wants who all
 * have the first one's password.
 *
 * @module
 */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { freePort } from '../scripts/free-port.ts'
import { type Program, startProgram } from './program.ts'

export const password = 'correct horse battery staple'

/** The standalone server, listening. */
export interface Served {
  readonly program: Program
  readonly origin: string
  /** What a browser that is signed in sends. */
  readonly cookie: string
}

/** Starts `sallyport serve` in `folder` and claims it. */
export async function serveClaimed(folder: string, given: Given = {}): Promise<Served> {
  const port = await freePort()
  const origin = `http://localhost:${port}`
  const setupToken = randomBytes(24).toString('base64url')
  const env = { ...given.env, SALLYPORT_SETUP_TOKEN: setupToken }
  const program = await serveAt(port, folder, { ...given, env })
  const claimed = await fetch(`${origin}/api/v1/auth/setup`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Origin: origin },
    body: JSON.stringify({ setupToken, username: 'ada', password }),
  })
  if (claimed.status !== 201) throw new Error(`claiming: ${claimed.status} ${await claimed.text()}`)
  const set = claimed.headers.getSetCookie()
  return { program, origin, cookie: set.map((one) => one.split(';')[0]).join('; ') }
}

export interface Given {
  readonly core?: number
  readonly flags?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

/** Starts a server, without limits for anybody. */
export async function serveAt(
  port: number,
  cwd: string,
  { core, flags = [], env = {} }: Given = {},
): Promise<Program> {
  const program = startProgram('../src/server/main.ts', ['serve', '--port', `${port}`, ...flags], {
    ...(core === undefined ? {} : { core }),
    cwd,
    env: {
      SALLYPORT_LIMITS_FLOOR: '0',
      SALLYPORT_LIMITS_ANONYMOUS: '0',
      SALLYPORT_LIMITS_SIGNED_IN: '0',
      SALLYPORT_LIMITS_LOGIN: '0',
      ...env,
    },
  })
  await program.line(/^Listening/)
  return program
}

/** Makes `count` more people, by a connection of its own. @returns Their names. */
export function people(folder: string, count: number): string[] {
  const file = new DatabaseSync(join(folder, 'data', 'sallyport.db'), { timeout: 5_000 })
  const names = Array.from({ length: count }, (_, at) => `person${at}`)
  const [ada] = file.prepare("select * from users where username = 'ada'").all()
  const columns = Object.keys(ada ?? {})
  const insert = file.prepare(
    `insert into users (${columns.map((name) => `"${name}"`).join(', ')})
      values (${columns.map(() => '?').join(', ')})`,
  )
  for (const username of names) {
    const id = randomBytes(16).toString('base64url')
    insert.run(...Object.values({ ...ada, id, username }))
  }
  file.close()
  return names
}
