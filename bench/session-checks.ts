/**
 * Session checks: `GET /auth/me` of the standalone server and of our Node mount, beside a bare
 * `node:http` that answers with the very same headers and body. One server at a time is under load.
 *
 * @module
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../scripts/free-port.ts'
import { serveClaimed } from './claimed.ts'
import { type Contender, connections, contender, contest, where } from './contest.ts'
import { type Program, startProgram } from './program.ts'

const path = '/api/v1/auth/me'
/** Prints the table. @param rounds Of each server; `seconds` long. */
export async function benchSessionChecks(rounds: number, seconds: number): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-bench-'))
  const load = startProgram('load.ts', [], { core: 1 })
  const { program, origin, cookie } = await serveClaimed(folder, { core: 0 })
  const contenders: Contender[] = []
  const enter = (name: string, from: Program, url: string) =>
    contenders.push(contender({ name, program: from, load: { url, headers: { cookie } } }))
  try {
    const answer = await fetch(origin + path, { headers: { cookie } })
    const headers = Object.fromEntries(answer.headers)
    for (const own of ['date', 'connection', 'keep-alive']) delete headers[own]
    const env = { ANSWER: JSON.stringify({ headers, body: await answer.text() }) }

    const barePort = await freePort()
    const bare = startProgram('bare-server.ts', [`${barePort}`], { core: 0, env })
    enter('bare `node:http`', bare, `http://localhost:${barePort}${path}`)
    const mountPort = await freePort()
    const at = [`${mountPort}`, origin, join(folder, 'data')]
    const mount = startProgram('mount-server.ts', at, { core: 0 })
    // Any loopback host on a node's own port is answered, so the cookie is good there too.
    enter('our Node mount', mount, `http://localhost:${mountPort}${path}`)
    enter('`sallyport serve`', program, origin + path)
    await Promise.all([bare.line(/^Listening/), mount.line(/^Listening/)])

    const figures = await contest(load, contenders, { rounds, seconds })
    return `## Session checks

\`GET ${path}\`, ${connections} connections, ${rounds} interleaved rounds of ${seconds} s, ${where}.

${figures}`
  } finally {
    await Promise.all([load, program, ...contenders.map((one) => one.program)].map((p) => p.end()))
    rmSync(folder, { recursive: true, force: true })
  }
}
