/** The queue: bounded in every direction, in order, and never in the way of the main thread. */
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { getPriority } from 'node:os'
import { afterEach, describe, expect, test } from 'vitest'
import { type HashQueue, hashQueue, type QueueOptions } from './hash-queue.ts'
import type { Job, Work } from './hashing-worker.ts'

/** About a millisecond, or `ms` of them. */
const job = (ms = 1): Job => ({
  secret: new Uint8Array(32).fill(1),
  salt: new Uint8Array(16).fill(2),
  work: { kind: 'argon2id', memory: 1024, passes: Math.max(1, ms * 2), lanes: 1, length: 32 },
})

/** One the thread cannot compute: less memory than there is such a thing. */
const broken = (): Job => {
  const { work, ...rest } = job()
  return { ...rest, work: { ...work, memory: 1 } as Work }
}

let open: HashQueue | undefined
afterEach(() => open?.close())

function queueOf(options: Partial<QueueOptions> = {}): HashQueue {
  open = hashQueue({ workers: 1, queue: 64, wait: 20_000, perAddress: 1_000, ...options })
  return open
}

const codeOf = (answer: { ok: true } | { ok: false; code: string }) =>
  answer.ok ? 'done' : answer.code

async function told(answers: Promise<Awaited<ReturnType<HashQueue['run']>>>[]) {
  const codes = (await Promise.all(answers)).map(codeOf)
  return Object.fromEntries(
    [...new Set(codes)].map((code) => [code, codes.filter((one) => one === code).length]),
  )
}

test.each([1, 2])(
  '200 at once on %d threads: these and 64 are taken, the rest is busy at once',
  async (workers) => {
    const queue = queueOf({ workers })
    const ended: string[] = []
    const answers = Array.from({ length: 200 }, async (_, i) => {
      const answer = await queue.run(job(20), `address ${i}`)
      ended.push(codeOf(answer))
      return answer
    })
    expect(await told(answers)).toEqual({ done: 64 + workers, busy: 136 - workers })
    expect(ended.slice(0, 136 - workers).every((code) => code === 'busy')).toBe(true)
  },
)

test('a busy answer says when to come again', async () => {
  const queue = queueOf({ queue: 0, wait: 2_000 })
  const first = queue.run(job(), 'a')
  expect(await queue.run(job(), 'b')).toEqual({
    ok: false,
    code: 'busy',
    why: 'hash_queue_full',
    retryAfter: 2_000,
  })
  expect(await first).toMatchObject({ ok: true })
})

test('one address holds at most 8 places, and gets them back', async () => {
  const queue = queueOf({ perAddress: 8 })
  const greedy = () => Array.from({ length: 100 }, () => queue.run(job(), 'greedy'))
  const first = greedy()
  const other = queue.run(job(), 'other')
  expect(await told(first)).toEqual({ done: 8, busy: 92 })
  expect(await other).toMatchObject({ ok: true })
  expect(await told(greedy())).toEqual({ done: 8, busy: 92 })
})

test('whoever is known is served before strangers, and has a lane that they cannot fill', async () => {
  const queue = queueOf({ queue: 2 })
  const order: string[] = []
  const run = async (name: string, known = false) => {
    const answer = await queue.run(job(20), name, known)
    order.push(`${name} ${codeOf(answer)}`)
  }
  await Promise.all([
    ...['first', 'stranger', 'another', 'one too many'].map((name) => run(name)),
    ...['friend', 'colleague', 'one friend too many'].map((name) => run(name, true)),
  ])
  expect(order.slice(0, 2)).toEqual(['one too many busy', 'one friend too many busy'])
  expect(order.slice(2)).toEqual(
    ['first', 'friend', 'colleague', 'stranger', 'another'].map((name) => `${name} done`),
  )
})

test('no more are let in at the door than there are places for, of strangers and of who is known', async () => {
  const queue = queueOf({ queue: 2, workers: 1 })
  const told = (known: boolean) => [1, 2, 3, 4].map(() => codeOf(queue.admit(known)))
  expect(told(false)).toEqual(['done', 'done', 'done', 'busy'])
  const one = queue.admit(true)
  expect(told(true)).toEqual(['done', 'done', 'busy', 'busy'])
  if (one.ok) one.value()
  expect(told(true)).toEqual(['done', 'busy', 'busy', 'busy'])
  await queue.close()
  expect(told(true)).toEqual(Array(4).fill('unavailable'))
})

