/**
 * Links between pages: that the file is there, and the heading that is pointed at.
 *
 * @module
 */
import { existsSync } from 'node:fs'
import { join, posix } from 'node:path'
import { pages, read, root } from './blocks.ts'

/** The anchors of a page, as GitHub makes them of its headings. */
function anchorsOf(source: string): Set<string> {
  const seen = new Map<string, number>()
  const anchors = new Set<string>()
  for (const [, heading = ''] of prose(source).matchAll(/^#{1,6} +(.+)$/gm)) {
    const shown = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    const slug = shown
      .trim()
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\p{M}_ -]/gu, '')
      .replaceAll(' ', '-')
    const times = seen.get(slug) ?? 0
    seen.set(slug, times + 1)
    anchors.add(times === 0 ? slug : `${slug}-${times}`)
  }
  return anchors
}

/** What is not code. */
const prose = (source: string): string =>
  source
    .replace(/^```.*?^```$/gms, '')
    .replace(/`[^`\n]+`/g, (code) => code.replace(/[[\]()]/g, ''))

const linksOf = (source: string): string[] =>
  [...prose(source).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link = '']) => link)
    .filter((link) => !/^[a-z]+:/.test(link))

const fileOf = (page: string, link: string): string => {
  const [path = ''] = link.split('#')
  return path === '' ? page : posix.join(posix.dirname(page), path)
}

/** The links of a page that lead nowhere, each with why. */
export function deadLinks(page: string, source = read(page)): string[] {
  return linksOf(source).flatMap((link) => {
    const [, anchor] = link.split('#')
    const file = fileOf(page, link)
    if (file.startsWith('..') || !existsSync(join(root, file))) return [`${page}: ${link}: no file`]
    if (anchor === undefined) return []
    const there = anchorsOf(file === page ? source : read(file))
    return there.has(anchor) ? [] : [`${page}: ${link}: no such heading`]
  })
}

/** The pages that links lead to from one, at any distance; a link to a folder leads to all in it. */
export function reachedFrom(page: string, reached = new Set<string>()): Set<string> {
  if (reached.has(page)) return reached
  reached.add(page)
  for (const link of linksOf(read(page))) {
    const file = fileOf(page, link)
    for (const next of pages)
      if (next === file || (file.endsWith('/') && next.startsWith(file))) reachedFrom(next, reached)
  }
  return reached
}
