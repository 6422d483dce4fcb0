/**
 * The page of mistakes and attacks, written from the ledger of the tests.
 *
 * @module
 */
import { families } from '../test/findings/attacks.ts'
import { laterBugs } from '../test/findings/later-bugs.ts'
import type { Chapter, Line } from '../test/findings/line.ts'
import { reviews } from '../test/findings/reviews.ts'
import { testsById } from '../test/findings/titles.ts'
import { weaknesses } from '../test/findings/weaknesses.ts'

const tests = testsById()

const filesOf = (ids: readonly string[]): string =>
  [...new Set(ids.flatMap((id) => tests.get(id) ?? []))]
    .sort()
    .map((file) => `\`${file}\``)
    .join('<br>')

function standing({ id, by = [], cannot, later }: Line): string {
  const shown = filesOf([id, ...by])
  if (shown) return cannot ? `${cannot}<br>${shown}` : shown
  return cannot ?? `Later: ${later}.`
}

const chapter = ({ heading, lines }: Chapter): string => `### ${heading}

| | was | here |
| --- | --- | --- |
${lines.map((line) => `| ${line.id} | ${line.was} | ${standing(line)} |`).join('\n')}`

const familyRows = families.map(({ name, about, cases, without = {} }) => {
  const shown = cases.filter((number) => tests.has(`${name}-${number}`))
  const rest = cases.filter((number) => !tests.has(`${name}-${number}`))
  const whys = [...new Set(rest.map((number) => without[number]))].map(
    (why) => `${rest.filter((number) => without[number] === why).join(', ')}: ${why}`,
  )
  const files = filesOf(shown.map((number) => `${name}-${number}`))
  return `| ${name} | ${about} | ${shown.join(', ')} | ${files} | ${whys.join('<br>')} |`
})

export const findingsPage = (): string => `# Mistakes and attacks

Written by \`npm run reference\` from the ledger of the tests (\`test/findings/\`); do not edit.

Each id stands in the title of the tests that show it: \`npm test -- -t LOCK-05\` runs them.

## Mistakes of the system before this one

What reviewers found in it, what its authors found later, and what its design could not hold. Each is
tried here, or cannot occur, or waits for what it belongs to.

${[...reviews, laterBugs, weaknesses].map(chapter).join('\n\n')}

## Attacks

| family | what is feared | tried | in | not tried |
| --- | --- | --- | --- | --- |
${familyRows.join('\n')}
`
