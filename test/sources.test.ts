/**
 * What the source does not do, read from the source: rows of the standards that are about what is absent.
 *
 * @module
 */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')

/** Everything that is shipped, without comments and imports of types. */
const sources = new Map(
  globSync('{src,dashboard/src}/**/*.{ts,tsx,js}', { cwd: root })
    .filter((path) => !/\.test\./.test(path))
    .map((path) => [
      path.replaceAll('\\', '/'),
      withoutComments(readFileSync(join(root, path), 'utf8')),
    ]),
)

function withoutComments(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/^\s*\/\/.*$/gm, '')
    .replace(/^import type [\s\S]*?from '[^']+'$/gm, '')
}

/** Where `pattern` stands in the sources that `where` is true of, as `path: what`. */
const found = (pattern: RegExp, where: (path: string) => boolean = () => true): string[] =>
  [...sources].flatMap(([path, text]) =>
    where(path) ? [...text.matchAll(pattern)].map(([what]) => `${path}: ${what}`) : [],
  )

const inBrowser = (path: string) => /^(dashboard\/src|src\/(client|mocks))\//.test(path)
const onServer = (path: string) => !inBrowser(path) && !path.startsWith('src/testing/')
const filesOf = (hits: readonly string[]) => [...new Set(hits.map((hit) => hit.split(': ')[0]))]

/** The lines of a table under a heading of a page. */
function listed(heading: string): string[] {
  const page = readFileSync(join(root, 'docs/security/inventory.md'), 'utf8')
  const section = page.split(`## ${heading}\n`)[1]?.split('\n## ')[0] ?? ''
  const named = [...section.matchAll(/`(src\/[\w/.-]+)`/g)].map(([, path]) => path ?? '')
  return [...new Set(named)].sort()
}

