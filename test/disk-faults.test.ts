/**
 * A disk that fails beneath a server that goes on: full, read-only, closed to it, and files taken away.
 * `npm run campaign -- disk` fills a real file system (as root; a limit of the process otherwise), `ROUNDS`
 * times each.
 *
 * @module
 */
import { execFileSync, spawn } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as pause } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { freePort } from '../scripts/free-port.ts'
import { reported } from './campaigns/report.ts'
import { type alterations, altered } from './server/altered.ts'
import { type Browser, browser } from './server/browser.ts'
import { bare, main } from './server/main.ts'
import { emptyFolder, follow, type ServerProcess, serve, unlimited } from './server/process.ts'

const campaign = process.env.CAMPAIGN === 'disk'
const rounds = campaign ? Number(process.env.ROUNDS ?? 25) : 1
const isRoot = process.getuid?.() === 0
const env = {
  ...unlimited,
  ...altered('hashes at once'),
  SALLYPORT_SESSION_LIMIT: '0',
  SALLYPORT_LOCKOUT_THRESHOLD: '100',
  SALLYPORT_LOCKOUT_PER_ADDRESS: '100000',
}

/** A way for a disk to have no room left. */
interface Narrow {
  readonly folder: string
  /** How a server is started in it. */
  start(port: number): Promise<ServerProcess>
  fill(server: ServerProcess): void
  free(server: ServerProcess): void
}

/** A file system of 8 MB, filled to the last byte by a file beside the database. */
function smallDisk(): Narrow {
  const folder = emptyFolder()
  const data = join(folder, 'data')
  mkdirSync(data, { mode: 0o700 })
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m,mode=0700', 'tmpfs', data])
  onTestFinished(() => void execFileSync('umount', ['--lazy', data]))
  const filler = join(data, 'filler')
  return {
    folder,
    start: (port) => serve({ folder, port, env }),
    fill() {
      for (const size of [65_536, 4_096, 1])
        try {
          for (;;) writeFileSync(filler, Buffer.alloc(size), { flag: 'a' })
        } catch {
          // As full as it gets.
        }
    },
    free: () => rmSync(filler, { force: true }),
  }
}

/** A limit of the process on how far its files may grow, which is there for everybody to set. */
function limited(): Narrow {
  const folder = emptyFolder()
  const limit = (pid: number, size: string) =>
    execFileSync('prlimit', ['--pid', String(pid), `--fsize=${size}:unlimited`])
  return {
    folder,
    async start(port) {
      // The signal for it is ignored, as for a disk that is really full: the write itself fails.
      const ignoring = ['-c', `trap '' XFSZ; exec "$0" "$@"`, process.execPath, main, 'serve']
      const child = spawn('sh', [...ignoring, '--port', String(port)], {
        cwd: folder,
        env: { ...bare, ...env },
      })
      return listening(follow(child, folder, port))
    },
    fill: ({ pid }) => limit(pid, '1'),
    free: ({ pid }) => limit(pid, 'unlimited'),
  }
}

async function listening(started: ReturnType<typeof follow>): Promise<ServerProcess> {
  const line = await started.line(/^Listening on \S+$/)
  const claimLink = started.stdout.flatMap(
    (one) => /^Claim this instance: (\S+)$/.exec(one) ?? [],
  )[1]
  const end = (name: NodeJS.Signals) => {
    started.signal(name)
    return started.ended
  }
  return {
    ...started,
    origin: line.slice('Listening on '.length),
    claimLink,
    setupToken: decodeURIComponent(new URL(claimLink ?? 'x:#token=').hash.slice('#token='.length)),
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
  }
}

