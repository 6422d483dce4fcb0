/**
 * `sallyport doctor`: what is well with an instance, and what mends what is not.
 *
 * @module
 */
import type { Command } from 'commander'
import { examine, type Finding } from '../../index.ts'
import { type Answer, told } from '../answer.ts'
import { type Flags, operates, sourcesOf, textOf } from '../command-line.ts'
import { configure } from '../configuration.ts'

/** Adds the command to the program. */
export function addDoctorCommand(program: Command): void {
  operates(program, 'doctor', 'Says what is not well, and what mends it. Changes nothing.')
    .option('--url <address>', 'look through this address too, as people type it')
    .action((flags: Flags) => told(flags, () => look(flags)))
}

async function look(flags: Flags): Promise<Answer> {
  // Settings that nothing can start with are what it is asked about.
  const { said, complaints } = configure(sourcesOf(flags))
  const own = complaints.map(
    (says): Finding => ({
      check: 'settings',
      is: 'bad',
      says,
      mend: 'Correct it where it is said.',
    }),
  )
  const findings = [...own, ...(await examine(said, textOf(flags, 'url')))]
  const worst = (['bad', 'warning', 'good'] as const).flatMap((is) =>
    findings.filter((one) => one.is === is),
  )
  const [bad, warnings] = [count(findings, 'bad'), count(findings, 'warning')]
  if (bad > 0) process.exitCode = 1
  const signs = { bad: '✗', warning: '!', good: '✓' } as const
  const lines = worst.flatMap(({ is, check, says, mend }) => [
    `${signs[is]} ${check}: ${says}`,
    ...(mend === undefined ? [] : [`  → ${mend}`]),
  ])
  const sum = bad + warnings === 0 ? 'All is well.' : `Bad: ${bad}. To be looked at: ${warnings}.`
  return { json: { well: bad === 0, findings: worst }, lines: [...lines, '', sum] }
}

const count = (findings: readonly Finding[], is: Finding['is']): number =>
  findings.filter((one) => one.is === is).length
