/**
 * PostgreSQL killed (`-m immediate`) under load and started again beneath a server that goes on. `npm
 * run campaign -- database` does so twenty times.
 *
 * @module
 */
import { expect, test } from 'vitest'
import { reported } from './campaigns/report.ts'
import { type Round, trouble } from './server/trouble.ts'

const campaign = process.env.CAMPAIGN === 'database'
const rounds = campaign ? 20 : 3

test('Killed under load: nothing acknowledged is lost, nobody let in, and all is well within 5 s', {
  timeout: 60_000 + rounds * 10_000,
}, async () => {
  const { server, round } = await trouble()
  const all: Round[] = []
  for (let at = 0; at < rounds; at++) {
    const told = await round()
    all.push(told)
    const sum = (of: (one: Round) => number) => all.reduce((total, one) => total + of(one), 0)
    reported('PostgreSQL killed under load', {
      counts: {
        rounds: all.length,
        acknowledged: sum(({ acknowledged }) => acknowledged),
        'checks without a database': sum(({ late }) => late),
        'longest recovery, ms': Math.round(Math.max(...all.map(({ recovery }) => recovery))),
      },
      violations: all.flatMap(({ lost, letIn, odd }) => [lost, letIn, odd].flat().map(String)),
    })
    expect(told).toMatchObject({ lost: [], letIn: [], odd: [] })
    expect(told.recovery).toBeLessThanOrEqual(5_000)
    // What the round is worth: changes before, and checks without a database.
    expect(told.acknowledged).toBeGreaterThan(10)
    expect(told.late).toBeGreaterThan(5)
  }
  expect(all.some(({ met }) => met > 0)).toBe(true)
  // It is the process it was.
  expect((await server.stop()).signal).toBe(null)
})

test('A server that answers before the disk has it, and looks at no lease, is found out', {
  timeout: 90_000,
}, async () => {
  const { round } = await trouble('waits for no disk', 'looks at no lease')
  const all: Round[] = []
  const found = (name: 'lost' | 'letIn') => all.some((told) => told[name].length > 0)
  while (all.length < 12 && !(found('lost') && found('letIn'))) all.push(await round())
  expect([found('lost'), found('letIn')]).toEqual([true, true])
})
