/**
 * The titles of all tests, read from their syntax: of `test` and `describe`, and of the rows that
 * `test.each` names a test by.
 *
 * @module
 */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseSync, Visitor } from 'vite'

const root = join(import.meta.dirname, '../..')

/** An id as it stands in a title: `R2.3`, `L11`, `LOCK-05`. */
const id = /\b(?:[GCPLW]\d+|R\d\.\d+|[A-Z]{2,5}-\d\d)\b/g

/** The files with a test for each id, in order. */
export function testsById(): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>()
  const files = globSync('{src,test,dashboard/src}/**/*.test.{ts,tsx}', { cwd: root })
  for (const file of files.map((name) => name.replaceAll('\\', '/')).sort()) {
    const titles = titlesIn(readFileSync(join(root, file), 'utf8'), file)
    for (const one of new Set(titles.flatMap((title) => title.match(id) ?? [])))
      found.set(one, [...(found.get(one) ?? []), file])
  }
  return found
}

/** The titles in one file. */
export function titlesIn(text: string, path: string): string[] {
  const { program, errors } = parseSync(path, text)
  if (errors[0]) throw new Error(`${path}: ${errors[0].message}`)
  const titles: string[] = []
  new Visitor({
    CallExpression({ callee, arguments: [first] }) {
      if (/^(?:test|it|describe)\b/.test(text.slice(callee.start, callee.end)))
        titles.push(...textOf(first))
    },
    ArrayExpression({ elements: [first] }) {
      titles.push(...textOf(first))
    },
  }).visit(program)
  return titles
}

function textOf(node: unknown): string[] {
  if (typeof node !== 'object' || node === null || !('type' in node)) return []
  if (node.type === 'Literal' && 'value' in node && typeof node.value === 'string')
    return [node.value]
  if (node.type !== 'TemplateLiteral' || !('quasis' in node)) return []
  const quasis = node.quasis as { value: { raw: string } }[]
  return [quasis.map(({ value }) => value.raw).join('…')]
}
