/**
 * The page of standards, written from the tables of the tests.
 *
 * @module
 */
import { filesOf } from '../test/standards/proofs.ts'
import { type Chapter, type Row, standingOf, standings } from '../test/standards/row.ts'
import { asvs, nist } from '../test/standards/tables.ts'

const table = (head: readonly string[], rows: readonly (readonly (string | number)[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')

const rowsOf = (chapters: readonly Chapter[]) => chapters.flatMap(({ rows }) => rows)

function counts(chapters: readonly Chapter[]): string {
  const all = rowsOf(chapters)
  const count = (rows: readonly Row[]) =>
    standings.map((standing) => rows.filter((row) => standingOf(row) === standing).length)
  const levels = [...new Set(all.map(({ level }) => level))].sort((a, b) => (a < b ? -1 : 1))
  return table(
    ['level', 'rows', ...standings],
    [
      ...levels.map((level) => {
        const rows = all.filter((row) => row.level === level)
        return [typeof level === 'number' ? `L${level}` : level, rows.length, ...count(rows)]
      }),
      ['all', all.length, ...count(all)],
    ],
  )
}

function shownBy({ by }: Row): string {
  const told = by.map((proof) => {
    const [file = '', ...words] = proof.split(': ')
    if (!file.includes('/')) return proof
    return words.length > 0 ? `\`${file}\` “${words.join(': ')}”` : `\`${file}\``
  })
  return told.join(', ')
}

function standing(row: Row): string {
  const is = standingOf(row)
  const { how, gap, operator } = row
  const said = [
    ...(how ? [how] : []),
    ...(gap ? [`${is === 'not met' ? '**Not met.**' : '**Missing:**'} ${gap}`] : []),
    ...(operator
      ? [`**The operator** ${operator.charAt(0).toLowerCase()}${operator.slice(1)}`]
      : []),
    ...(is === 'with second factors' ? ['With second factors.'] : []),
  ]
  return said.join(' ')
}

const section = ({ heading, rows, without = [] }: Chapter): string =>
  [
    `### ${heading}`,
    table(
      ['', 'level', 'asks', 'here', 'shown by'],
      rows.map((row) => [row.id, row.level, row.asks, standing(row), shownBy(row)]),
    ),
    ...without.map(([ids, why]) => `Nothing here for ${ids}: ${why}.`),
  ].join('\n\n')

const gaps = (chapters: readonly Chapter[]): string =>
  rowsOf(chapters)
    .filter(({ gap }) => gap)
    .map((row) => `- ${row.id} (${row.level}): ${row.asks}. ${row.gap}`)
    .join('\n')

export function standardsPage(): string {
  const files = new Set(rowsOf([...asvs, ...nist]).flatMap(({ by }) => by.flatMap(filesOf)))
  return `# Standards

Written by \`npm run reference\` from the tables of the tests (\`test/standards/\`); do not edit.

What OWASP ASVS 5.0 and NIST SP 800-63B-4 ask for, in our words, and how it stands here. A row that says how
names the tests that show it, by the id of a case ([what each is](findings.md)), a file, or words of a title:
${files.size} files of tests in all. \`npm run check\` fails when one is not there, and \`npm test\` when one did not run
or did not pass.

## OWASP ASVS 5.0

${counts(asvs)}

V5 (files) and V17 (WebRTC) are about what is not here, and 58 rows of the other chapters, which name them. Not met, or not wholly:

${gaps(asvs)}

## NIST SP 800-63B-4

${counts(nist)}

Passwords alone are AAL1. The ids are ours. Not met, or not wholly:

${gaps(nist)}

## ASVS, row by row

${asvs.map(section).join('\n\n')}

## NIST, row by row

${nist.map(section).join('\n\n')}
`
}
