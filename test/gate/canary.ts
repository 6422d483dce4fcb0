/**
 * Every secret that was issued or accepted in a file of tests, and a quick way to find one in a text:
 * each place of the text is looked up by what a secret begins with, so that a look costs as much as the
 * text is long, however many secrets there are.
 *
 * @module
 */
import { createHash } from 'node:crypto'

/** Characters a secret is found by. */
const beginning = 12
/** Shorter ones would be found by accident. */
const shortest = 16

const known = new Map<string, Map<string, string>>()

/** How much was looked for, and through. */
export const looked = { secrets: 0, texts: 0, characters: 0 }

/** Remembers a secret, and what somebody might have made of it who thought that this hides it. */
function issue(what: string, secret: string): void {
  if (secret.length < shortest || known.get(secret.slice(0, beginning))?.has(secret)) return
  learn(what, secret)
  looked.secrets++
  // Of a signed token the signature alone would do.
  const signature = /^[\w-]+\.[\w-]+\.([\w-]{43})$/.exec(secret)?.[1]
  if (signature) learn(`the signature of ${what}`, signature)
  for (const form of ['hex', 'base64', 'base64url'] as const)
    learn(`${what} in ${form}`, Buffer.from(secret).toString(form))
  // High in entropy or not: no plain digest of anything serves as what is kept.
  const digest = createHash('sha256').update(secret).digest()
  for (const form of ['hex', 'base64url'] as const)
    learn(`the digest of ${what} in ${form}`, digest.toString(form))
}

/** The root secret is bytes, however it is written. */
export function issueRoot(text: string): void {
  issue('the root secret', text)
  const bytes = Buffer.from(text, 'base64url')
  for (const form of ['hex', 'base64'] as const)
    learn(`the root secret in ${form}`, bytes.toString(form))
}

function learn(what: string, text: string): void {
  const start = text.slice(0, beginning)
  const all = known.get(start) ?? new Map<string, string>()
  known.set(start, all.set(text, what))
}

/** @returns What was found, by its name; the secret itself is not told again. */
export function leaked(text: string): string | undefined {
  looked.texts++
  looked.characters += text.length
  const last = text.length - beginning
  for (let at = 0; at <= last; at++) {
    const all = known.get(text.slice(at, at + beginning))
    if (!all) continue
    for (const [secret, what] of all) if (text.startsWith(secret, at)) return what
  }
  return undefined
}

/** Answers that tell a secret, because that is what they are for. */
const telling: readonly (readonly [method: string, path: RegExp, field: string])[] = [
  ['POST', /\/auth\/api-keys(?:\/[^/]+\/rotate)?$/, 'secret'],
  ['POST', /\/auth\/ws-ticket$/, 'ticket'],
  ['GET', /\/auth\/csrf$/, 'token'],
  ['POST', /\/users$/, 'temporaryPassword'],
  ['POST', /\/users\/[^/]+\/reset-password$/, 'temporaryPassword'],
]

/** Learns what an answer issues. @returns Its body without it. */
export function learnFrom(
  { method, path }: { readonly method: string; readonly path: string },
  { status, set, text }: { status: number; set: readonly string[]; text: string },
): string {
  for (const cookie of set) {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
    issue(`a cookie ${name}`, value)
  }
  if (status >= 300) return text
  const found = telling.find(([verb, at]) => verb === method && at.test(path))
  const value = found && text !== '' ? JSON.parse(text)[found[2]] : undefined
  if (typeof value !== 'string') return text
  issue(`${found?.[2]} of ${path}`, value)
  return text.replace(value, '')
}

/** Learns what was accepted: of a request that was answered well, its passwords and its set-up token. */
export function learnFromSent(json: unknown, status: number): void {
  if (status >= 300 || typeof json !== 'object' || json === null) return
  for (const [name, value] of Object.entries(json))
    if (/password$|^setupToken$/i.test(name) && typeof value === 'string') issue(name, value)
}
