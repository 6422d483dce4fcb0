/**
 * Statements as SQLite is given them: each text is prepared once. Rows are taken as arrays and named here:
 * an object that the driver makes costs four times as much, with all that is done with it afterwards.
 *
 * @module
 */
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import type { Query, Row } from './database.ts'

/** A statement that is ready. */
export interface Statement {
  /** Runs it, for what it does alone. */
  run(): void
  /** @returns The rows a select finds. */
  all(parameters: Query['parameters']): Row[]
  /** How many rows it meets: a select those it finds, a write those it changes. */
  met(parameters: Query['parameters']): number
}

/** @returns A function that prepares each text once. */
export function preparing(connection: DatabaseSync): (text: string) => Statement {
  const known = new Map<string, Statement>()
  return (text) => {
    const found = known.get(text)
    if (found) return found
    // Steps have a few dozen shapes; texts without end must not fill the memory.
    if (known.size >= 500) known.clear()
    const made = prepared(connection.prepare(text))
    known.set(text, made)
    return made
  }
}

function prepared(statement: StatementSync): Statement {
  let names = namesOf(statement)
  const selects = names.length > 0
  statement.setReturnArrays(true)
  // The types do not know of arrays.
  const rows = (parameters: Query['parameters']) =>
    statement.all(...(parameters as SQLInputValue[])) as unknown as unknown[][]

  function named(values: readonly unknown[]): Row {
    // A newer program has added a column to `*` meanwhile.
    if (values.length !== names.length) names = namesOf(statement)
    // Not written name by name: past a dozen that makes a dictionary, which is slow to copy.
    return Object.fromEntries(names.map((name, at) => [name, values[at]]))
  }

  return {
    run: () => void statement.run(),
    all: (parameters) => rows(parameters).map(named),
    met: (parameters) =>
      selects
        ? rows(parameters).length
        : Number(statement.run(...(parameters as SQLInputValue[])).changes),
  }
}

const namesOf = (statement: StatementSync): readonly string[] =>
  statement.columns().map(({ name }) => name)
