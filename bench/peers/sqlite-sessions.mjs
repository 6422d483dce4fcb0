/**
 * Sessions in SQLite for express-session and @fastify/session, which bring a store in memory only: rows
 * read by key, statements prepared once. Their stores from elsewhere do no less.
 *
 * @module
 */
import { DatabaseSync } from 'node:sqlite'

/** @param Store The class that express-session wants its stores to be of; any other needs none. */
export function sqliteSessions(path, Store = Object) {
  const file = new DatabaseSync(path)
  // Quicker than what loses nothing; sessions kept like this are seldom held for more.
  file.exec(`pragma journal_mode = wal; pragma synchronous = normal;
    create table if not exists sessions (sid text primary key, until integer, body text)`)
  const read = file.prepare('select body from sessions where sid = ? and until > ?')
  const write = file.prepare('insert or replace into sessions values (?, ?, ?)')
  const move = file.prepare('update sessions set until = ? where sid = ?')
  const remove = file.prepare('delete from sessions where sid = ?')
  const until = () => Date.now() + 86_400_000
  return new (class extends Store {
    get(sid, done) {
      const row = read.get(sid, Date.now())
      done(null, row ? JSON.parse(row.body) : null)
    }
    set(sid, session, done) {
      write.run(sid, until(), JSON.stringify(session))
      done?.(null)
    }
    touch(sid, _session, done) {
      move.run(until(), sid)
      done?.(null)
    }
    destroy(sid, done) {
      remove.run(sid)
      done?.(null)
    }
  })()
}
