/**
 * What the paths that everything goes through cost, as ratios to a yardstick of the same kind of work in the same
 * process, by turns, the least of many short rounds of each: a busy machine makes both slower or is left out, so that
 * the ratios hold where times do not. `slips.ts [times]` prints them as JSON; `times` 1.25 plants a slip.
 *
 * @module
 */
import { createHash, randomBytes } from 'node:crypto'
import { event, seal } from '../src/rules/audit.ts'
import { createTestSallyport } from '../src/testing/testing.ts'

/** Rounds of each, and how many milliseconds of the yardstick's work one is about. */
const rounds = 80
/** Times a path is gone before it is measured: until all of it is compiled, processes differ by a fifth. */
const warm = 6_000

type Path = () => unknown

const person = {
  id: 'somebody',
  username: 'ada',
  roles: ['member', 'viewer'],
  since: 1_767_268_800,
}

/** What requests are made of: texts, digests, objects. */
function yardstick(): void {
  const text = JSON.stringify({ ...person, at: Math.random() })
  const digest = createHash('sha256').update(text).digest('base64url')
  const read = JSON.parse(text)
  if (read.username !== 'ada' || digest.length !== 43) throw new Error('not what was written')
}

async function paths(): Promise<Readonly<Record<string, readonly [Path, number]>>> {
  const kit = await createTestSallyport({
    users: { bob: 'member' },
    settings: { refresh: { enabled: true } },
  })
  const bob = await kit.as('bob')
  const cookie = [...bob.cookies].map((pair) => pair.join('=')).join('; ')
  const origin = kit.gate.publicOrigin
  const url = `${origin}${kit.gate.basePath}`
  const made = await bob.fetch(`${kit.gate.basePath}/auth/api-keys`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ name: 'k', scopes: [], expiresAt: new Date(kit.now() + 864e5) }),
  })
  const { secret = '' } = (await made.json()) as { secret?: string }
  if (!made.ok) throw new Error(`no key: ${made.status}`)
  const guard = kit.gate.guard()
  const headOf = (headers: Readonly<Record<string, string>>) => ({
    method: 'GET',
    url: '/mine',
    headers: { get: (name: string) => headers[name] ?? null },
  })
  const [byCookie, byKey] = [headOf({ cookie }), new Headers({ authorization: `Bearer ${secret}` })]
  const from = { address: '198.51.100.7' }
  const me = new Headers({ cookie })
  const key = randomBytes(32)
  const head = { chain: 'slips', seq: 1, mac: 'nothing before' }
  const signedIn = event('auth.signed_in', 'success', { actor: 'user:bob', subject: 'user:bob' })
  const letIn = async (answer: Promise<Response> | Response, status: number) => {
    if ((await answer).status !== status) throw new Error(`${(await answer).status}`)
  }
  return {
    'session check': [
      () => letIn(kit.gate.handle(new Request(`${url}/auth/me`, { headers: me }), from), 200),
      40,
    ],
    'guard of a mount': [
      () => {
        const found = guard(byCookie, from)
        if (found instanceof Promise || !found.ok) throw new Error('not remembered')
      },
      2_500,
    ],
    'API key': [
      async () => {
        const found = await kit.gate.callerOf(new Request(`${origin}/x`, { headers: byKey }), from)
        if (!found.ok) throw new Error('no key')
      },
      40,
    ],
    refresh: [
      () => letIn(bob.fetch(`${kit.gate.basePath}/auth/refresh`, { method: 'POST' }), 200),
      24,
    ],
    'sealing the audit': [() => seal(key, head, [signedIn], ['an id'], 0), 250],
  }
}

/** Microseconds of CPU that `work` took, `times` over. */
async function cost(work: Path, times: number): Promise<number> {
  const before = process.cpuUsage()
  for (let n = 0; n < times; n++) {
    // Not awaited where nothing waits: that would be most of a guard.
    const done = work()
    if (done instanceof Promise) await done
  }
  const { user, system } = process.cpuUsage(before)
  return (user + system) / times
}

/** @param slip How many times the work of each path is done: 1.25 is a slip of a quarter. */
async function measured(slip: number): Promise<Record<string, number>> {
  const found: Record<string, number> = {}
  for (const [name, [work, times]] of Object.entries(await paths())) {
    const least = { yard: Number.POSITIVE_INFINITY, path: Number.POSITIVE_INFINITY }
    await cost(work, Math.max(times * 10, warm))
    await cost(yardstick, 2_000)
    for (let n = 0; n < rounds; n++) {
      least.yard = Math.min(least.yard, await cost(yardstick, 600))
      least.path = Math.min(least.path, (await cost(work, Math.round(times * slip))) * slip)
    }
    found[name] = least.path / least.yard
  }
  return found
}

process.stdout.write(`${JSON.stringify(await measured(Number(process.argv[2] ?? 1)))}\n`)
process.exit()
