/**
 * `sallyport doctor`: what is well with an instance, and what mends what is not.
 *
 * @module
 */
import type { Command } from 'commander'
import { examine, type Finding, SettingsError } from '../../index.ts'
import { type Answer, told } from '../answer.ts'
import { type Flags, operates, sourcesOf, textOf } from '../command-line.ts'
import { configure } from '../configuration.ts'
import { check } from '../serve.ts'

/** Adds the command to the program. */
export function addDoctorCommand(program: Command): void {
  operates(program, 'doctor', 'Says what is not well, and what mends it. Changes nothing.')
    .option('--url <address>', 'look through this address too, as people type it')
    .action((flags: Flags) => told(flags, () => look(flags)))
}

async function look(flags: Flags): Promise<Answer> {
  const sources = sourcesOf(flags)
  const { said } = configure(sources)
  const around = await examine(said, textOf(flags, 'url'))
  // Settings that nothing can start with are what it is asked about; some are the server's alone.
  const refused = await check(sources).then(() => [], complaintsIn)
  const own = refused
    .filter((says) => !around.some((one) => one.says === says))
    .map((says): Finding => ({ check: 'settings', is: 'bad', says, mend: whereItIsSaid }))
  const findings = [...own, ...around]
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

const whereItIsSaid = 'Correct it where it is said.'

function complaintsIn(error: unknown): readonly string[] {
  if (error instanceof SettingsError) return error.complaints
  throw error
}

const count = (findings: readonly Finding[], is: Finding['is']): number =>
  findings.filter((one) => one.is === is).length
