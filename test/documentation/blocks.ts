/**
 * The pages of the documentation, and every fenced block in them. A block may have a mark: an HTML comment on
 * the line before it, which nobody sees who reads the page.
 *
 * @module
 */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export const root = join(import.meta.dirname, '../..')

export interface Block {
  /** From the root of the repository, with slashes. */
  readonly page: string
  /** Of its first line of code, from 1. */
  readonly line: number
  /** The last heading above it; empty before the first. */
  readonly heading: string
  /** What stands behind the fence; empty when nothing does. */
  readonly language: string
  /** The comment before it: `run`, `file: people.jsonl`. */
  readonly mark: string | undefined
  readonly text: string
}

/** Every page there is, sorted; what is written from the code has no blocks, but has links. */
export const pages: readonly string[] = globSync(
  ['*.md', 'docs/**/*.md', 'examples/**/*.md', 'deploy/**/*.md'],
  { cwd: root, exclude: (path) => path.includes('node_modules') },
)
  .map((path) => path.replaceAll('\\', '/'))
  .sort()

export const read = (page: string): string => readFileSync(join(root, page), 'utf8')

const fence = /^(?:<!-- (?<mark>.+?) -->\n+)?```(?<language>[^\n`]*)\n(?<text>.*?)^```$/gms

/** The blocks of a page; throws when a fence has no end. */
export function blocksOf(page: string, source = read(page)): Block[] {
  const blocks = [...source.matchAll(fence)].map((found): Block => {
    const { mark, language = '', text = '' } = found.groups ?? {}
    const before = source.slice(0, found.index + found[0].length - text.length - 4)
    const heading = [...before.matchAll(/^#{2,} +(.+)$/gm)].at(-1)?.[1] ?? ''
    const line = before.split('\n').length
    return { page, line, heading, language: language.trim(), mark, text }
  })
  const fences = source.match(/^\s*(?:```|~~~)/gm)?.length ?? 0
  if (fences !== 2 * blocks.length)
    throw new Error(`${page}: a fence that is indented or not closed`)
  return blocks
}

/** Where it is, as an editor opens it. */
export const at = ({ page, line }: Block): string => `${page}:${line}`
