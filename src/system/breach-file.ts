/**
 * The operator's own breach file: passwords that are known to be stolen, as a filter that answers from one
 * read of 64 bytes however many there are. It knows every one of them, and takes fewer than one other in
 * a thousand for one.
 *
 * 16 bytes `sallyport breach`, 8 bytes with the number of blocks, then the blocks: each 512 bits, of which
 * a password sets ten. Which, is told by its SHA-1, so that published lists of those do.
 *
 * @see NIST SP 800-63B-4, 3.1.1.2; OWASP ASVS 5.0 V6.2.12
 * @module
 */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { Unavailable } from '../ports.ts'

const magic = Buffer.from('sallyport breach')
const headerSize = magic.length + 8
const blockSize = 64
const bitsEach = 20
const marks = 10

const digestOf = (password: string): Buffer =>
  createHash('sha1').update(password.normalize('NFC')).digest()

const blockOf = (digest: Buffer, blocks: number): number => digest.readUIntBE(0, 6) % blocks

/** Ten places in a block, nine bits of the digest each. */
function placesOf(digest: Buffer): number[] {
  const bits = BigInt(`0x${digest.toString('hex', 6, 18)}`)
  return Array.from({ length: marks }, (_, n) => Number((bits >> BigInt(9 * n)) & 511n))
}

/** Whether a block has all that a password sets in it. */
const holds = (block: Buffer, digest: Buffer): boolean =>
  placesOf(digest).every((place) => ((block[place >> 3] ?? 0) >> (place & 7)) & 1)

/** A line of a list: a SHA-1 as 40 hexadecimal digits, with a count behind a colon or without, or a password. */
const lineDigest = (line: string): Buffer =>
  /^[\da-f]{40}(?::\d+)?$/i.test(line) ? Buffer.from(line.slice(0, 40), 'hex') : digestOf(line)

async function* linesOf(path: string): AsyncGenerator<string> {
  const input = createReadStream(path)
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })
  for await (const line of lines) if (line !== '') yield line
}

/**
 * Makes a breach file of a list, one a line. The list is read twice, and 2.5 bytes of memory are taken for
 * each password.
 *
 * @param progress Told how many lines it has come through, of twice as many as there are.
 * @returns How many lines there were, and how many bytes it takes.
 * @throws {Error} When the list cannot be read or holds nothing, or the file cannot be written.
 */
export async function buildBreachFile(
  list: string,
  path: string,
  progress: (lines: number) => void = () => {},
): Promise<{ readonly passwords: number; readonly bytes: number }> {
  // A stream of lines does not tell that there is no such file.
  await (await open(list, 'r')).close()
  let passwords = 0
  for await (const _ of linesOf(list)) progress(++passwords)
  if (passwords === 0) throw new Error(`${list} holds no password.`)
  const blocks = Math.ceil((passwords * bitsEach) / (8 * blockSize))
  const whole = Buffer.alloc(headerSize + blocks * blockSize)
  magic.copy(whole)
  whole.writeBigUInt64BE(BigInt(blocks), magic.length)
  let placed = 0
  for await (const line of linesOf(list)) {
    progress(passwords + ++placed)
    const digest = lineDigest(line)
    const from = headerSize + blockOf(digest, blocks) * blockSize
    for (const place of placesOf(digest)) {
      const at = from + (place >> 3)
      whole[at] = (whole[at] ?? 0) | (1 << (place & 7))
    }
  }
  const draft = `${path}.${process.pid}`
  const file = await open(draft, 'wx')
  try {
    await file.writeFile(whole)
    await file.sync()
    await file.close()
    await rename(draft, path)
  } catch (error) {
    await file.close().catch(() => {})
    await rm(draft, { force: true })
    throw error
  }
  return { passwords, bytes: whole.length }
}

/** What is wrong with a breach file, as a sentence; nothing where it can be used. */
export async function breachFileFault(path: string): Promise<string | undefined> {
  try {
    await reading(path, async () => {})
    return undefined
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return code
      ? `${path} cannot be read (${code}).`
      : `${path} is not what sallyport blocklist build has made, or not all of it.`
  }
}

/**
 * Whether a password is in the file, as it is or in small letters. Read as it is asked, off the main
 * thread: nothing is kept, and a file that is replaced counts from then on.
 *
 * @throws {Unavailable} When the file cannot be read: nobody chooses a password unlooked at.
 */
export async function isInBreachFile(path: string, password: string): Promise<boolean> {
  const spellings = [...new Set([password, password.toLowerCase()])].map(digestOf)
  try {
    return await reading(path, async (blockAt, blocks) => {
      for (const digest of spellings)
        if (holds(await blockAt(blockOf(digest, blocks)), digest)) return true
      return false
    })
  } catch (error) {
    throw new Unavailable(`the breach file cannot be read: ${String(error)}`)
  }
}

async function reading<T>(
  path: string,
  work: (blockAt: (index: number) => Promise<Buffer>, blocks: number) => Promise<T>,
): Promise<T> {
  const file = await open(path, 'r')
  try {
    const at = async (position: number, length: number) => {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position)
      if (bytesRead < length) throw new Error('too short')
      return buffer
    }
    const header = await at(0, headerSize)
    const blocks = Number(header.readBigUInt64BE(magic.length))
    const { size } = await file.stat()
    if (!header.subarray(0, magic.length).equals(magic) || blocks < 1)
      throw new Error('no breach file')
    if (size !== headerSize + blocks * blockSize) throw new Error('another size')
    return await work((index) => at(headerSize + index * blockSize, blockSize), blocks)
  } finally {
    await file.close()
  }
}
