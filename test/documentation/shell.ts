/**
 * The blocks of commands: those of a page run in its order, in one shell, on an instance of their own
 * (`machine.sh`). What stands in angle brackets is filled in; a block without a language after one with
 * commands is what they write, with `…` for anything.
 *
 * @module
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { freePort } from '../../scripts/free-port.ts'
import { browser, password } from '../server/browser.ts'
import { command } from '../server/command.ts'
import { bare, main } from '../server/main.ts'
import { emptyFolder, serve } from '../server/process.ts'
import { at, type Block, root } from './blocks.ts'
import { leaveBehind, oldPassword } from './others.ts'

/** An instance with people in it, stopped; pages get a copy. */
export interface Furnished {
  readonly folder: string
  /** Of ada, the owner: may read people, metrics and the audit. */
  readonly key: string
  /** What is filled in for `<…>`. */
  readonly names: Readonly<Record<string, string>>
}

export async function furnish(): Promise<Furnished> {
  const server = await serve()
  const { folder } = server
  const ada = browser({ port: server.port })
  await ada.setUp(server.setupToken)
  const json = { username: 'bob', role: 'member', password: `${password} of bob` }
  const { user } = (await ada.send('POST', '/users', { json })).json
  const bob = browser({ port: server.port })
  const { session } = (await bob.logIn('bob', json.password)).json
  const issue = ['key', 'issue', 'ada', '--name', 'ci', '--days', '30', '--json']
  const scopes = 'users:read,metrics:read,audit:read'
  const issued = await command(folder, [...issue, '--scopes', scopes])
  const secrets = (await command(folder, ['secret', 'status', '--json'])).stdout
  await server.stop()
  const [, generation = ''] = /"id":"([^"]+)"/.exec(secrets) ?? []
  const { key, secret } = issued.json as { key: { id: string }; secret: string }
  const root = readFileSync(join(folder, 'data/secret'), 'utf8').trim()
  const names = { secret: root, session: session.id, user: user.id, key: key.id, generation }
  return { folder, key: secret, names }
}

/** A mark that names a file the block is put into, for the commands after it. */
const fileOf = ({ mark = '' }: Block): string | undefined => /^file: (\S+)$/.exec(mark)?.[1]

/** Runs those of one page. @returns What went wrong; nothing when nothing did. */
export async function runPage(
  { folder: furnished, key, names }: Furnished,
  blocks: readonly Block[],
  postgres: () => Promise<string>,
): Promise<string[]> {
  const room = emptyFolder()
  const server = join(room, 'srv')
  cpSync(furnished, server, { recursive: true })
  for (const name of ['backups', 'secrets', 'log', 'empty'])
    mkdirSync(join(room, name), { mode: 0o700 })
  cpSync(join(server, 'data/secret'), join(room, 'secrets/sallyport'))
  writeFileSync(join(room, 'typed'), `${password} two\n`)
  leaveBehind(blocks[0]?.page ?? '', server)
  writeFileSync(join(server, 'left-behind.txt'), `KEY=${key}\n`)
  writeFileSync(join(server, 'passwords.txt'), 'hunter2 hunter2 hunter2\n')
  const port = await freePort()
  const onPostgres = blocks.some(({ mark }) => mark === 'postgres') ? await postgres() : ''
  if (onPostgres) {
    const SALLYPORT_SECRET_FILE = join(server, 'data/secret')
    const begun = await serve({ env: { SALLYPORT_DATABASE: onPostgres, SALLYPORT_SECRET_FILE } })
    await begun.stop()
  }

  const filledIn = (source: string) =>
    Object.entries(names)
      .reduce((all, [name, value]) => all.replaceAll(`<${name}>`, value), source)
      .replaceAll('/srv/sallyport', server)
      .replaceAll(/(?<![\w.])\/backups/g, `${room}/backups`)
      .replaceAll('/run/secrets/', `${room}/secrets/`)
      .replaceAll('/var/log/', `${room}/log/`)
  const script = blocks.map((block, number) => {
    const path = fileOf(block)
    if (path !== undefined) {
      const file = path.startsWith('/') ? filledIn(path) : join(server, path)
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(file, filledIn(block.text), { mode: 0o600 })
      return ''
    }
    if (block.language !== 'sh' && block.language !== 'cron') return ''
    const typed = `<"${room}/typed" >"${room}/out.${number}" 2>"${room}/err.${number}"`
    const place =
      block.mark === 'postgres'
        ? `export SALLYPORT_DATABASE='${onPostgres}' SALLYPORT_SECRET_FILE="$SERVER/data/secret"`
        : 'unset SALLYPORT_DATABASE SALLYPORT_SECRET_FILE'
    const folder = block.mark === 'empty' ? join(room, 'empty') : server
    const typedIn =
      block.language === 'cron'
        ? block.text.replaceAll(/^(?:\S+ +){5}/gm, '').replaceAll('\\%', '%')
        : block.text
    const inside = `cd "${folder}"\n${place}\n${filledIn(typedIn)}`
    // Only what stands by itself ends a shell that is told to end at the first thing that goes wrong.
    return block.mark === 'refused'
      ? `set +e\n(\nset -e\n${inside}\n) ${typed}\ncode=$?\nset -e\n[[ $code == 1 ]] || { echo ${number}; exit 1; }\n`
      : `echo ${number} >"${room}/at"\n{\n${inside}\n} ${typed}\n[[ $? == 0 ]]\n`
  })
  const env = {
    ...bare,
    HOME: room,
    NODE: process.execPath,
    MAIN: main,
    ROOM: room,
    SERVER: server,
    REPOSITORY: root,
    PORT: String(port),
    SALLYPORT_PORT: String(port),
    OTHER_PORT: String(await freePort()),
    ORIGIN: `http://localhost:${port}`,
    KEY: key,
    PASSWORD: password,
    OLD_PASSWORD: oldPassword,
  }
  const child = spawn(
    'bash',
    ['-c', `source "${join(import.meta.dirname, 'machine.sh')}"\n${script.join('')}`],
    { env, cwd: server, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  const [said, err, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ])
  const wrote = (kind: string, number: number) => {
    const file = join(room, `${kind}.${number}`)
    return existsSync(file) ? readFileSync(file, 'utf8') : ''
  }
  if (code !== 0) {
    const number = Number(said.trim() || readFileSync(join(room, 'at'), 'utf8'))
    const block = blocks[number]
    const where = block ? at(block) : 'before the first'
    return [`${where}: ${code}\n${wrote('out', number)}${wrote('err', number)}${err}`]
  }
  return blocks.flatMap((block, number) => {
    if (block.language !== '' || block.mark !== undefined) return []
    const ours = wrote('out', number - 1) + wrote('err', number - 1)
    const told = ours.replaceAll(/localhost:\d+/g, 'localhost:3000')
    return looksLike(told, block.text) ? [] : [`${at(block)}: it says\n${told}`]
  })
}

/** Whether each line of `shown` stands in `told`, in this order; `…` is anything. */
function looksLike(told: string, shown: string): boolean {
  const lines = shown
    .trim()
    .split('\n')
    .map((line) =>
      line
        .split('…')
        .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
        .join('.*'),
    )
  return new RegExp(`^${lines.join('$[^]*?^')}$`, 'm').test(told)
}
