/**
 * Loaded by each file of tests in the campaign `canary`: when the file is through, how many secrets it
 * issued and how much was searched for them is added to the file that `CANARY` names.
 *
 * @module
 */
import { appendFileSync } from 'node:fs'
import { afterAll } from 'vitest'
import { looked } from '../gate/canary.ts'

afterAll(() => {
  appendFileSync(process.env.CANARY ?? '', `${JSON.stringify(looked)}\n`)
})
