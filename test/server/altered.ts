/**
 * Loaded before a server (`--import`): alters its source as it is loaded, so that a real process can be
 * watched, broken or killed at one exact instant without a hook in the product. What is to be altered
 * is named in `ALTERED`, with commas between; a place that is not there any more is an error.
 *
 * @module
 */
import { registerHooks } from 'node:module'

export interface Alteration {
  readonly file: string
  readonly from: string
  readonly to: string
}

export const alterations = {
  /** Tells on standard error when a step has met a changed world. */
  'tells lost tries': {
    file: 'src/stores/sql-store.ts',
    from: 'if (committed) {',
    to: `if (!committed) process.stderr.write('lost a try\\n'); if (committed) {`,
  },
  /** Writes a record whatever became of it since it was shown. */
  'compares no revisions': {
    file: 'src/stores/write.ts',
    from: `\${sql.ref('revision')} = \${revision}`,
    to: `(\${sql.ref('revision')} = \${revision} or 1 = 1)`,
  },
  /** Leaves what is to be forgotten where it is, so that nobody finds it gone. */
  'forgets nothing': {
    file: 'src/stores/write.ts',
    from: 'return removal.where(shownWith(deed.revision)).compile()',
    to: `return builder.selectFrom('instance').select('id').compile()`,
  },
  /** Hashes at once, where it is commits that are to meet. */
  'hashes at once': {
    file: 'src/system/argon2id.ts',
    from: 'const queue = hashQueue(',
    to: `const queue = ((_) => ({
      run: async ({ secret, salt, work: { length } }) => {
        const { hkdfSync } = process.getBuiltinModule('node:crypto')
        return { ok: true, value: Buffer.from(hkdfSync('sha256', secret, salt, '', length)) }
      },
      admit: () => ({ ok: true, value() {} }),
      state: () => ({ evaluated: 0, waiting: 0 }),
      close: async () => {},
    }))(`,
  },
  /** Begins to write without having asked to: whoever comes second is told so in the middle. */
  'begins without the lock': {
    file: 'src/stores/sqlite.ts',
    from: `prepared('begin immediate')`,
    to: `prepared('begin')`,
  },
  /** Takes a write for done that met nothing, where it is kept in a file or in PostgreSQL. */
  'minds no missed write': {
    file: 'src/stores/sqlite.ts',
    from: '(write) => met(write) !== 1',
    to: '(write) => met(write) < 0',
  },
  'minds no missed write there': {
    file: 'src/stores/postgres.ts',
    from: '(count) => count !== 1',
    to: '() => false',
  },
  /** Answers before PostgreSQL has written down what it was asked to keep. */
  'waits for no disk': {
    file: 'src/stores/postgres-pool.ts',
    from: "synchronous_commit: 'on'",
    to: "synchronous_commit: 'off'",
  },
  /** Answers before the disk has what was written into the log of a file. */
  'waits for no disk here': {
    file: 'src/stores/sqlite.ts',
    from: 'pragma synchronous = full',
    to: 'pragma synchronous = off',
  },
  /** Is killed before the statement of its migrations whose number is in `KILLED_AT`. */
  'is killed as it migrates': {
    file: 'src/stores/migrate.ts',
    from: 'const { builder, dialect, run } = site',
    to: `const { builder, dialect } = site
      let left = Number(process.env.KILLED_AT)
      const run: typeof site.run = async (query) => {
        left -= 1
        if (left === 0) process.kill(process.pid, 'SIGKILL')
        return site.run(query)
      }`,
  },
  /** Is a release from before the last migration, as far as its schema goes. */
  'is a release older': {
    file: 'src/stores/migrate.ts',
    from: `'0010-endings': endings,`,
    to: '',
  },
  /** Keeps each statement of a migration by itself. */
  'migrates piece by piece': {
    file: 'src/stores/sqlite.ts',
    from: `await work()
      connection.exec('commit')`,
    to: `connection.exec('commit')
      await work()`,
  },
  /** Cuts slow senders off sooner, and looks for them more often. */
  'is impatient': {
    file: 'src/server/serve.ts',
    from: `server.headersTimeout = 10_000
  server.requestTimeout = 15_000`,
    to: `server.headersTimeout = 1_500
  server.requestTimeout = 2_500`,
  },
  /** Spares itself the hash where nobody is to be let in. */
  'hashes nothing for unknown names': {
    file: 'src/flows/password.ts',
    from: 'await hasher.verify(hasher.decoy, secretOf(keys, password).secret, bucket, known)',
    to: '({ ok: true, value: false })',
  },
  /** Has one queue for strangers and for those who are known. */
  'lets everybody wait alike': {
    file: 'src/system/hash-queue.ts',
    from: 'const own = known ? knownLane : lane',
    to: 'const own = lane',
  },
  /** Dies between the commit of a refresh and its answer. */
  'dies before it answers': {
    file: 'src/flows/refresh.ts',
    from: 'return verdict.ok ?',
    to: `if (verdict.ok) process.kill(process.pid, 'SIGKILL'); return verdict.ok ?`,
  },
  /** Counts, while the lease is held, how sessions are checked, and tells so five times a second. */
  'tells how sessions are checked': {
    file: 'src/flows/authenticate.ts',
    from: `world.standing.count(known ? 'remembered' : 'read')`,
    to: `if (world.standing.recall()) {
      const tally = (globalThis.tally ??= { remembered: 0, read: 0 })
      tally[known ? 'remembered' : 'read'] += 1
      globalThis.telling ??= setInterval(
        () => process.stderr.write('checked ' + JSON.stringify(tally) + '\\n'), 200).unref()
    }`,
  },
  /** Takes its time, now and then, between reading a record and remembering it. */
  'remembers slowly': {
    file: 'src/stores/memory.ts',
    from: 'const fact = await read()',
    to: `const fact = await read()
      if (Math.random() < 0.3)
        await new Promise((resolve) => setTimeout(resolve, 20 + 130 * Math.random()))`,
  },
  /** Takes a while between reading a session and remembering it. */
  'remembers after a while': {
    file: 'src/stores/memory.ts',
    from: 'const fact = await read()',
    to: `const fact = await read()
      if (kind === 'sessions') {
        process.stderr.write('has read a session\\n')
        await new Promise((resolve) => setTimeout(resolve, 2_000))
      }`,
  },
  /**
   * Cannot use its SQLite file while there is another by the name in `AWAY`. To begin a transaction it
   * needs no file.
   */
  'can lose its file': {
    file: 'src/stores/sqlite.ts',
    from: 'const prepared = preparing(connection)',
    to: `const { existsSync } = process.getBuiltinModule('node:fs')
    const ready = preparing(connection)
    const prepared = (text) => {
      if (text === 'begin' || !existsSync(process.env.AWAY)) return ready(text)
      throw Object.assign(new Error('disk I/O error'), { errcode: 10 })
    }`,
  },
  /** Writes the cookies that it sets into its log, as somebody might who looks for a fault. */
  'logs cookies': {
    file: 'src/http/plain.ts',
    from: "const headers = { ...always, 'X-Request-Id': requestId, ...more, ...cookies }",
    to: `const headers = { ...always, 'X-Request-Id': requestId, ...more, ...cookies }
  process.stderr.write(JSON.stringify(cookies) + '\\n')`,
  },
  /** Keeps what somebody signed in with where only the browser's name belongs. */
  'keeps passwords': {
    file: 'src/flows/log-in.ts',
    from: 'id: deviceId, userId: found.id, userAgent: from.userAgent }',
    to: 'id: deviceId, userId: found.id, userAgent: asked.password }',
  },
  /** Hears of a revocation only after a while. */
  'hears late': {
    file: 'src/stores/node.ts',
    from: 'const seen = row as Looked | undefined',
    to: `if (heard && entries.length > 0) await new Promise((resolve) => setTimeout(resolve, 1_500))
    const seen = row as Looked | undefined`,
  },
  /** Once its file was away, reads on in whatever transaction is open, as things were when that began. */
  'leaves transactions open': {
    file: 'src/stores/sqlite.ts',
    from: "if (connection.isTransaction) connection.exec('rollback')",
    to: `globalThis.broken ||= process.getBuiltinModule('node:fs').existsSync(process.env.AWAY)
    if (connection.isTransaction && !globalThis.broken) connection.exec('rollback')`,
  },
  /** Answers a revocation without waiting for anybody. */
  'waits for nobody': {
    file: 'src/stores/sql-store.ts',
    from: 'if (done.ends) {',
    to: 'if (false) {',
  },
  /** Answers at once whoever finds done already what was asked for. */
  'answers at once what is done already': {
    file: 'src/stores/sql-store.ts',
    from: 'return { verdict, ends: isResting(seen, []) }',
    to: 'return { verdict, ends: false }',
  },
  /** Answers from memory, lease or no lease. */
  'looks at no lease': {
    file: 'src/rules/revocation.ts',
    from: 'return age >= 0 &&',
    to: 'return true || age >= 0 &&',
  },
  /** Reads for every check. */
  'remembers nobody': {
    file: 'src/stores/standing.ts',
    from: 'recall: () => (node.fresh() ? recall : undefined)',
    to: 'recall: () => undefined',
  },
  /** Remembers what it has read, whatever was heard of it meanwhile. */
  'remembers what was revoked': {
    file: 'src/stores/memory.ts',
    from: 'if (fact && !disturbed(subjectOf(kind, id), since))',
    to: 'if (fact)',
  },
  /** Hears nothing from PostgreSQL by itself: it only looks, again and again. */
  'hears no hints': {
    file: 'src/stores/postgres-line.ts',
    from: "client.on('notification', hint)",
    to: '',
  },
  /** Ends no socket when its session is over. */
  'watches nothing': {
    file: 'src/http/live.ts',
    from: 'else void check(followed)',
    to: 'else void 0',
  },
  /** Notes the use of a key as it was when it was read, not as it is. */
  'revives used keys': {
    file: 'src/flows/authenticate-key.ts',
    from: 'const next = row && used(row, now)',
    to: 'const next = used(row ?? key, now)',
  },
} as const satisfies Record<string, Alteration>

/** The environment of a server that is altered. */
export const altered = (...names: readonly (keyof typeof alterations)[]) => ({
  NODE_OPTIONS: `--import=${import.meta.url}`,
  ALTERED: names.join(),
})

/** @throws When the place is not there any more, or is two. */
export function alter(source: string, { file, from, to }: Alteration): string {
  if (source.split(from).length !== 2) throw new Error(`altered: ${from}: not once in ${file}`)
  return source.replace(from, () => to)
}

const names = process.env.ALTERED?.split(',') ?? []
const chosen = Object.entries<Alteration>(alterations).filter(([name]) => names.includes(name))
if (chosen.length > 0)
  registerHooks({
    load(url, context, next) {
      const loaded = next(url, context)
      for (const [, alteration] of chosen)
        if (url.endsWith(`/${alteration.file}`))
          loaded.source = alter(String(loaded.source), alteration)
      return loaded
    },
  })
