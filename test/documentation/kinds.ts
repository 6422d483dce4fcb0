/**
 * What is done with a block, by its language and mark. One that nothing is done with has no kind.
 *
 * @module
 */
import { type Block, blocksOf } from './blocks.ts'

export type Kind =
  | 'typescript'
  | 'shell'
  | 'json'
  | 'yaml'
  | 'proxy'
  | 'python'
  | 'said'
  | 'drawing'
  | 'played'

const byLanguage: Readonly<Record<string, Kind>> = {
  ts: 'typescript',
  tsx: 'typescript',
  sh: 'shell',
  cron: 'shell',
  json: 'json',
  yaml: 'yaml',
  nginx: 'proxy',
  caddy: 'proxy',
  python: 'python',
  mermaid: 'drawing',
}
/** Pages whose blocks of some languages are played by a test of their own, which reads them from the page. */
export const played: Readonly<
  Record<string, { readonly languages: readonly string[]; readonly by: readonly string[] }>
> = {
  'docs/security/incidents.md': {
    languages: ['sh'],
    by: ['test/incidents.test.ts', 'test/server/playbook.ts'],
  },
  'docs/guide/proxies.md': { languages: ['nginx', 'caddy'], by: ['test/deployments.test.ts'] },
  'docs/guide/tracing.md': { languages: ['text'], by: ['test/tracing.test.ts'] },
}

const marks: Readonly<Partial<Record<Kind, RegExp>>> = {
  typescript: /^run$/,
  shell: /^(?:postgres|refused|empty)$/,
}

/** @param before The block before it on the page, if there is one. */
function kindOf(block: Block, before: Block | undefined): Kind | undefined {
  const { language, mark } = block
  if (played[block.page]?.languages.includes(language)) return 'played'
  const kind = byLanguage[language]
  if (mark?.startsWith('file: ')) return kind ?? 'shell'
  if (kind !== undefined) return mark === undefined || marks[kind]?.test(mark) ? kind : undefined
  if (language !== '') return undefined
  if (mark === 'drawing' || mark === 'said') return mark
  return mark === undefined && before?.language === 'sh' ? 'shell' : undefined
}

export interface Claimed {
  readonly block: Block
  readonly kind: Kind | undefined
}

export function claimed(page: string, source?: string): Claimed[] {
  const blocks = source === undefined ? blocksOf(page) : blocksOf(page, source)
  return blocks.map((block, number) => ({ block, kind: kindOf(block, blocks[number - 1]) }))
}
