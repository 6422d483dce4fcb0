/**
 * Who may know whom, as data: the rooms of the house, what each may import, and where each
 * third-party package and each source of time and chance may be used. `findings.ts` reads it.
 *
 * @module
 */

export interface Room {
  /** The files of the room: a folder ends in `/`. */
  readonly at: readonly string[]
  /** Rooms, or single files, that it may import. */
  readonly imports: readonly string[]
  /** Further ones of which it may import types, which leave nothing behind at run time. */
  readonly types?: readonly string[]
  /** Modules of Node that it may import. */
  readonly node: readonly string[] | 'any'
}

export const rooms: Readonly<Record<string, Room>> = {
  rules: { at: ['src/rules/'], imports: ['rules'], node: ['node:crypto'] },
  ports: {
    at: ['src/ports.ts', 'src/audit-ports.ts', 'src/figure-ports.ts', 'src/hash-ports.ts'],
    imports: ['ports', 'rules'],
    node: [],
  },
  flows: { at: ['src/flows/'], imports: ['flows', 'rules', 'ports'], node: [] },
  stores: {
    at: ['src/stores/'],
    // The chain of the audit is sealed inside the transaction.
    imports: [
      'stores',
      'ports',
      'src/rules/time.ts',
      'src/rules/audit.ts',
      // What is recorded one by one, and what is counted.
      'src/rules/audit-flood.ts',
      'src/rules/rate.ts',
      // What nodes hear from each other, and for how long they rest on it.
      'src/rules/trust.ts',
      'src/rules/revocation.ts',
    ],
    types: ['rules'],
    node: 'any',
  },
  system: {
    at: ['src/system/'],
    imports: ['system', 'ports', 'rules'],
    node: 'any',
  },
  wire: { at: ['src/wire.ts', 'src/answers.ts'], imports: ['wire'], types: ['rules'], node: [] },
  http: {
    at: ['src/http/'],
    imports: ['http', 'flows', 'ports', 'rules', 'wire'],
    node: ['node:buffer', 'node:crypto', 'node:net'],
  },
  composition: {
    at: [
      'src/sallyport.ts',
      'src/options.ts',
      'src/world.ts',
      'src/keyring.ts',
      'src/chores.ts',
      'src/backup.ts',
      'src/check-up.ts',
      'src/doctor.ts',
      'src/through-url.ts',
      'src/operator.ts',
      'src/operator-people.ts',
      'src/auditor.ts',
      'src/sockets.ts',
      'src/tracing.ts',
      'src/upkeep.ts',
      'src/host.ts',
    ],
    imports: ['composition', 'rules', 'ports', 'flows', 'stores', 'system', 'wire', 'http'],
    node: 'any',
  },
  mounts: { at: ['src/mounts/'], imports: ['mounts'], types: ['http', 'composition'], node: 'any' },
  index: {
    at: ['src/index.ts'],
    imports: ['composition', 'stores', 'system', 'ports', 'rules'],
    types: ['flows', 'http', 'wire'],
    node: [],
  },
  client: { at: ['src/client/'], imports: ['client'], types: ['wire'], node: [] },
  // For front ends without a server, in a browser: only what is pure.
  mocks: {
    at: ['src/mocks/'],
    imports: ['mocks', 'src/http/problem.ts', 'src/rules/access.ts', 'src/rules/own-roles.ts'],
    types: ['wire', 'rules'],
    node: [],
  },
  // For tests of applications. What is recorded it reads where it is kept, by no route.
  testing: {
    at: ['src/testing/'],
    imports: ['testing', 'composition', 'src/client/client.ts', 'src/rules/settle.ts'],
    types: ['ports', 'rules', 'wire'],
    node: ['node:assert/strict'],
  },
  // Only the public doors: this proves that the library suffices.
  server: {
    at: ['src/server/'],
    imports: ['server', 'index', 'src/mounts/node.ts', 'src/mounts/sockets.ts'],
    node: 'any',
  },
  dashboard: {
    at: ['dashboard/src/'],
    imports: [
      'dashboard',
      'sallyport/account',
      'sallyport/admin',
      'sallyport/client',
      'sallyport/react',
    ],
    node: [],
  },
}

/** Where a package may be imported. The dashboard's own packages are its manifest's business. */
export const packages: Readonly<Record<string, readonly string[]>> = {
  '@hono/node-server': ['src/mounts/listener.ts'],
  '@node-rs/argon2': ['src/system/'],
  '@opentelemetry/api': ['src/tracing.ts'],
  '@zxcvbn-ts/language-common': ['src/system/'],
  bcryptjs: ['src/system/'],
  bowser: ['src/http/', 'src/system/'],
  commander: ['src/server/'],
  kysely: ['src/stores/'],
  pg: ['src/stores/postgres-pool.ts'],
  pino: ['src/system/', 'src/server/'],
  'pino-pretty': ['src/server/'],
  'proxy-addr': ['src/http/address.ts'],
  react: ['src/client/react/'],
  ws: ['src/mounts/sockets.ts'],
  zod: ['src/wire.ts', 'src/answers.ts', 'src/options.ts', 'src/server/'],
}

/** Packages whose types may be imported in further places. */
export const packageTypes: Readonly<Record<string, readonly string[]>> = {
  fastify: ['src/mounts/fastify.ts'],
  hono: ['src/mounts/hono.ts'],
  pg: ['src/stores/'],
  zod: ['src/http/'],
}

/** Time and chance come through ports; a browser has no ports, so its code may ask itself. */
export const clocksAllowed: readonly string[] = [
  'src/system/',
  'src/client/',
  'dashboard/src/',
  'src/testing/',
  'src/mocks/',
]
/** Further places for one of them, where it decides nothing. */
export const clocksAllowedToo: Readonly<Record<string, readonly string[]>> = {
  // Only a way to write an instant.
  'new Date(…)': ['src/wire.ts', 'src/http/', 'src/server/'],
  // The time in a line of the log.
  'new Date()': ['src/server/'],
  // How long to wait, with some jitter, before a busy database is tried again, or for a stop.
  'performance.now': ['src/stores/', 'src/server/'],
  'Math.random': ['src/stores/'],
}

/** Names that say nothing, alone or as a word of a name. */
export const vagueNames: readonly string[] = [
  'utils',
  'util',
  'helpers',
  'helper',
  'common',
  'shared',
  'manager',
  'service',
  'types',
  'misc',
]

export const mostLines = 400
