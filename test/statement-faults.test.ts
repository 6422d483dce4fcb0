/**
 * A fault at every statement of every flow, on both databases: a good answer is given only where the
 * change is there to stay, nothing is half done, and whoever comes next is served.
 *
 * @module
 */
import { createHash } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { expect, onTestFinished, test, vi } from 'vitest'
import { createSallyport, openAuditor, saidIn } from '../src/index.ts'
import { reported } from './campaigns/report.ts'
import { type Answer, type Flow, flows, type Stage } from './faults/flows.ts'
import { clock, type FaultKind, faulty, isKill, kinds } from './faults/statements.ts'
import {
  type DatabaseKind,
  databases,
  freshDatabase,
  noLimits,
  origin,
  reach,
  secret,
  setupToken,
} from './gate/gate.ts'
import { visitor } from './gate/visitor.ts'

// Passwords are not the subject: thousands are hashed here.
vi.mock('../src/system/hash-queue.ts', () => ({
  hashQueue: () => ({
    run: async ({ secret, salt }: { secret: Buffer; salt: Buffer }) => ({
      ok: true,
      value: createHash('sha256').update(secret).update(salt).digest(),
    }),
    admit: () => ({ ok: true, value: () => {} }),
    state: () => ({ evaluated: 0, waiting: 0 }),
    close: async () => {},
  }),
}))

const campaign = process.env.CAMPAIGN !== undefined

async function stageOn(kind: DatabaseKind) {
  const database = await freshDatabase(kind)
  const said = {
    publicOrigin: origin,
    database,
    secret,
    limits: noLimits,
  }
  const faults = new Set<string>()
  const open = () =>
    createSallyport({
      ...said,
      setupToken,
      clock,
      session: { limit: 2 },
      lockout: { threshold: 100, perAddress: 100_000 },
      revocation: { lease: '250ms' },
      onFault: ({ requestId }) => faults.add(requestId),
      onChore: () => {},
    })
  const first = await open()
  const { query, close } = await reach(database)
  let counter = 0
  const stage: Stage = { query, gate: first, next: () => ++counter }
  onTestFinished(close)
  onTestFinished(() => stage.gate.close().catch(() => undefined))
  const claimed = await visitor(stage.gate).setUp()
  expect(claimed.status).toBe(201)
  return {
    stage,
    faults,
    /** What is left of it has gone; another one takes its place. */
    async again() {
      await stage.gate.close().catch(() => undefined)
      await query('delete from nodes')
      stage.gate = await open()
    },
    /** Waits until nobody works there any more. */
    async quiet() {
      if (kind === 'sqlite') return
      const busy = `select count(*)::int as n from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid() and state <> 'idle'`
      while ((await query(busy))[0]?.n !== 0) await pause(2)
    },
    async verified(): Promise<readonly unknown[]> {
      const auditor = await openAuditor(saidIn(said), 'operator:grace', clock)
      const { faults } = await auditor.verify([])
      await auditor.close()
      return faults
    },
  }
}

type Bench = Awaited<ReturnType<typeof stageOn>>

const rowOf = async ({ query }: Stage, counts: string) =>
  Object.values((await query(counts))[0] ?? {}).map(Number)

