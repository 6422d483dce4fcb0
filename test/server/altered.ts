/**
 * Loaded before a server (`--import`): alters its source as it is loaded, so that a real process can be
 * watched, broken or killed at one exact instant without a hook in the product. What is to be altered
 * is named in `ALTERED`, with commas between; a place that is not there any more is an error.
 *
 * @module
 */
import { registerHooks } from 'node:module'

export interface Alteration {
  readonly file: string
  readonly from: string
  readonly to: string
}

export const alterations = {
  /** Tells on standard error when a step has met a changed world. */
  'tells lost tries': {
    file: 'src/stores/sql-store.ts',
    from: 'if (done) return verdict',
    to: `if (done) return verdict; process.stderr.write('lost a try\\n')`,
  },
  /** Writes a record whatever became of it since it was shown. */
  'compares no revisions': {
    file: 'src/stores/write.ts',
    from: `\${sql.ref('revision')} = \${revision}`,
    to: `(\${sql.ref('revision')} = \${revision} or 1 = 1)`,
  },
  /** Dies between the commit of a refresh and its answer. */
  'dies before it answers': {
    file: 'src/flows/refresh.ts',
    from: 'return verdict.ok ?',
    to: `if (verdict.ok) process.kill(process.pid, 'SIGKILL'); return verdict.ok ?`,
  },
} as const satisfies Record<string, Alteration>

/** The environment of a server that is altered. */
export const altered = (...names: readonly (keyof typeof alterations)[]) => ({
  NODE_OPTIONS: `--import=${import.meta.url}`,
  ALTERED: names.join(),
})

/** @throws When the place is not there any more, or is two. */
export function alter(source: string, { file, from, to }: Alteration): string {
  if (source.split(from).length !== 2) throw new Error(`altered: ${from}: not once in ${file}`)
  return source.replace(from, () => to)
}

const names = process.env.ALTERED?.split(',') ?? []
const chosen = Object.entries<Alteration>(alterations).filter(([name]) => names.includes(name))
if (chosen.length > 0)
  registerHooks({
    load(url, context, next) {
      const loaded = next(url, context)
      for (const [, alteration] of chosen)
        if (url.endsWith(`/${alteration.file}`))
          loaded.source = alter(String(loaded.source), alteration)
      return loaded
    },
  })
