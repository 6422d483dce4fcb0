/**
 * Starts real processes that compete for one record, and holds them together at each stage.
 *
 * @module
 */
import { type ChildProcess, fork } from 'node:child_process'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { mutations } from './race.ts'
import type { Order, Told } from './rival.ts'

type Reply<K> = Extract<Told, { kind: K }>

/** Starts `count` processes that open `place` at once. */
export async function rivals(count: number, place: string) {
  const children = Array.from({ length: count }, () =>
    fork(join(import.meta.dirname, 'rival.ts'), [place], { silent: true }),
  )
  onTestFinished(() => {
    for (const child of children) child.kill('SIGKILL')
  })
  const all = <K extends Told['kind']>(kind: K) =>
    Promise.all(children.map((child) => reply(child, kind)))
  const opened = await all('opened')

  return {
    instanceIds: opened.map(({ instanceId }) => instanceId),

    /** All count up `times` times; none commits its first step before all have read for theirs. */
    async count(times: number, mutation?: keyof typeof mutations): Promise<{ lost: number }> {
      const read = all('read')
      for (const child of children) {
        child.send({ kind: 'count', times, ...(mutation && { mutation }) } satisfies Order)
      }
      await read
      const counted = all('counted')
      for (const child of children) child.send({ kind: 'commit' } satisfies Order)
      return { lost: (await counted).reduce((sum, { lost }) => sum + lost, 0) }
    },
  }
}

function reply<K extends Told['kind']>(child: ChildProcess, kind: K): Promise<Reply<K>> {
  return new Promise((resolve, reject) => {
    let said = ''
    child.stderr?.on('data', (chunk) => {
      said += chunk
    })
    child.once('exit', (code) => reject(new Error(`a rival ended with ${code}: ${said}`)))
    child.once('message', (told: Told) => {
      if (told.kind === kind) resolve(told as Reply<K>)
      else reject(new Error(`a rival said ${JSON.stringify(told)} in place of ${kind}`))
    })
  })
}
