/** Rows get their names from the statement as it is now, not as it was when it was prepared. */
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { preparing } from './sqlite-statements.ts'

test('a column that a newer program adds is there by its name, in a statement prepared before', () => {
  const connection = new DatabaseSync(':memory:')
  connection.exec(`create table t (id text, n integer); insert into t values ('a', null), ('b', 2)`)
  const ask = () => prepared('select * from t order by id').all([])
  const prepared = preparing(connection)
  expect(ask()).toEqual([
    { id: 'a', n: null },
    { id: 'b', n: 2 },
  ])
  connection.exec('alter table t add column more text')
  expect(ask()).toEqual([
    { id: 'a', n: null, more: null },
    { id: 'b', n: 2, more: null },
  ])
})

test('a select meets the rows it finds, a write those it changes', () => {
  const connection = new DatabaseSync(':memory:')
  const met = (text: string, ...values: unknown[]) => prepared(text).met(values)
  const prepared = preparing(connection)
  prepared('create table t (id text primary key, n integer)').run()
  expect(met('insert into t values (?, ?), (?, ?)', 'a', 1, 'b', 1)).toBe(2)
  expect(met('insert into t values (?, ?) on conflict do nothing', 'a', 2)).toBe(0)
  expect(met('select id from t where n = ?', 1)).toBe(2)
  expect(met('update t set n = ? where id = ?', 2, 'c')).toBe(0)
  expect(met('delete from t where n = ?', 1)).toBe(2)
})
