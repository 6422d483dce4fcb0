/**
 * Loaded before a program under measurement: tells by IPC what CPU the process has used.
 *
 * @module
 */
import { readdirSync, readFileSync } from 'node:fs'

process.on('message', (message: { id: number; kind: string }) => {
  if (message.kind === 'hashing-cpu')
    process.send?.({ id: message.id, value: cpuOf('sallyport-hashing') })
  if (message.kind !== 'cpu') return
  const { user, system } = process.cpuUsage()
  process.send?.({ id: message.id, value: user + system })
})

/** The microseconds of CPU of the threads of a name, as Linux counts them; elsewhere nobody knows. */
function cpuOf(name: string): number | undefined {
  const folder = '/proc/self/task'
  // It keeps 15 bytes of a name.
  const kept = name.slice(0, 15)
  try {
    const theirs = readdirSync(folder).filter(
      (thread) => readFileSync(`${folder}/${thread}/comm`, 'utf8').trimEnd() === kept,
    )
    const nanoseconds = theirs.map((thread) =>
      Number(readFileSync(`${folder}/${thread}/schedstat`, 'utf8').split(' ')[0]),
    )
    return nanoseconds.reduce((sum, one) => sum + one, 0) / 1_000
  } catch {
    return undefined
  }
}
// A program that ends by itself, such as one that refuses its settings, is not kept from it.
process.channel?.unref()