test('the sources are read', () => {
  expect(sources.size).toBeGreaterThan(250)
  expect(filesOf(found(/\bcreateHmac\(/g))).toContain('src/rules/csrf.ts')
})

test('markup comes from components alone, and code from no text', () => {
  const html =
    /\b(?:innerHTML|outerHTML|insertAdjacentHTML|document\.write|dangerouslySetInnerHTML|srcdoc)\b/g
  expect(found(html)).toEqual([])
  expect(found(/\beval\(|\bnew Function\(|\bnode:vm\b|javascript:/g)).toEqual([])
})

test('no message from another window is heard', () => {
  const heard = /addEventListener\(\s*'message'|\bonmessage\b|\bwindow\.(?:opener|parent|open)\b/g
  // A channel between tabs of this origin, and the socket.
  expect(filesOf(found(heard, inBrowser))).toEqual(['src/client/socket.ts', 'src/client/tabs.ts'])
})

test('nothing is read from the window by a name that markup could take', () => {
  const read = found(/\b(?:window|globalThis|self)(?:\.\w+|\[[^\]]+\])/g, inBrowser)
  const own = read.map((hit) => hit.split(': ')[1]).filter((what) => what?.includes('['))
  expect(own).toEqual([])
  const builtIn =
    /\.(?:location|localStorage|sessionStorage|document|navigator|history|matchMedia|fetch|addEventListener|removeEventListener|BroadcastChannel|WebSocket|EventSource|scrollTo|isSecureContext|crypto)$/
  expect(read.filter((hit) => !builtIn.test(hit))).toEqual([])
})

test('nothing leads out of the dashboard', () => {
  expect(found(/(?:href|src|action)=\{?["'`](?:https?:|\/\/)[^"'`]*/g, inBrowser)).toEqual([])
  expect(found(/target=\{?["']_blank/g, inBrowser)).toEqual([])
})

test('no page hinders pasting, and each password field says what goes in', () => {
  expect(
    found(/\bonPaste\b|\bonDrop\b|'paste'|autoComplete="off"[^>]*type="password"/g, inBrowser),
  ).toEqual([])
  const fields = [...sources].flatMap(([path, text]) =>
    [...text.matchAll(/<PasswordField\b[\s\S]*?\/>/g)].map(([field]) => ({ path, field })),
  )
  expect(fields.length).toBeGreaterThan(3)
  const silent = fields.filter(({ field }) => !/autoComplete=|\{\.\.\./.test(field))
  expect(silent.map(({ path }) => path)).toEqual([])
})

test('each password field is masked, with a button that shows it', () => {
  const masked = found(/<PasswordInput\b/g)
  expect(filesOf(masked)).toEqual(['dashboard/src/parts/password-field.tsx'])
  expect(sources.get('dashboard/src/parts/password-field.tsx')).toMatch(/onVisibilityChange/)
  // The bindings’ own question for the password, for applications without a design.
  const plain = filesOf(found(/type="password"/g))
  expect(plain).toEqual(['src/client/react/ask-password.tsx'])
})

test('the server reaches the database and the sink of the audit, and nothing else', () => {
  const calls = /\bfetch\(|import\('pg'\)/g
  const modules = /\bfrom 'node:(?:net|tls|dgram|https|http2)'/g
  const http = /import \{[^}]*\b(?:request|get|Agent)\b[^}]*\} from 'node:http'/g
  const hits = [calls, modules, http].flatMap((pattern) => found(pattern, onServer))
  // Knows what an address is, and calls nobody.
  const reaching = filesOf(hits).filter((path) => path !== 'src/http/address.ts')
  expect(reaching.sort()).toEqual(listed('Connections outward'))
})

test('no redirect is followed', () => {
  const calls = found(/\bfetch\([^)]*\)?[^)]*\}\)/g, (path) => path === 'src/through-url.ts')
  expect(calls).toHaveLength(1)
  expect(calls[0]).toContain("redirect: 'manual'")
})

test('no process is started', () => {
  expect(found(/node:(?:child_process|cluster)/g)).toEqual([])
})

test('no pattern is made of text', () => {
  expect(found(/\bRegExp\(/g, onServer)).toEqual([])
})

test('TLS believes nobody who cannot show a certificate', () => {
  const lax =
    /rejectUnauthorized|checkServerIdentity|NODE_TLS_REJECT_UNAUTHORIZED|insecureHTTPParser/g
  expect(found(lax)).toEqual([])
})

test('nothing is encrypted, and no key is a pair', () => {
  const ciphers =
    /\b(?:createCipheriv|createDecipheriv|createSign|createVerify|generateKeyPair\w*|publicEncrypt|privateDecrypt|createECDH|diffieHellman|subtle)\b/g
  expect(found(ciphers)).toEqual([])
})

test('hashes are SHA-256, but for the index of published lists and what was imported', () => {
  const made = found(/create(?:Hash|Hmac)\(\s*'(\w+)'/g)
  const other = made.filter((hit) => !hit.includes("'sha256'"))
  expect(other).toEqual(["src/system/breach-file.ts: createHash('sha1'"])
  expect(made.length).toBeGreaterThan(10)
})

test('cryptography is in the files that are listed', () => {
  const uses =
    /from '(?:node:crypto|@node-rs\/argon2|bcryptjs)'|import\('(?:@node-rs\/argon2|bcryptjs)'\)/g
  expect(filesOf(found(uses)).sort()).toEqual(listed('Cryptography'))
})

test('secrets are compared in constant time, or looked up by their digest', () => {
  const secret = String.raw`\b\w*(?:mac|digest|secret|token|signature|hash)\b`
  const compared = new RegExp(`${secret} (?:===|!==) (?!undefined|null|'|"|\\d|typeof)`, 'gi')
  // Digests of 256 bits under a key, of which nobody can make the next one byte by byte.
  const known = new Set(listed('Compared by their digest'))
  const hits = found(compared, (path) => onServer(path) && !known.has(path))
  expect(hits).toEqual([])
})
