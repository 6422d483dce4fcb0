/**
 * Mounts: a route of a host's own, behind our guard and without, in each framework. Both answer the same.
 *
 * @module
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../scripts/free-port.ts'
import { serveClaimed } from './claimed.ts'
import { type Contender, connections, contender, contest, where } from './contest.ts'
import { startProgram } from './program.ts'

const frameworks = ['fastify', 'express', 'hono', 'node'] as const

/** Prints the tables. @param rounds Of each server; `seconds` long. */
export async function benchMounts(rounds: number, seconds: number): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-bench-'))
  const load = startProgram('load.ts', [], { core: 1 })
  const { program, origin, cookie } = await serveClaimed(folder, {
    core: 0,
    // Longer than all of the rounds; an owner's session lasts a few hours.
    flags: ['--session-access-lifetime', '1h'],
  })
  // Everybody is asked with the same headers, as a browser that is signed in sends them.
  const token = /csrf=([^;]+)/.exec(cookie)?.[1] ?? ''
  const posted = { cookie, origin, 'x-csrf-token': token, 'content-type': 'application/json' }
  const checks: Contender[] = []
  const posts: Contender[] = []
  try {
    for (const group of frameworks) {
      for (const ours of [false, true]) {
        const port = await freePort()
        const at = [group, `${port}`, ...(ours ? [origin, join(folder, 'data')] : [])]
        const host = startProgram('host-server.ts', at, { core: 0 })
        await host.line(/^Listening/)
        const said = { name: ours ? `${group}, guarded` : `bare ${group}`, program: host, group }
        const url = `http://localhost:${port}/mine`
        checks.push(contender({ ...said, load: { url, headers: { cookie } } }))
        posts.push(contender({ ...said, load: { url, headers: posted, body: '{"order":7}' } }))
      }
    }
    const figures = await contest(load, checks, { rounds, seconds })
    const unsafe = await contest(load, posts, { rounds, seconds })
    return `## Mounts

A route of a host's own that answers who is signed in, behind our guard and without one; \`GET\`,
${connections} connections, ${rounds} interleaved rounds of ${seconds} s, ${where}.

${figures}
The same by \`POST\` with a body and the CSRF token.

${unsafe}`
  } finally {
    await Promise.all([load, program, ...checks.map((one) => one.program)].map((p) => p.end()))
    rmSync(folder, { recursive: true, force: true })
  }
}