/** Plays one flow with one fault. @returns Whether there was one, and what is not as it must be. */
async function play(
  bench: Bench,
  flow: Flow,
  fault: { readonly kind: FaultKind; readonly at: number; readonly persistent: boolean },
) {
  const { stage } = bench
  const deed = await flow(stage)
  const before = await rowOf(stage, deed.counts)
  const wrong: unknown[] = []
  let fired = 0
  let answer: Answer | undefined
  // A process that died may die again where it died before.
  for (let lives = fault.persistent && isKill(fault) ? 2 : 1; lives > 0; lives--) {
    // A door for hosts throws where the gate would answer 500.
    const done = await faulty(fault, () => deed.send(stage.gate).catch(thrown(bench)))
    fired += done.plan.fired
    const killed = isKill(fault) && done.plan.fired > 0
    answer = killed ? undefined : done.answer
    await bench.quiet()
    if (killed) await bench.again()
    else break
  }
  const after = await rowOf(stage, deed.counts)
  const moved = after.map((count, n) => count - (before[n] ?? 0))
  const times = [0, 1, 2].find((many) => moved.every((by, n) => by === (deed.whole[n] ?? 0) * many))
  if (times === undefined) wrong.push(`half done: ${moved} of ${deed.whole}`)
  const status = answer?.status ?? 0
  const well = status >= 200 && status < 300
  if (well && times !== 1) wrong.push(`${status} and done ${times} times`)
  if (answer && !well) {
    const told = [503, 500].includes(status) && answer.json.status === status
    // Whoever was killed after it was done and asks once more may be told that it is done.
    if (!told && !(fault.persistent && isKill(fault) && times)) wrong.push(`answered ${status}`)
    if (answer.set.length > 0) wrong.push(`sets ${answer.set}`)
    // What the database has refused is not done, whatever else was sent with it.
    if (fault.kind === 'error' && times && !deed.inSlices) wrong.push(`answered ${status} and done`)
    const id = answer.json.instance
    if (!id || answer.headers.get('x-request-id') !== id) wrong.push('no request id')
    if (status === 500 && id && !bench.faults.has(id)) wrong.push('a fault that nobody hears of')
    if (fired === 0) wrong.push('refused without a fault')
  }
  wrong.push(...(await deed.after(times ?? 0, well)))
  return { fired, wrong, well, times }
}

const thrown =
  ({ faults }: Bench) =>
  (): Answer => {
    faults.add('thrown')
    const headers = new Headers({ 'x-request-id': 'thrown' })
    return { status: 500, json: { status: 500, instance: 'thrown' } as never, set: [], headers }
  }

const most = 60

const cases = Object.entries(flows).map(([name, flow], turn) => ({ name, flow, turn }))

async function faultsOf(
  kind: DatabaseKind,
  { name, flow, turn }: (typeof cases)[number],
  every: readonly FaultKind[],
) {
  const bench = await stageOn(kind)
  const told = { cases: 0, answered: 0, refused: 0, done: 0, statements: 0 }
  const violations: string[] = []
  const one = async (fault: Parameters<typeof play>[2]) => {
    const { fired, wrong, well, times } = await play(bench, flow, fault)
    const mode = fault.persistent ? 'from then on' : 'once'
    for (const what of wrong)
      violations.push(`${kind}, ${name}, statement ${fault.at}, ${fault.kind} ${mode}: ${what}`)
    if (fired > 0) {
      told.cases += 1
      told[well ? 'answered' : 'refused'] += 1
      if (times) told.done += 1
      told.statements = Math.max(told.statements, fault.at)
    }
    return fired > 0
  }
  if (every.length > 0) {
    for (const fault of every)
      for (const persistent of [false, true])
        for (let at = 1; at < most && (await one({ kind: fault, at, persistent })); at++);
  } else {
    for (let at = 1; at < most; at++) {
      const fault = kinds[(at + turn) % kinds.length] as FaultKind
      if (!(await one({ kind: fault, at, persistent: at % 2 === 0 }))) break
    }
  }
  violations.push(
    ...(await bench.verified()).map((what) => `${kind}, ${name}: ${JSON.stringify(what)}`),
  )
  return { told, violations }
}

test.each(databases.flatMap((kind) => cases.map((one) => ({ kind, ...one }))))(
  'F2: a fault at each statement on $kind: $name',
  { timeout: campaign ? 1_200_000 : 60_000 },
  async ({ kind, ...one }) => {
    const { told, violations } = await faultsOf(kind, one, campaign ? kinds : [])
    reported(`${kind}: ${one.name}`, { counts: told, violations })
    expect(violations).toEqual([])
    expect(told.cases).toBeGreaterThan(campaign ? 30 : 3)
  },
)

test('FAULT-06: PostgreSQL: where beginning a transaction fails, nothing behind it is kept', async () => {
  const one = cases.find(({ name }) => name === 'make a key') as (typeof cases)[number]
  const { told, violations } = await faultsOf('postgres', one, ['error'])
  expect(violations).toEqual([])
  expect(told.cases).toBeGreaterThan(10)
})
