/**
 * The doctor: everything that can be found out about an instance beside its servers, and through the
 * address people use. It makes and changes nothing.
 *
 * @module
 */
import { existsSync } from 'node:fs'
import { checkUp } from './check-up.ts'
import { strayFindings, strayRoles } from './flows/stray-roles.ts'
import { verify } from './flows/verify-audit.ts'
import { iso } from './http/view.ts'
import { type Policy, SettingsError, settled } from './options.ts'
import { type Clock, instance, Unavailable } from './ports.ts'
import { bad, type Finding, good, warning } from './rules/doctor.ts'
import type { Keys } from './rules/keys.ts'
import type { Said } from './rules/settle.ts'
import { lookAt } from './stores/look.ts'
import { faultOfCopy } from './stores/sqlite-file.ts'
import { systemClock } from './system/clock.ts'
import { throughUrl } from './through-url.ts'
import { complaintsOf, openKept, sqliteFile } from './world.ts'

/**
 * Examines an instance.
 *
 * @param url Where people reach it, as they type it.
 */
export async function examine(
  said: readonly Said[],
  url?: string,
  clock: Clock = systemClock,
): Promise<readonly Finding[]> {
  const complaints = await complaintsOf(said)
  if (complaints.length > 0) return complaints.map(ofComplaint)
  const { policy } = settled(said)
  const around = await checkUp(policy, clock)
  const inside = await insideOf(policy, clock)
  const through = url === undefined ? [] : await throughUrl(url, policy, inside.keys, clock)
  return [...around, ...inside.findings, ...through]
}

/** Complaints say what is wrong and, where it is not plain, what mends it. */
const ofComplaint = (says: string): Finding =>
  bad(
    'settings',
    says,
    'Correct it where it is said: sallyport.config.json, SALLYPORT_* or a flag.',
  )

/** What only somebody with the secret sees. */
async function insideOf(
  policy: Policy,
  clock: Clock,
): Promise<{ readonly findings: Finding[]; readonly keys: Keys | undefined }> {
  const file = sqliteFile(policy)
  const fault = file !== undefined && existsSync(file) ? faultOfCopy(file) : undefined
  if (fault !== undefined) {
    const mend = 'Stop the server, keep the file, and put the last backup back: sallyport restore'
    return { findings: [bad('database.file', `${file}: ${fault}.`, mend)], keys: undefined }
  }
  // Opening would bring the schema up to date, and turn the log on.
  const look = await lookAt(policy.database, clock).catch(() => undefined)
  const asItIs = look?.dialect !== 'sqlite' || look.settings.journal_mode === 'wal'
  if (!look || !asItIs || look.migrations.pending.length + look.migrations.unknown.length > 0)
    return { findings: [], keys: undefined }
  try {
    const kept = await openKept(policy, 'kept')
    try {
      const { keys } = kept.keyring
      const here = await kept.store.find(instance())
      if (here?.keyId != null && !keys.ids.includes(here.keyId))
        return { findings: [otherSecret(here.keyId)], keys: undefined }
      const secret = good(
        'secret',
        `The secret is the one of this database (${keys.ids.join(', ')}).`,
      )
      const claim = ofClaim(policy, here?.claimedAt ?? null)
      const { store } = kept
      const strays = strayFindings(await strayRoles({ store, access: policy.access }))
      const audit = ofAudit(await verify(store.records, keys, clock.now()))
      return { findings: [secret, ...claim, ...strays, audit], keys }
    } finally {
      await kept.store.close()
    }
  } catch (error) {
    if (error instanceof SettingsError)
      return { findings: error.complaints.map(ofComplaint), keys: undefined }
    // Said already of the database itself.
    if (error instanceof Unavailable) return { findings: [], keys: undefined }
    throw error
  }
}

const otherSecret = (id: string): Finding =>
  bad(
    'secret',
    `This database was made with another secret (key id ${id}).`,
    'Give the secret file that belongs to it: no server starts, and no password is right, without it.',
  )

function ofClaim({ setupToken }: Policy, claimedAt: number | null): Finding[] {
  if (claimedAt === null)
    return [
      warning(
        'owner',
        'Nobody has claimed this instance: whoever has the link becomes its owner.',
        'Open the link that sallyport serve prints.',
      ),
    ]
  return setupToken === undefined
    ? []
    : [
        warning(
          'settings.setupToken',
          'The instance is claimed, and setupToken is still set.',
          'Remove it: it opens nothing any more.',
        ),
      ]
}

function ofAudit({ intact, rows, faults }: Awaited<ReturnType<typeof verify>>): Finding {
  if (intact) return good('audit', `${rows} records, and none was altered.`)
  const [first] = faults
  const where = first ? ` First: chain ${first.chain}, number ${first.seq}.` : ''
  const when = first?.at == null ? '' : ` It says ${iso(first.at)}.`
  return bad(
    'audit',
    `The audit was altered in ${faults.length} places.${where}${when}`,
    'Keep the database as it is, compare with a backup, and see who may write to it.',
  )
}
