/** A database that is taken away is noticed by the next glance, however the folder was before. */
import {
  copyFileSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Place, placeOf } from './sqlite-place.ts'

let folder = ''
let file = ''
let connection: DatabaseSync
let now = 0

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-place-'))
  mkdirSync(join(folder, 'data'))
  file = join(folder, 'data', 'a.db')
  connection = new DatabaseSync(file)
  connection.exec('pragma journal_mode = wal; create table t (n)')
  now = 0
})
afterEach(() => {
  connection.close()
  rmSync(folder, { recursive: true, force: true })
})

/** A place whose folder has been quiet for so long that the folder alone is asked. */
function quiet(path = file): Place {
  const place = placeOf(path, connection, () => now)
  for (const at of [0, 2_999, 3_000, 10_000]) {
    now = at
    place.glance()
    place.require()
  }
  return place
}

const lost = (place: Place): boolean => {
  place.glance()
  try {
    place.require()
    return false
  } catch {
    return true
  }
}

const away: readonly [string, () => void][] = [
  ...['', '-wal', '-shm'].flatMap((end): [string, () => void][] => [
    [`a.db${end} moved within its folder`, () => renameSync(file + end, `${file}.away`)],
    [`a.db${end} moved elsewhere`, () => renameSync(file + end, join(folder, 'away'))],
    [`a.db${end} removed`, () => rmSync(file + end)],
    [
      `a.db${end} replaced`,
      () => {
        copyFileSync(file + end, join(folder, 'copy'))
        renameSync(join(folder, 'copy'), file + end)
      },
    ],
  ]),
  ['the folder moved', () => renameSync(join(folder, 'data'), join(folder, 'away'))],
  [
    'the folder replaced',
    () => {
      renameSync(join(folder, 'data'), join(folder, 'away'))
      mkdirSync(join(folder, 'data'))
    },
  ],
]

test.each(away)('a quiet folder: %s', (_, take) => {
  const place = quiet()
  take()
  expect(lost(place)).toBe(true)
})

test('what is put beside the database, and taken away again, takes nothing away', () => {
  const place = quiet()
  writeFileSync(join(folder, 'data', 'other'), '')
  expect(lost(place)).toBe(false)
  rmSync(`${file}-shm`)
  expect(lost(place)).toBe(true)
})

test('what comes back is found again, and what is taken away once more is missed', () => {
  const place = quiet()
  for (let n = 0; n < 3; n++) {
    renameSync(`${file}-wal`, join(folder, 'away'))
    expect(lost(place)).toBe(true)
    renameSync(join(folder, 'away'), `${file}-wal`)
    expect(lost(place)).toBe(false)
    for (const later of [0, 3_000, 3_000]) {
      now += later
      expect(lost(place)).toBe(false)
    }
  }
})

test('a file that only leads to the database: the folder it leads to is not the one at hand', () => {
  const real = join(folder, 'real.db')
  for (const end of ['', '-wal', '-shm']) linkSync(file + end, real + end)
  const link = join(folder, 'data', 'link.db')
  for (const end of ['', '-wal', '-shm']) symlinkSync(real + end, link + end)
  const place = quiet(link)
  rmSync(real)
  expect(lost(place)).toBe(true)
})
