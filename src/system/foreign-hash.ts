/**
 * Hashes that other programs have made, as their databases hold them: what each says, and whether it
 * asks for too much. One that is not written exactly so is none.
 *
 * @module
 */
import type { Work } from './hashing-worker.ts'

/** A hash string, taken apart. */
export interface ReadHash {
  readonly work: Work
  readonly salt: Buffer
  readonly hash: Buffer
}

/** How much memory, and how many blocks of it, a row can make us take: 256 MiB, and about a second. */
const mostMemory = 256 * 2 ** 20
const mostBlocks = 2 ** 22
const mostRounds = 15
const mostPasses = 5_000_000

/** @returns `undefined` for what is none of these, or out of bounds. */
export function readForeign(text: string): ReadHash | undefined {
  return bcrypt(text) ?? scrypt(text) ?? betterAuth(text) ?? pbkdf2(text) ?? django(text)
}

/** `$2b$12$<22><31>`: OpenBSD, and what has come of it. */
function bcrypt(text: string): ReadHash | undefined {
  const parts = /^\$2[aby]\$(\d\d)\$([./A-Za-z\d]{22})([./A-Za-z\d]{31})$/.exec(text)
  if (!parts) return undefined
  const rounds = Number(parts[1])
  if (rounds < 4 || rounds > mostRounds) return undefined
  const [salt, hash] = [Buffer.from(parts[2] ?? ''), Buffer.from(parts[3] ?? '')]
  return { work: { kind: 'bcrypt', rounds }, salt, hash }
}

/** `$scrypt$ln=16,r=8,p=1$<salt>$<hash>`, as passlib and others write it. */
function scrypt(text: string): ReadHash | undefined {
  const parts =
    /^\$scrypt\$ln=([1-9]\d?),r=([1-9]\d{0,2}),p=([1-9]\d{0,2})\$([A-Za-z\d+/]{1,200})\$([A-Za-z\d+/]{1,200})$/.exec(
      text,
    )
  if (!parts) return undefined
  const [cost, blockSize, lanes] = [2 ** Number(parts[1]), Number(parts[2]), Number(parts[3])]
  const memory = 128 * blockSize * (cost + lanes + 2)
  if (memory > mostMemory || cost * blockSize * lanes > mostBlocks) return undefined
  // RFC 7914, section 2.
  if (cost >= 2 ** (16 * blockSize)) return undefined
  return fitting({ kind: 'scrypt', cost, blockSize, lanes }, decoded(parts[4]), decoded(parts[5]))
}

/** `<salt>:<hash>` in hex, the salt used as it is written: better-auth, with the one cost it has. */
function betterAuth(text: string): ReadHash | undefined {
  const parts = /^([\da-f]{32}):([\da-f]{128})$/.exec(text)
  if (!parts) return undefined
  const work = { kind: 'scrypt', cost: 16_384, blockSize: 16, lanes: 1 } as const
  return fitting(work, Buffer.from(parts[1] ?? ''), Buffer.from(parts[2] ?? '', 'hex'))
}

/** `$pbkdf2-sha256$<passes>$<salt>$<hash>`, with passlib's dots or without. */
function pbkdf2(text: string): ReadHash | undefined {
  const parts =
    /^\$pbkdf2-(sha256|sha512)\$(?:i=)?([1-9]\d{0,6})(?:,l=(\d\d))?\$([A-Za-z\d+/.]{1,200})\$([A-Za-z\d+/.]{1,200})$/.exec(
      text,
    )
  if (!parts) return undefined
  const [salt, hash] = [decoded(parts[4]), decoded(parts[5])]
  if (parts[3] !== undefined && Number(parts[3]) !== hash?.length) return undefined
  return passed(parts[1], parts[2], salt, hash)
}

/** `pbkdf2_sha256$<passes>$<salt>$<hash>`: Django, whose salt is plain text. */
function django(text: string): ReadHash | undefined {
  const parts =
    /^pbkdf2_(sha256|sha512)\$([1-9]\d{0,6})\$([!-#%-~]{1,128})\$([A-Za-z\d+/]{1,200}={0,2})$/.exec(
      text,
    )
  if (!parts) return undefined
  const hash = Buffer.from(parts[4] ?? '', 'base64')
  if (hash.toString('base64') !== parts[4]) return undefined
  return passed(parts[1], parts[2], Buffer.from(parts[3] ?? ''), hash)
}

function passed(
  digest: string | undefined,
  times: string | undefined,
  salt?: Buffer,
  hash?: Buffer,
) {
  const passes = Number(times)
  if (passes > mostPasses) return undefined
  const named = digest === 'sha512' ? 'sha512' : 'sha256'
  return fitting({ kind: 'pbkdf2', digest: named, passes }, salt, hash)
}

type Unsized<W> = W extends { readonly length: number } ? Omit<W, 'length'> : never

/** @returns `undefined` for a hash that is too short to tell passwords apart, or too long to be one. */
function fitting(
  work: Unsized<Work>,
  salt: Buffer | undefined,
  hash: Buffer | undefined,
): ReadHash | undefined {
  if (!salt || !hash || salt.length > 128 || hash.length < 16 || hash.length > 64) return undefined
  return { work: { ...work, length: hash.length }, salt, hash }
}

/** Base64 without padding, in its one spelling; passlib writes a dot for the plus. */
function decoded(text = ''): Buffer | undefined {
  const standard = text.replaceAll('.', '+')
  const bytes = Buffer.from(standard, 'base64')
  return bytes.toString('base64').replace(/=+$/, '') === standard ? bytes : undefined
}
