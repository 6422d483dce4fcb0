/**
 * A real process that writes to a SQLite file without a pause, in transactions of some milliseconds,
 * and tells how often it did.
 *
 * @module
 */
import { DatabaseSync } from 'node:sqlite'

const [path = ''] = process.argv.slice(2)
const file = new DatabaseSync(path, { timeout: 5_000 })
file.exec('create table if not exists noise (at integer)')
let written = 0
let over = false
process.once('message', () => {
  over = true
})
function write(): void {
  if (over) {
    process.send?.(written, () => process.disconnect())
    return
  }
  file.exec('begin immediate')
  file.exec('insert into noise values (1)')
  const until = performance.now() + 2 + Math.random() * 8
  while (performance.now() < until);
  file.exec('commit')
  written += 1
  setImmediate(write)
}
process.send?.('ready')
write()
