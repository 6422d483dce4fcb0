/**
 * What the house rules want to know of one source file: what it imports and how, whether it exports
 * a default, and where it asks for time or chance. Read from the syntax tree, so that comments and
 * strings do not count.
 *
 * @module
 */
import { parseSync, Visitor } from 'vite'

export interface Import {
  readonly of: string
  /** `type` leaves nothing behind at run time; a `value` does. */
  readonly kind: 'type' | 'value'
  readonly names: readonly string[]
}

export interface Source {
  readonly imports: readonly Import[]
  readonly hasDefaultExport: boolean
  /** Such as `Date.now` and `new Date()`. */
  readonly clocks: readonly string[]
  readonly lines: number
}

const asked = new Set([
  'Date.now',
  'Math.random',
  'performance.now',
  'performance.timeOrigin',
  'process.hrtime',
  'process.uptime',
  'crypto.randomUUID',
  'crypto.randomBytes',
  'crypto.getRandomValues',
])

/** Reads `text`; throws when it cannot be parsed or imports what only running it would tell. */
export function readSource(text: string, path: string): Source {
  const { program, errors } = parseSync(path, text)
  if (errors[0]) throw new Error(errors[0].message)

  const imports: Import[] = []
  const clocks: string[] = []
  let hasDefaultExport = false
  const add = (of: string, kind: 'type' | 'value', names: readonly string[] = []) =>
    imports.push({ of, kind, names })

  new Visitor({
    ImportDeclaration(node) {
      const names = node.specifiers.map((one) =>
        one.type === 'ImportSpecifier' && one.imported.type === 'Identifier'
          ? one.imported.name
          : '*',
      )
      add(node.source.value, node.importKind ?? 'value', names)
    },
    ExportNamedDeclaration(node) {
      if (node.source) add(node.source.value, node.exportKind ?? 'value')
    },
    ExportSpecifier(node) {
      if (node.exported.type === 'Identifier' && node.exported.name === 'default')
        hasDefaultExport = true
    },
    ExportAllDeclaration(node) {
      add(node.source.value, node.exportKind ?? 'value')
    },
    ExportDefaultDeclaration() {
      hasDefaultExport = true
    },
    ImportExpression(node) {
      if (node.source.type !== 'Literal' || typeof node.source.value !== 'string')
        throw new Error('import() of something that is not a literal')
      add(node.source.value, 'value')
    },
    TSImportType(node) {
      add(node.source.value, 'type')
    },
    MemberExpression(node) {
      if (node.object.type !== 'Identifier' || node.property.type !== 'Identifier') return
      const name = `${node.object.name}.${node.property.name}`
      if (asked.has(name)) clocks.push(name)
    },
    NewExpression(node) {
      if (node.callee.type === 'Identifier' && node.callee.name === 'Date')
        clocks.push(node.arguments.length > 0 ? 'new Date(…)' : 'new Date()')
    },
    CallExpression(node) {
      if (node.callee.type === 'Identifier' && node.callee.name === 'Date') clocks.push('Date()')
    },
  }).visit(program)

  for (const { of, kind, names } of imports) {
    if (kind === 'value' && /^(node:)?crypto$/.test(of))
      clocks.push(...names.filter((name) => /^random|^getRandom|^webcrypto$/.test(name)))
    if (/^(node:)?perf_hooks$/.test(of)) clocks.push(of)
  }
  return { imports, hasDefaultExport, clocks, lines: text.split('\n').length - 1 }
}
