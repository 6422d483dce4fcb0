/**
 * A real process that writes to a SQLite file over and over, holding the writer lock for a while each time,
 * until it is told to stop; it says how often it wrote.
 *
 * @module
 */
import { DatabaseSync } from 'node:sqlite'

const [path = '', held = '10', apart = '0'] = process.argv.slice(2)
const file = new DatabaseSync(path, { timeout: 30_000 })
file.exec('create table if not exists noise (id text primary key, n integer)')
const id = String(process.pid)
file.prepare('insert into noise values (?, 0)').run(id)
const again = file.prepare('update noise set n = n + 1 where id = ?')
const cell = new Int32Array(new SharedArrayBuffer(4))

let stopped = false
process.once('message', () => {
  stopped = true
})
process.send?.('begun')
let wrote = 0
while (!stopped) {
  file.exec('begin immediate')
  again.run(id)
  Atomics.wait(cell, 0, 0, Number(held))
  file.exec('commit')
  wrote += 1
  await new Promise((resolve) => setTimeout(resolve, Number(apart)))
}
file.close()
process.send?.(wrote)
process.disconnect()
