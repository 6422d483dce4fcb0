/** Renewing: once for all calls and all tabs, as often as it takes, and never past the leeway. */

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { ProblemError, UnreachableError } from './errors.ts'
import { renewing } from './renewal.ts'

const problem = (status: number, code: ProblemError['code']) =>
  new ProblemError({ type: '', title: code, status, code } as ProblemError['problem'])
const expired = problem(401, 'session_expired')
const gone = new UnreachableError('network')

/** One browser: its cookies are good or have to be renewed, and every tab shares them. */
interface Browser {
  good: boolean
  readonly said: string[]
  /** What the next refreshes do; then they work. */
  readonly refreshes: (() => unknown)[]
}

let browser: Browser
let named = 0
let name: string

type Send = (method: string, path: string) => Promise<unknown>

/** A tab as the client puts it together: calls that are renewed. */
function calling(send: Send, refresh: () => Promise<unknown>) {
  const { renewed, alone } = renewing(refresh, name)
  const call = (method: string, path: string, options?: { signal?: AbortSignal }) =>
    renewed(() => send(method, path), options?.signal)
  return { call, alone }
}

/** A tab: what it calls is noted when it is sent. */
function tab() {
  const { said, refreshes } = browser
  const send: Send = async (method, path) => {
    said.push(`${method} ${path}`)
    const { good } = browser
    await Promise.resolve()
    if (!good) throw expired
    return 'done'
  }
  const refresh = vi.fn(async () => {
    said.push('refresh')
    await new Promise((resolve) => setTimeout(resolve, 20))
    refreshes.shift()?.()
    browser.good = true
  })
  return { ...calling(send, refresh), refresh }
}

const failing = (error: unknown) => () => {
  throw error
}
const count = (what: string) => browser.said.filter((one) => one === what).length

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
  browser = { good: false, said: [], refreshes: [] }
  named += 1
  name = `/api/${named}`
})

afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

/** Lets timers and the browser's locks go on until `work` is settled. */
async function settled<T>(work: Promise<T>, longest = 120_000): Promise<T> {
  let over = false
  const noted = work.finally(() => {
    over = true
  })
  noted.catch(() => {})
  for (let spent = 0; !over && spent < longest; spent += 10) {
    await vi.advanceTimersByTimeAsync(10)
    await new Promise((resolve) => setImmediate(resolve))
  }
  return noted
}

const ways = [
  ['with Web Locks', true],
  ['without', false],
] as const

