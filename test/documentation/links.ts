/**
 * Links between pages: that the file is there, and the heading that is pointed at.
 *
 * @module
 */
import { existsSync } from 'node:fs'
import { join, posix } from 'node:path'
import { read, root } from './blocks.ts'

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

/** The links of a page that lead nowhere, each with why. */
export function deadLinks(page: string, source = read(page)): string[] {
  return [...prose(source).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link = '']) => {
    if (/^[a-z]+:/.test(link)) return []
    const [path = '', anchor] = link.split('#')
    const file = path === '' ? page : posix.join(posix.dirname(page), path)
    if (file.startsWith('..') || !existsSync(join(root, file))) return [`${page}: ${link}: no file`]
    if (anchor === undefined) return []
    const there = anchorsOf(path === '' ? source : read(file))
    return there.has(anchor) ? [] : [`${page}: ${link}: no such heading`]
  })
}
