/**
 * Configuration: file, environment and flags, in that order, to settings as they were said. Each
 * source keeps its own names, so that a complaint points at what the operator wrote.
 *
 * @module
 */
import { readFileSync } from 'node:fs'
import {
  environmentName,
  flagName,
  type PolicyOf,
  pathsOf,
  type Said,
  type Settings,
  saidIn,
  settings,
  settle,
} from '../index.ts'

/** What only the server has, and the library has not. */
export const serverSettings = {
  port: {
    is: 'count',
    default: 3000,
    min: 1,
    max: 65_535,
    unit: '',
    doc: 'The port to listen on.',
  },
  host: {
    is: 'text',
    default: '127.0.0.1',
    doc: 'The address to listen on.',
  },
  log: {
    is: 'choice',
    default: 'json',
    of: ['json', 'pretty'],
    doc: 'How the log on standard error is written.',
  },
} as const satisfies Settings

/** Every setting of the server by its dotted path. */
export const allPaths = pathsOf({ ...settings, ...serverSettings }).map(([path]) => path)

/** Where settings come from. */
export interface Sources {
  /** By setting path, as commander hands them over. */
  readonly flags: Readonly<Record<string, string>>
  /** What else stood on the command line: flags nobody knows, and whatever follows them. */
  readonly unknown: readonly string[]
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly folder: string
  /** `--config`; without it `sallyport.config.json` is read if it is there. */
  readonly config: string | undefined
}

export interface Configuration {
  readonly server: PolicyOf<typeof serverSettings>
  /** For the gate. */
  readonly said: readonly Said[]
  /** What is wrong with the file or with the server's own settings. */
  readonly complaints: readonly string[]
}

/** Gathers what was said. Nothing is opened or made. */
export function configure(sources: Sources): Configuration {
  const file = inFile(sources)
  const all = [
    ...('said' in file ? file.said : []),
    ...inEnvironment(sources.environment),
    ...Object.entries(sources.flags).map(([path, value]) => ({
      path,
      value,
      as: flagName(path),
      text: true,
    })),
    ...unknownFlags(sources.unknown),
  ]
  const own = new Set<string>(Object.keys(serverSettings))
  const { policy: server, complaints } = settle(
    serverSettings,
    all.filter(({ path }) => own.has(path)),
  )
  const local: Said = {
    path: 'publicOrigin',
    value: `http://localhost:${server.port}`,
    as: 'publicOrigin',
    text: false,
  }
  const said = [local, ...all.filter(({ path }) => !own.has(path))]
  return {
    server,
    said,
    complaints: [
      ...('complaint' in file ? [file.complaint] : []),
      ...(isStray(sources.unknown) ? ['serve: takes flags and nothing else.'] : []),
      ...complaints,
    ],
  }
}

/** The flags among them by name; a value is never repeated, since it may be a secret. */
function unknownFlags(unknown: readonly string[]): Said[] {
  return unknown.flatMap((one): Said[] => {
    const [name] = /^--?[a-z]+(?:-[a-z]+)*(?==|$)/.exec(one) ?? []
    return name ? [{ path: name, value: undefined, as: name, text: true }] : []
  })
}

const isStray = (unknown: readonly string[]): boolean =>
  unknown.length > 0 && unknownFlags(unknown).length === 0

function inEnvironment(environment: Sources['environment']): Said[] {
  const names = new Map(allPaths.map((path) => [environmentName(path), path]))
  return Object.entries(environment).flatMap(([name, value]): Said[] => {
    if (!name.startsWith('SALLYPORT_') || name === 'SALLYPORT_CONFIG' || value === undefined)
      return []
    return [{ path: names.get(name) ?? name, value, as: name, text: true }]
  })
}

const usual = 'sallyport.config.json'

function inFile({
  config,
  environment,
  folder,
}: Sources): { said: Said[] } | { complaint: string } {
  const named = config ?? environment.SALLYPORT_CONFIG
  const path = named ?? `${folder}/${usual}`
  const shown = named ?? usual
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    const missing = named === undefined && (error as NodeJS.ErrnoException).code === 'ENOENT'
    return missing ? { said: [] } : { complaint: `${shown}: cannot be read.` }
  }
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return { said: saidIn(value, (at) => `${shown}, ${at}`) }
  } catch {
    // Told below: what the parser says may repeat a secret.
  }
  return { complaint: `${shown}: is not a JSON object.` }
}
