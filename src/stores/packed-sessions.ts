/**
 * Packed sessions: what a node remembers of a session, laid out for very many of them. The numbers lie
 * in columns; addresses and user agents, of which there are few, are kept once. Those asked for lately
 * are kept unpacked as well, so that what was made of one can be found again by it.
 *
 * @module
 */
import type { StandingSession } from '../rules/facts.ts'
import { type Generations, generations, type Kept } from './generations.ts'

/** How many are kept unpacked as well: with what is made of each about a kilobyte and a half. */
const mostHot = 20_000
/** Room is taken for so many at a time. */
const chunk = 1_024

const columns = {
  userVersion: 0,
  epoch: 1,
  createdAt: 2,
  lastActiveAt: 3,
  idleUntil: 4,
  idleFor: 5,
  expiresAt: 6,
  provenAt: 7,
} as const satisfies Partial<Record<keyof StandingSession, number>>
const width = Object.keys(columns).length

/** @param most How many at most; those unheard of for longest go first. */
export function packedSessions(most: number): Generations<StandingSession> {
  const packed = generations(most, packedMap)
  const hot = generations(mostHot, () => new Map<string, StandingSession>())
  return {
    get(id) {
      const known = hot.get(id)
      if (known) {
        packed.touch(id)
        return known
      }
      const found = packed.get(id)
      if (found) hot.set(id, found)
      return found
    },
    touch: (id) => packed.touch(id),
    set(id, session) {
      hot.delete(id)
      // What is over lets nobody in, and memory refuses nobody.
      if (session.endedAt === null && session.replacedAt === null) packed.set(id, session)
      else packed.delete(id)
    },
    delete(id) {
      hot.delete(id)
      packed.delete(id)
    },
    get size() {
      return packed.size
    },
  }
}

function packedMap(): Kept<StandingSession> {
  const slots = new Map<string, number>()
  const free: number[] = []
  const numbers: Float64Array[] = []
  const users: string[] = []
  /** Address, user agent, kind and whether remembered, by their numbers in `said`. */
  const texts: Uint32Array[] = []
  const said = numbered()

  function place(id: string): number {
    const slot = slots.get(id) ?? free.pop() ?? slots.size
    slots.set(id, slot)
    if (slot >= numbers.length * chunk) {
      numbers.push(new Float64Array(chunk * width))
      texts.push(new Uint32Array(chunk * 3))
    }
    return slot
  }

  return {
    get(id) {
      const slot = slots.get(id)
      if (slot === undefined) return undefined
      const [page, at] = [Math.floor(slot / chunk), slot % chunk]
      const own = numbers[page]
      const number = (name: keyof typeof columns) => own?.[at * width + columns[name]] ?? Number.NaN
      const text = (nth: number) => said.text(texts[page]?.[at * 3 + nth] ?? 0)
      const state = text(2)
      return {
        id,
        userId: users[slot] ?? '',
        userVersion: number('userVersion'),
        epoch: number('epoch'),
        kind: state.startsWith('full') ? 'full' : 'restricted',
        createdAt: number('createdAt'),
        lastActiveAt: number('lastActiveAt'),
        idleUntil: number('idleUntil'),
        idleFor: number('idleFor'),
        expiresAt: number('expiresAt'),
        remembered: state.endsWith('1') ? 1 : 0,
        address: text(0),
        userAgent: text(1),
        endedAt: null,
        endReason: null,
        replacedAt: null,
        provenAt: number('provenAt'),
      }
    },
    set(id, session) {
      const slot = place(id)
      const [page, at] = [Math.floor(slot / chunk), slot % chunk]
      users[slot] = session.userId
      for (const [name, nth] of Object.entries(columns) as [keyof typeof columns, number][])
        numbers[page]?.set([session[name]], at * width + nth)
      const { address, userAgent, kind, remembered } = session
      texts[page]?.set([address, userAgent, `${kind} ${remembered}`].map(said.number), at * 3)
    },
    has: (id) => slots.has(id),
    delete(id) {
      const slot = slots.get(id)
      if (slot === undefined) return
      slots.delete(id)
      free.push(slot)
    },
    get size() {
      return slots.size
    },
  }
}

/** Texts by number, each once. They go with the generation that they are of. */
function numbered() {
  const numbers = new Map<string, number>()
  const texts: string[] = []
  return {
    text: (number: number): string => texts[number] ?? '',
    number(text: string): number {
      const known = numbers.get(text)
      if (known !== undefined) return known
      numbers.set(text, texts.length)
      return texts.push(text) - 1
    },
  }
}
