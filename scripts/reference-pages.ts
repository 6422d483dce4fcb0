/**
 * The reference pages, written from the tables the program itself runs on: settings, problems, routes
 * and audit events cannot drift from what is documented.
 *
 * @module
 */
import type { Command } from 'commander'
import { problems } from '../src/http/problem.ts'
import type { Route } from '../src/http/route.ts'
import { routes } from '../src/http/routes.ts'
import { settings } from '../src/options.ts'
import { builtIn, permissionsOf, roles } from '../src/rules/access.ts'
import { auditEvents } from '../src/rules/audit.ts'
import { isUnsafe } from '../src/rules/csrf.ts'
import type { Setting, Settings } from '../src/rules/settings.ts'
import { durationText, environmentName, flagName, pathsOf } from '../src/rules/settle.ts'
import { allPaths, serverSettings } from '../src/server/configuration.ts'
import { programOf } from '../src/server/program.ts'
import { findingsPage } from './findings-page.ts'
import { standardsPage } from './standards-page.ts'
import { supplyPage } from './supply-page.ts'

const written = 'Written by `npm run reference` from the code; do not edit.'

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')

function bounds(setting: Setting): [standard: string, allowed: string] {
  switch (setting.is) {
    case 'duration':
      return [
        durationText(setting.default),
        `${durationText(setting.min)} – ${durationText(setting.max)}`,
      ]
    case 'count':
      return [
        `${setting.default ?? ''} ${setting.default === undefined ? '' : setting.unit}`.trim(),
        `${setting.min} – ${setting.max.toLocaleString('en')}`,
      ]
    case 'flag':
      return [String(setting.default), 'true, false']
    case 'choice':
      return [setting.default, setting.of.join(', ')]
    case 'text':
      return [setting.default ?? '', setting.secret ? 'text, never printed' : 'text']
    case 'texts':
      return [setting.default.join(', '), 'list']
  }
}

const settingRows = (from: Settings) =>
  pathsOf(from).map(([path, setting]) => {
    const [standard, allowed] = bounds(setting)
    const names = `\`${path}\`<br>\`${environmentName(path)}\`<br>\`${flagName(path)}\``
    return [names, standard, allowed, setting.doc]
  })

function settingsPage(): string {
  const head = ['setting', 'default', 'allowed', 'decides']
  return `# Settings

${written}

A setting has one name in the file and in the library's options, one in the environment and one as a
flag. Lengths of time are written \`500ms\`, \`30s\`, \`15m\`, \`12h\`, \`7d\`; lists are separated by commas
in the environment and in flags.

${table(head, settingRows(settings))}

## Of the server alone

${table(head, settingRows(serverSettings))}
`
}

function problemsPage(): string {
  const rows = Object.entries(problems).map(([code, told]) => [
    `\`${code}\``,
    String(told.status),
    told.category,
    told.retryable ? 'yes, after `Retry-After`' : 'no',
    told.detail,
  ])
  return `# Problems

${written}

Every refusal is \`application/problem+json\` (RFC 9457) with one of these codes.

${table(['code', 'status', 'category', 'retry', 'says'], rows)}
`
}

function routesPage(): string {
  const gates = ({ method, guard }: Route): string => {
    const origin = isUnsafe(method) || guard.sameOrigin ? ['origin'] : []
    const token = isUnsafe(method) && guard.caller === 'signed-in' ? ['token'] : []
    return [...origin, ...token].join(', ')
  }
  const who = ({ guard }: Route): string => {
    if (guard.caller === 'anyone') return 'anyone'
    const holder = guard.permission ? `\`${guard.permission}\`` : 'signed in'
    if (guard.keys) return `${holder}, or an API key`
    return guard.stepUp ? `${holder}, password shown lately` : holder
  }
  const rows = routes.map((route) => [
    `\`${route.method} ${route.path}\``,
    who(route),
    route.guard.restricted ? 'yes' : 'no',
    gates(route),
    route.summary,
  ])
  const roleRows = roles.map((role) => [
    `\`${role}\``,
    permissionsOf(builtIn, { role })
      .map((permission) => `\`${permission}\``)
      .join(' ') || '–',
  ])
  return `# Routes

${written}

Everything is under \`basePath\`, \`/api/v1\` by default. \`GET /openapi.json\` tells it to programs (OpenAPI 3.1), with
the shape of every body.

${table(['route', 'who', 'while the password must be changed', 'CSRF gates', 'does'], rows)}

## Roles

${table(['role', 'permissions'], roleRows)}
`
}

function auditPage(): string {
  const rows = Object.entries(auditEvents).map(([type, doc]) => [`\`${type}\``, doc])
  return `# Audit events

${written}

Each is one row, written in the transaction of the change it tells of.

${table(['event', 'recorded when'], rows)}
`
}

function commandsPage(): string {
  const cell = (text: string) => text.replaceAll('|', '\\|')
  const rows = leavesOf(programOf()).map((command) => {
    const names: string[] = []
    for (let at: Command | null = command; at; at = at.parent) names.unshift(at.name())
    const taken = command.registeredArguments.map((one) =>
      one.required ? `<${one.name()}>` : `[${one.name()}]`,
    )
    const options = command.options
      .filter(({ hidden, long }) => !hidden && !settingFlags.has(long ?? ''))
      .map(({ flags, description }) => `\`${cell(flags)}\` ${cell(description)}`)
    return [
      `\`${cell([...names, ...taken].join(' '))}\``,
      command.description(),
      options.join('<br>'),
    ]
  })
  return `# Commands

${written}

Every command takes the settings of \`serve\` as flags too ([Settings](settings.md)). An id that begins with a
dash goes behind \`--\`. Exit code 0: done; 1: refused; 2: wrong usage, or settings nothing starts with.

${table(['command', 'does', 'options'], rows)}
`
}

const settingFlags = new Set(allPaths.map(flagName))

const leavesOf = (command: Command): readonly Command[] =>
  command.commands.length === 0 ? [command] : command.commands.flatMap(leavesOf)

/** Every page by its path in the repository. */
export const referencePages = (): ReadonlyMap<string, string> =>
  new Map([
    ['docs/reference/settings.md', settingsPage()],
    ['docs/reference/problems.md', problemsPage()],
    ['docs/reference/routes.md', routesPage()],
    ['docs/reference/audit.md', auditPage()],
    ['docs/reference/commands.md', commandsPage()],
    ['docs/security/findings.md', findingsPage()],
    ['docs/security/standards.md', standardsPage()],
    ['docs/security/supply.md', supplyPage()],
  ])