const cases: [string, () => Narrow][] = campaign && isRoot ? [['full', smallDisk]] : []
test.each([...cases, ['limited', limited] as [string, () => Narrow]])(
  'FAULT-03: a disk that is %s under load: 503, nothing acknowledged is lost, and room heals it',
  { timeout: 60_000 + rounds * 20_000 },
  async (kind, make) => {
    const disk = make()
    const port = await freePort()
    let server = await disk.start(port)
    const boss = browser(server)
    expect((await boss.setUp(server.setupToken)).status).toBe(201)
    const told = { rounds: 0, acknowledged: 0, refused: 0, checks: 0, killed: 0 }
    const violations: string[] = []
    /** Sessions by whether their end was acknowledged; those in doubt are left out. */
    const alive: Browser[] = []
    const dead: Browser[] = []

    for (; told.rounds < rounds; told.rounds++) {
      let over = false
      let full = false
      let well = 0
      const odd = (what: string, status: number, text: string) =>
        violations.push(`round ${told.rounds}: ${what} ${status} ${text.slice(0, 120)}`)
      const changing = async () => {
        while (!over) {
          const who = browser({ port })
          const wasFull = full
          const { status, text } = await who.logIn()
          if (status === 200) {
            told.acknowledged += 1
            if (!full) well += 1
            const leaves = told.acknowledged % 3 === 0
            const out = leaves ? await who.send('POST', '/auth/logout') : undefined
            if (out?.status === 204) dead.push(who)
            else if (!out) alive.push(who)
            else if (out.status !== 503) odd('sign-out', out.status, out.text)
            if (out?.status === 503) told.refused += 1
          } else if (status === 503 && (full || wasFull)) told.refused += 1
          else odd('sign-in', status, text)
          await pause(5)
        }
      }
      const checking = async () => {
        while (!over) {
          const { status, text } = await boss.send('GET', '/auth/me')
          told.checks += 1
          if (status !== 200 && status !== 503) odd('check', status, text)
          await pause(5)
        }
      }
      const load = Promise.all([changing(), changing(), changing(), checking()])
      await pause(100 + Math.random() * 200)
      full = true
      const before = told.refused
      disk.fill(server)
      const until = performance.now() + 10_000
      while (told.refused < before + 5 && performance.now() < until) await pause(10)
      if (told.refused < before + 5) violations.push(`round ${told.rounds}: it was never full`)
      disk.free(server)
      const freed = performance.now()
      well = 0
      full = false
      // Requests of the last moment may still be told that it was full.
      await pause(50)
      while (well < 3 && performance.now() < freed + 10_000) {
        const { status } = await browser({ port }).logIn()
        if (status === 200) well += 1
        else await pause(20)
      }
      if (well < 3) violations.push(`round ${told.rounds}: it does not heal`)
      over = true
      await load
      if (told.rounds % 2 === 1 || !campaign) {
        told.killed += 1
        await server.kill()
        server = await disk.start(port)
      }
      for (const [one, expected] of [
        ...alive.map((one) => [one, 200] as const),
        ...dead.map((one) => [one, 401] as const),
      ]) {
        const { status } = await one.send('GET', '/auth/me')
        if (status !== expected) violations.push(`round ${told.rounds}: ${status}, not ${expected}`)
      }
    }
    await server.stop()
    const file = new DatabaseSync(join(disk.folder, 'data/sallyport.db'), { readOnly: true })
    expect(file.prepare('pragma integrity_check').all()).toEqual([{ integrity_check: 'ok' }])
    file.close()
    reported(kind, { counts: { ...told, alive: alive.length, dead: dead.length }, violations })
    expect(violations).toEqual([])
    expect(told.acknowledged).toBeGreaterThan(0)
  },
)

test.each(['-wal', '-shm', ''])(
  'FAULT-08: sallyport.db%s taken away under a server: 503 until it is back, and nothing is lost',
  async (end) => {
    const server = await serve({ env })
    const { folder, port } = server
    const ada = browser(server)
    await ada.setUp(server.setupToken)
    const kept = browser(server)
    expect((await kept.logIn()).status).toBe(200)
    const file = join(folder, `data/sallyport.db${end}`)
    renameSync(file, `${file}.away`)
    expect((await browser(server).logIn()).status).toBe(503)
    // What is remembered is good for the lease, no longer.
    await expect
      .poll(async () => (await ada.send('GET', '/auth/me')).status, { timeout: 20_000 })
      .toBe(503)
    expect((await ada.send('GET', '/health/ready')).status).toBe(503)
    expect((await ada.send('GET', '/health/live')).status).toBe(200)
    renameSync(`${file}.away`, file)
    await expect
      .poll(async () => (await browser(server).logIn()).status, { timeout: 20_000 })
      .toBe(200)
    expect((await server.stop()).code).toBe(0)
    const again = await serve({ folder, port, env })
    expect((await kept.send('GET', '/auth/me')).status).toBe(200)
    await again.stop()
  },
)

