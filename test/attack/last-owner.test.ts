/**
 * Two owners take the last owner away between them: demoting each other, or stepping down at once.
 * Two gates over one database, both held until each has read; and what holds them is taken away once.
 *
 * @module
 */
import { describe, expect, test } from 'vitest'
import { held } from '../campaigns/report.ts'
import { type DatabaseKind, databases, openTestGate } from '../gate/gate.ts'
import { addPerson } from '../gate/people.ts'
import { type Visitor, visitor } from '../gate/visitor.ts'
import { watchedGate } from '../gate/watched-gate.ts'
import { type Mutation, meeting, mutations, newTally } from '../store/race.ts'

/** Nothing at all is looked at again, and no list is guarded. */
const unguarded: Mutation = (write) =>
  write.sql.startsWith('select') ? undefined : mutations['owners are not moved'](write)

/** Each is made to meet, so a few show it; `npm run campaign -- races` plays as many as are asked for. */
const rounds = process.env.CAMPAIGN ? 300 : 30

/** Ada and Olga, both owners, each signed in at a gate of her own. */
async function twoOwners(kind: DatabaseKind, mutation?: Mutation) {
  const open = await openTestGate(kind)
  const ada = visitor(open.gate)
  const adaId = (await ada.setUp()).json.user.id
  const olgaId = await addPerson(open, 'olga', { role: 'owner' })
  const olga = visitor(open.gate)
  await olga.logIn('olga')

  const tally = newTally()
  let met = meeting(2)
  const clock = { now: () => Date.UTC(2026, 0, 1, 12), elapsed: () => 0 }
  const at = async (who: Visitor) => {
    const before = () => met()
    const there = visitor(await watchedGate(open.database, clock, { before, tally, mutation }))
    for (const [name, value] of who.jar) there.jar.set(name, value)
    return there
  }
  const [one, two] = [await at(ada), await at(olga)]

  /** @returns The statuses, lowest first, and how many owners are left. */
  async function round(first: string, second: string) {
    await open.query(`update users set role = 'owner', "proofsVoidUntil" = 0`)
    met = meeting(2)
    tally.together = 0
    const json = { role: 'admin' }
    const answers = await Promise.all([
      one.send('PATCH', `/users/${first}`, { json }),
      two.send('PATCH', `/users/${second}`, { json }),
    ])
    const left = await open.query(`select id from users where role = 'owner'`)
    return {
      together: tally.together,
      statuses: answers.map(({ status }) => status).sort(),
      left: left.length,
    }
  }
  return { open, adaId, olgaId, round }
}

describe.each(databases)('on %s', (kind) => {
  test(`demoting each other, ${rounds} rounds: one owner is left`, async () => {
    const { open, adaId, olgaId, round } = await twoOwners(kind)
    await open.recorded()
    for (let n = 0; n < rounds; n++)
      expect(await round(olgaId, adaId)).toEqual({ together: 2, statuses: [200, 403], left: 1 })
    // Whoever was demoted first has to show the password before doing anything to anybody.
    const said = await open.recorded()
    expect(said.map(({ type }) => type)).toEqual(Array(rounds).fill('user.updated'))
    held(`owners demote each other, ${kind}`, { rounds })
  }, 120_000)

  test(`stepping down at once, ${rounds} rounds: one owner is left`, async () => {
    const { adaId, olgaId, round } = await twoOwners(kind)
    for (let n = 0; n < rounds; n++)
      expect(await round(adaId, olgaId)).toEqual({ together: 2, statuses: [200, 409], left: 1 })
    held(`owners step down at once, ${kind}`, { rounds })
  }, 120_000)

  test('… and none when nothing guards it', async () => {
    const { adaId, olgaId, round } = await twoOwners(kind, unguarded)
    expect(await round(olgaId, adaId)).toEqual({ together: 2, statuses: [200, 200], left: 0 })
  })

  test('… and none who step down at once, when the instance is not moved', async () => {
    const { adaId, olgaId, round } = await twoOwners(kind, mutations['owners are not moved'])
    expect(await round(adaId, olgaId)).toEqual({ together: 2, statuses: [200, 200], left: 0 })
  })
})
