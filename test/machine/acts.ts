/**
 * What is done in one go: a browser calls, takes cookies that another has or had, or time passes; for
 * the model and for the real system alike.
 *
 * @module
 */
import { isKept, type Jar, type Model } from './model.ts'
import type { Real } from './real.ts'
import type { Asked } from './said.ts'

/** Cookies as a browser had them at some time. */
interface Snapshot {
  readonly jar: Jar
  readonly cookies: ReadonlyMap<string, string>
}

/** The system, and what thieves may have copied from each browser, newest first. */
export interface Played {
  readonly real: Real
  readonly snapshots: Snapshot[][]
}

export type Act = (model: Model, played: Played) => Promise<void>

/** Longer ago nobody steals. */
const mostSnapshots = 6

/** Browser `at` calls. */
export const call =
  (at: number, does: (model: Model, at: number) => Asked): Act =>
  async (model, { real, snapshots }) => {
    const asked = does(model, at)
    await real.answer(model, at, asked)
    const jar = model.jars[at]
    if (asked.expected.cookies !== 'granted' || !jar) return
    const taken = snapshots[at] ?? []
    taken.unshift({ jar, cookies: new Map(real.browsers[at]?.jar) })
    taken.splice(mostSnapshots)
  }

/** Browser `to` takes the cookies that `from` was given `ago` grants before the last. */
export const take =
  (from: number, ago: number, to: number): Act =>
  async (model, { real, snapshots }) => {
    const taken = snapshots[from]?.[ago]
    if (!taken) return
    model.jars[to] = taken.jar
    const { jar } = real.browsers[to] ?? {}
    jar?.clear()
    for (const [name, value] of taken.cookies) jar?.set(name, value)
  }

/** Time passes. */
export const wait =
  (timeIn: (model: Model) => number): Act =>
  async (model, { real, snapshots }) => {
    const time = Math.max(0, timeIn(model))
    model.now += time
    real.pass(time)
    // What is swept says nothing any more; whoever still holds its cookies is not asked.
    model.jars.forEach((jar, at) => {
      if (!jar || isKept(model, jar.session)) return
      model.jars[at] = undefined
      real.browsers[at]?.jar.clear()
    })
    for (const taken of snapshots)
      taken.splice(0, taken.length, ...taken.filter(({ jar }) => isKept(model, jar.session)))
  }
