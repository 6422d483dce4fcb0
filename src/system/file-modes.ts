/**
 * Who else of this machine may write to the database, or read it: asked before it is opened, for what
 * is wrong with it cannot be seen afterwards.
 *
 * @module
 */
import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Write by the group, anything by others. A group may read: that is how backups are made. */
const ofTheFile = 0o026
const byEverybody = 0o002
/** In such a folder nobody moves or removes the files of others. */
const sticky = 0o1000

/**
 * What is wrong with the modes of a SQLite file that is there, of its logs and of its folder.
 *
 * @returns A sentence each, with what mends it.
 */
export async function modeComplaints(path: string): Promise<readonly string[]> {
  // Windows keeps no such bits.
  if (process.platform === 'win32') return []
  const folder = dirname(path)
  const files = ['', '-wal', '-shm'].map((end) => path + end)
  const [shared = 0, ...modes] = await Promise.all([folder, ...files].map(modeOf))
  const open = files.filter((_, at) => ((modes[at] ?? 0) & ofTheFile) !== 0)
  return [
    ...open.map(
      (file) =>
        `database: ${file} is open to others (mode ${octal(modes[files.indexOf(file)])}). Close it with: chmod 600 ${file}`,
    ),
    ...(shared & byEverybody && !(shared & sticky)
      ? [
          `database: everybody may put files into ${folder} (mode ${octal(shared)}). Close it with: chmod o-w ${folder}`,
        ]
      : []),
  ]
}

/** The bits of what is there; none for what is not. What cannot be asked will be told on opening. */
async function modeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ mode }) => mode & 0o7777,
    () => 0,
  )
}

const octal = (mode = 0): string => (mode & 0o777).toString(8).padStart(4, '0')