test('first come, first served', async () => {
  const queue = queueOf()
  const order: number[] = []
  await Promise.all(
    Array.from({ length: 20 }, async (_, i) => {
      await queue.run(job(), 'a')
      order.push(i)
    }),
  )
  expect(order).toEqual(Array.from({ length: 20 }, (_, i) => i))
})

test('who waits too long is told busy while the thread is still at it', async () => {
  const queue = queueOf({ wait: 50 })
  let computing = true
  const long = queue.run(job(1_000), 'a').finally(() => {
    computing = false
  })
  expect(await queue.run(job(), 'b')).toMatchObject({ code: 'busy', why: 'hash_wait_too_long' })
  expect(computing).toBe(true)
  expect(await long).toMatchObject({ ok: true })
  expect(await queue.run(job(), 'b')).toMatchObject({ ok: true })
})

test('the main thread goes on while hashes are computed', async () => {
  const queue = queueOf()
  let turns = 0
  const timer = setInterval(() => {
    turns++
  }, 1)
  const answers = Array.from({ length: 10 }, (_, i) => queue.run(job(50), `address ${i}`))
  await Promise.all(answers)
  clearInterval(timer)
  // Half a second of hashing: had one of them been computed here, it would be ten at most.
  expect(turns).toBeGreaterThan(30)
})

describe('a thread that dies', () => {
  test('fails its own job with the cause, and the next are served by a new one', async () => {
    const queue = queueOf()
    const before = queue.run(job(), 'a')
    const dying = queue.run(broken(), 'b')
    const after = Array.from({ length: 3 }, () => queue.run(job(), 'c'))
    await expect(dying).rejects.toThrow('the hashing thread failed')
    await expect(dying).rejects.toHaveProperty('cause')
    expect(await before).toMatchObject({ ok: true })
    expect(await told(after)).toEqual({ done: 3 })
  })

  test('gives its place back, however often', async () => {
    const queue = queueOf({ perAddress: 1, workers: 2 })
    for (let i = 0; i < 5; i++) await expect(queue.run(broken(), 'a')).rejects.toThrow()
    expect(await queue.run(job(), 'a')).toMatchObject({ ok: true })
  })
})

test('closing refuses who waits, lets finish what is computing, and takes nobody in', async () => {
  const queue = queueOf()
  const computing = queue.run(job(50), 'a')
  const waiting = queue.run(job(), 'b')
  const closed = queue.close()
  expect(await waiting).toMatchObject({ code: 'unavailable' })
  expect(await queue.run(job(), 'c')).toMatchObject({ code: 'unavailable' })
  expect(await computing).toMatchObject({ ok: true })
  await closed
  await queue.close()
})

test('a job moves to the thread with nothing around it, and does not stay', async () => {
  const queue = queueOf()
  const mine = job()
  await queue.run(mine, 'a')
  expect(mine.secret.byteLength).toBe(0)
})

test.runIf(process.platform === 'linux')('threads step back, the process does not', async () => {
  // Whoever runs the tests may have stepped back himself.
  const usual = getPriority()
  const queue = queueOf()
  await queue.run(job(), 'a')
  const tasks = readdirSync('/proc/self/task').map((task) => {
    const stat = readFileSync(`/proc/self/task/${task}/stat`, 'utf8')
    const [name, rest = ''] = [
      stat.slice(stat.indexOf('(') + 1),
      stat.slice(stat.lastIndexOf(')') + 2),
    ]
    return { hashes: name.startsWith('sallyport-hash'), nice: Number(rest.split(' ')[16]) }
  })
  expect(tasks.filter(({ hashes }) => hashes)).toEqual([{ hashes: true, nice: 10 }])
  expect(tasks.filter(({ hashes, nice }) => !hashes && nice !== usual)).toEqual([])
})

describe('a process', () => {
  const run = (script: string) =>
    spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })
  const source = JSON.stringify(new URL('./argon2id.ts', import.meta.url).href)

  test('ends though the hasher was never closed', () => {
    const { status, stdout } = run(`
      const { argon2id } = await import(${source})
      argon2id()
      console.log('end')`)
    expect({ status, stdout }).toEqual({ status: 0, stdout: 'end\n' })
  })

  test('does not end before its hash is there', () => {
    const { status, stdout } = run(`
      const { argon2id } = await import(${source})
      const done = await argon2id().hash(Buffer.from('a'), 'a')
      console.log(done.ok)`)
    expect({ status, stdout }).toEqual({ status: 0, stdout: 'true\n' })
  })
})
