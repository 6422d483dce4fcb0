/**
 * A real process that holds the writer lock of a SQLite file until it is told to let go.
 *
 * @module
 */
import { DatabaseSync } from 'node:sqlite'

const [path = ''] = process.argv.slice(2)
const file = new DatabaseSync(path)
file.exec('begin immediate')
process.send?.('held')
process.once('message', () => {
  file.exec('rollback')
  process.disconnect()
})
