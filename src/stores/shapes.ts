/**
 * Shapes: a step asks and writes the same few statements over and over, with other values. Each is
 * built and compiled once; building anew costs as much as running it.
 *
 * @module
 */
import { isDeepStrictEqual } from 'node:util'
import type { Database, Query } from './database.ts'

/** @param parameters In the order in which the built query takes them. */
export type Shaped = (shape: string, parameters: readonly unknown[], build: () => Query) => Query

/** A database, and the shapes it has been asked in. */
export interface Site extends Database {
  readonly shaped: Shaped
}

/** @returns A function that builds a query only when its shape is new. */
export function shapes(): Shaped {
  const texts = new Map<string, string>()
  return (shape, parameters, build) => {
    const known = texts.get(shape)
    if (known !== undefined) return { sql: known, parameters }
    const built = build()
    // The one time both are at hand shows that later values will land where they belong.
    if (!isDeepStrictEqual(built.parameters, parameters)) {
      throw new Error(`the statement "${shape}" takes its values in another order`)
    }
    // Shapes without end must not fill the memory.
    if (texts.size < 500) texts.set(shape, built.sql)
    return built
  }
}