describe.each(ways)('%s', (_, locks) => {
  beforeEach(() => {
    if (!locks) vi.stubGlobal('navigator', {})
  })

  test('a call that works renews nothing', async () => {
    browser.good = true
    expect(await settled(tab().call('GET', '/x'))).toBe('done')
    expect(browser.said).toEqual(['GET /x'])
  })

  test('a call whose token is over is made again after one refresh', async () => {
    expect(await settled(tab().call('POST', '/x'))).toBe('done')
    expect(browser.said).toEqual(['POST /x', 'refresh', 'POST /x'])
  })

  test('twenty calls at once: one refresh (L16)', async () => {
    const { call } = tab()
    const calls = Array.from({ length: 20 }, (_, n) => call('GET', `/${n}`))
    expect(await settled(Promise.all(calls))).toEqual(Array(20).fill('done'))
    expect(count('refresh')).toBe(1)
  })

  test('what was sent before a renewal and refused after it is made again without another', async () => {
    const late: ((error: unknown) => void)[] = []
    const send = vi.fn((_method: string, path: string) =>
      path === '/late' && late.length === 0
        ? new Promise((_, reject) => late.push(reject))
        : browser.good
          ? Promise.resolve('done')
          : Promise.reject(expired),
    )
    const refresh = vi.fn(async () => {
      browser.good = true
    })
    const { call } = calling(send, refresh)
    const one = call('GET', '/late')
    expect(await settled(call('GET', '/x'))).toBe('done')
    late[0]?.(expired)
    expect(await settled(one)).toBe('done')
    expect(refresh).toHaveBeenCalledTimes(1)
  })

  test.each([
    ['no session', problem(401, 'not_authenticated')],
    ['one that was ended', problem(401, 'session_revoked')],
    ['a wrong password', problem(401, 'invalid_credentials')],
    ['not allowed', problem(403, 'forbidden')],
    ['away', gone],
  ])('%s renews nothing', async (_, error) => {
    const refresh = vi.fn()
    const { call } = calling(() => Promise.reject(error), refresh)
    await expect(settled(call('GET', '/x'))).rejects.toBe(error)
    expect(refresh).not.toHaveBeenCalled()
  })

  test('a refresh that is refused: the call fails as it did, and is not made again', async () => {
    browser.refreshes.push(failing(problem(401, 'refresh_token_invalid')))
    await expect(settled(tab().call('GET', '/x'))).rejects.toBe(expired)
    expect(browser.said).toEqual(['GET /x', 'refresh'])
  })

  test.each([
    ['not reached', gone],
    ['too slow', new UnreachableError('timeout')],
    ['a proxy', new UnreachableError('foreign')],
    ['unavailable', problem(503, 'unavailable')],
    ['broken', problem(500, 'internal')],
  ])('unanswered (%s) it is tried again after 0.5, 1, 2, 4 and 8 s', async (_, error) => {
    const begun = Date.now()
    const tries: number[] = []
    const refresh = async () => {
      tries.push(Date.now() - begun)
      throw error
    }
    const { call } = calling(() => Promise.reject(expired), refresh)
    await expect(settled(call('GET', '/x'))).rejects.toBe(error)
    const waits = tries.map((at, n) => Math.round((at - (tries[n - 1] ?? at)) / 100) * 100)
    expect(waits).toEqual([0, 500, 1000, 2000, 4000, 8000])
    expect(tries.at(-1)).toBeLessThan(16_000)
  })

  test('tries that hang are given up while the old token is still excused', async () => {
    const begun = Date.now()
    const tries: number[] = []
    const refresh = async () => {
      tries.push(Date.now() - begun)
      await new Promise((resolve) => setTimeout(resolve, 5_000))
      throw gone
    }
    const { call } = calling(() => Promise.reject(expired), refresh)
    await expect(settled(call('GET', '/x'))).rejects.toBe(gone)
    expect(tries.length).toBeGreaterThan(2)
    expect((tries.at(-1) ?? 0) + 5_000).toBeLessThan(26_000)
  })

  test('a lost answer heals: the second try is enough', async () => {
    browser.refreshes.push(failing(gone))
    expect(await settled(tab().call('GET', '/x'))).toBe('done')
    expect(browser.said).toEqual(['GET /x', 'refresh', 'refresh', 'GET /x'])
  })

  test('a call that is given up meanwhile ends at once; the renewal goes on for the others', async () => {
    browser.refreshes.push(failing(gone))
    const { call } = tab()
    const given = new AbortController()
    const [one, other] = [call('GET', '/x', { signal: given.signal }), call('GET', '/y')]
    const left = expect(one).rejects.toBe('left the page')
    await vi.advanceTimersByTimeAsync(30)
    given.abort('left the page')
    await left
    expect(await settled(other)).toBe('done')
    expect(count('GET /x')).toBe(1)
  })

  test('who signs in or out waits for a renewal underway, so that its cookies are not the last', async () => {
    const { call, alone } = tab()
    const one = call('GET', '/x')
    await vi.advanceTimersByTimeAsync(10)
    const out = alone(async () => browser.said.push('out'))
    await settled(Promise.all([one, out]))
    expect(browser.said.slice(0, 2)).toEqual(['GET /x', 'refresh'])
    expect(browser.good).toBe(true)
    expect(browser.said.indexOf('out')).toBeGreaterThan(1)
  })

  test('limited, it is not tried again at once', async () => {
    const limited = problem(429, 'rate_limited')
    browser.refreshes.push(failing(limited))
    await expect(settled(tab().call('GET', '/x'))).rejects.toBe(limited)
    expect(count('refresh')).toBe(1)
  })

  test('a session that is over whatever is renewed ends somewhere', async () => {
    const refresh = vi.fn(async () => {})
    const { call } = calling(() => Promise.reject(expired), refresh)
    await expect(settled(call('GET', '/x'))).rejects.toBe(expired)
    expect(refresh.mock.calls.length).toBeLessThan(5)
  })
})

describe.runIf(globalThis.navigator?.locks)('tabs of one browser', () => {
  test('two tabs at once: one refresh', async () => {
    const tabs = [tab(), tab(), tab()]
    const done = await settled(Promise.all(tabs.map(({ call }) => call('GET', '/x'))))
    expect(done).toEqual(['done', 'done', 'done'])
    expect(count('refresh')).toBe(1)
  })

  test('a tab whose turn was of no use: the next one takes its own', async () => {
    const [one, two] = [tab(), tab()]
    browser.refreshes.push(failing(problem(429, 'rate_limited')))
    const outcomes = await settled(
      Promise.allSettled([one.call('GET', '/x'), two.call('GET', '/y')]),
    )
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled'])
    expect(count('refresh')).toBe(2)
  })

  test('a sign-out in one tab waits for the renewal of another', async () => {
    const [one, two] = [tab(), tab()]
    const order: string[] = []
    const call = one.call('GET', '/x').then(() => order.push('renewed'))
    await vi.advanceTimersByTimeAsync(10)
    const out = two.alone(async () => order.push(`out, ${browser.good}`))
    await settled(Promise.all([call, out]))
    expect(order).toContain('out, true')
  })

  test('what fails alone fails as it did', async () => {
    await expect(tab().alone(() => Promise.reject(gone))).rejects.toBe(gone)
  })

  test('tabs that renew elsewhere do not wait for each other', async () => {
    const one = tab()
    name = `${name}/other`
    const two = tab()
    await settled(Promise.all([one.call('GET', '/x'), two.call('GET', '/y')]))
    expect([one.refresh, two.refresh].map((fn) => vi.mocked(fn).mock.calls.length)).toEqual([1, 1])
  })
})