test('FAULT-08: the log of the file removed under a server that is killed then: what was acknowledged is there', async () => {
  const first = await serve({ env })
  const { folder, port } = first
  const ada = browser(first)
  await ada.setUp(first.setupToken)
  const some: Browser[] = []
  for (let n = 0; n < 5; n++) {
    const who = browser(first)
    expect((await who.logIn()).status).toBe(200)
    some.push(who)
  }
  for (const end of ['-wal', '-shm']) rmSync(join(folder, `data/sallyport.db${end}`))
  // Into a log without a name nothing is written that anybody is told of.
  expect((await browser(first).logIn()).status).toBe(503)
  await first.line(/not where it was opened/)
  expect(readdirSync(join(folder, 'data')).sort()).toEqual(['sallyport.db', 'secret'])
  await first.kill()
  await serve({ folder, port, env })
  for (const who of some) expect((await who.send('GET', '/auth/me')).status).toBe(200)
})

test('FAULT-08: on a file or folder closed to it a server ends at once; permitted again, it starts', {
  timeout: 60_000,
}, async () => {
  const folder = emptyFolder()
  const port = await freePort()
  // Root may do all: another user then.
  const other = ['--reuid=65534', '--regid=65534', '--clear-groups', process.execPath]
  const [program, before] = isRoot ? ['setpriv', other] : [process.execPath, []]
  const begin = () => {
    const child = spawn(program, [...before, main, 'serve', '--port', String(port)], {
      cwd: folder,
      env: { ...bare, ...env, NODE_COMPILE_CACHE: '' },
    })
    return follow(child, folder, port)
  }
  if (isRoot) chownSync(folder, 65_534, 65_534)
  const started = await listening(begin())
  expect((await browser(started).setUp(started.setupToken)).status).toBe(201)
  await started.stop()
  for (const [name, mode, usual] of [
    ['data/sallyport.db', 0o400, 0o600],
    ['data/sallyport.db', 0o000, 0o600],
    ['data', 0o500, 0o700],
  ] as const) {
    chmodSync(join(folder, name), mode)
    const refused = begin()
    expect((await refused.ended).code).toBeGreaterThan(0)
    expect(refused.stdout).toEqual([])
    expect(refused.stderr.join('\n')).toMatch(/may not be|cannot be opened|read-only/)
    chmodSync(join(folder, name), usual)
  }
  const again = await listening(begin())
  expect((await browser(again).logIn()).status).toBe(200)
})

/** Power lost right after an answer: of each file only what was there at its last fsync is left. */
async function powerLost(...more: readonly (keyof typeof alterations)[]): Promise<string[]> {
  const library = join(emptyFolder(), 'durable.so')
  const source = join(import.meta.dirname, 'faults/durable.c')
  execFileSync('gcc', ['-shared', '-fPIC', '-O1', '-o', library, source, '-ldl'])
  const [folder, port] = [emptyFolder(), await freePort()]
  const given = { ...env, ...altered('hashes at once', ...more), LD_PRELOAD: library }
  let server = await serve({ folder, port, env: given })
  await browser(server).setUp(server.setupToken)
  const lost: string[] = []
  for (let round = 0; round < rounds; round++) {
    const [kept, ended] = [browser(server), browser(server)]
    const answers = [await kept.logIn(), await ended.logIn()]
    const renewed = await kept.send('POST', '/auth/refresh')
    const out = await ended.send('POST', '/auth/logout')
    await server.kill()
    if ([...answers, renewed, out].some(({ status }) => status > 204)) lost.push('not answered')
    const data = join(folder, 'data')
    rmSync(join(data, 'sallyport.db-shm'), { force: true })
    for (const name of ['sallyport.db', 'sallyport.db-wal']) {
      copyFileSync(join(data, `${name}.durable`), join(data, name))
      chmodSync(join(data, name), 0o600)
    }
    server = await serve({ folder, port, env: given })
    const [stands, over] = [await kept.send('GET', '/auth/me'), await ended.send('GET', '/auth/me')]
    if (stands.status !== 200) lost.push(`round ${round}: a session: ${stands.status}`)
    if (over.status !== 401) lost.push(`round ${round}: a sign-out: ${over.status}`)
  }
  return lost
}

if (campaign) {
  test('FAULT-14: what was acknowledged outlasts a loss of power', {
    timeout: 600_000,
  }, async () => {
    const violations = await powerLost()
    reported('power lost', { counts: { rounds, acknowledged: rounds * 4 }, violations })
    expect(violations).toEqual([])
  })
  test('FAULT-14: a server that does not wait for its disk is found out', async () => {
    // Nothing was ever brought to the disk.
    await expect(powerLost('waits for no disk here')).rejects.toThrow(/ENOENT.*durable/)
  })
}
