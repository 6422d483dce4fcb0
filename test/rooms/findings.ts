/**
 * What is wrong with the house: every source file held against the table. A pure function of the
 * files, so that a test can hand it bad ones.
 *
 * @module
 */
import { basename, dirname, join } from 'node:path/posix'
import { rings } from './rings.ts'
import { type Import, readSource, type Source } from './source.ts'
import {
  clocksAllowed,
  clocksAllowedToo,
  mostLines,
  packages,
  packageTypes,
  rooms,
  vagueNames,
} from './table.ts'

/** @param files Text by path from the repository's root. Tests among them are judged by name only. */
export function findings(files: ReadonlyMap<string, string>): string[] {
  const sources = new Map<string, Source>()
  const unreadable: string[] = []
  for (const [path, text] of files) {
    if (!isJudged(path)) continue
    try {
      sources.set(path, readSource(text, path))
    } catch (error) {
      unreadable.push(`${path}: ${error instanceof Error ? error.message : error}`)
    }
  }

  return [
    ...unreadable,
    ...[...files.keys()].flatMap(namedBadly),
    ...[...sources].flatMap(([path, source]) => [
      ...inNoRoom(path),
      ...tooLong(path, source),
      ...(source.hasDefaultExport ? [`${path}: default export`] : []),
      ...asksTheWorld(path, source),
      ...source.imports.flatMap((one) => notAllowed(path, one)),
      ...source.imports.flatMap((one) => notThere(path, one, files)),
    ]),
    ...rings(needsOf(sources)).map((ring) => `ring: ${ring}`),
  ]
}

function isJudged(path: string): boolean {
  return /^(src|dashboard\/src)\//.test(path) && /\.tsx?$/.test(path) && !/\.test\./.test(path)
}

function isIn(path: string, places: readonly string[]): boolean {
  return places.some((place) => (place.endsWith('/') ? path.startsWith(place) : path === place))
}

function roomOf(path: string): string | undefined {
  return Object.keys(rooms).find((name) => isIn(path, rooms[name]?.at ?? []))
}

function inNoRoom(path: string): string[] {
  return roomOf(path) ? [] : [`${path}: in no room`]
}

function namedBadly(path: string): string[] {
  if (basename(path).startsWith('index.') && /\.[jt]sx?$/.test(path) && path !== 'src/index.ts')
    return [`${path}: only the front door is called index`]
  const words = path.toLowerCase().split(/[^a-z]+/)
  const vague = words.find((word) => vagueNames.includes(word))
  return vague ? [`${path}: "${vague}" says nothing`] : []
}

function tooLong(path: string, { lines }: Source): string[] {
  if (path.startsWith('src/stores/migrations/')) return []
  return lines > mostLines ? [`${path}: ${lines} lines, over ${mostLines}`] : []
}

function asksTheWorld(path: string, { clocks }: Source): string[] {
  if (isIn(path, clocksAllowed)) return []
  return clocks
    .filter((clock) => !isIn(path, clocksAllowedToo[clock] ?? []))
    .map((clock) => `${path}: ${clock}, which is for a port to answer`)
}

function notAllowed(path: string, { of, kind }: Import): string[] {
  const name = roomOf(path)
  const room = name && rooms[name]
  if (!room) return []
  const complaint = [`${path}: ${name} may not import ${kind === 'type' ? 'types of ' : ''}${of}`]

  if (of.startsWith('node:')) return room.node === 'any' || room.node.includes(of) ? [] : complaint
  if (of.startsWith('.')) {
    const target = join(dirname(path), of)
    const allowed = [...room.imports, ...(kind === 'type' ? (room.types ?? []) : [])]
    return allowed.includes(roomOf(target) ?? '') || allowed.includes(target) ? [] : complaint
  }
  if (room.imports.includes(of)) return []
  const pack = of.split('/', of.startsWith('@') ? 2 : 1).join('/')
  if (name === 'dashboard' && pack !== 'sallyport') return []
  const places = [...(packages[pack] ?? []), ...(kind === 'type' ? (packageTypes[pack] ?? []) : [])]
  return isIn(path, places) ? [] : complaint
}

function notThere(path: string, { of }: Import, files: ReadonlyMap<string, string>): string[] {
  if (!of.startsWith('.') || /\.(css|svg)$/.test(of)) return []
  return files.has(join(dirname(path), of)) ? [] : [`${path}: ${of} is not there`]
}

function needsOf(sources: ReadonlyMap<string, Source>): Map<string, readonly string[]> {
  const needs = new Map<string, readonly string[]>()
  for (const [path, { imports }] of sources) {
    const values = imports.filter(({ of, kind }) => kind === 'value' && of.startsWith('.'))
    needs.set(
      path,
      values.map(({ of }) => join(dirname(path), of)),
    )
  }
  return needs
}
