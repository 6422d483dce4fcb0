/**
 * A playbook as an operator follows it: the commands of a page, run by a shell beside a server.
 *
 * @module
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { bare, main } from './main.ts'
import { emptyFolder } from './process.ts'

const page = join(import.meta.dirname, '../../docs/security/incidents.md')

/** The commands under a heading, before the next one. @throws When there are none. */
function commandsUnder(heading: string): string {
  const after = readFileSync(page, 'utf8').split(new RegExp(`^#{2,3} ${heading}$`, 'm'))[1] ?? ''
  const section = after.split(/^#{2,3} /m)[0] ?? ''
  const blocks = [...section.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(([, block]) => block)
  if (blocks.length === 0) throw new Error(`incidents.md has no commands under ${heading}`)
  return blocks.join('\n')
}

/**
 * Does what the page says under `heading`, in the folder of a server.
 *
 * @param known What an operator knows by then: NAME, SESSION, KEY.
 * @returns What was printed.
 * @throws When a command fails.
 */
export async function follow(
  heading: string,
  folder: string,
  known: Readonly<Record<string, string>> = {},
): Promise<string> {
  const programs = emptyFolder()
  const sallyport = join(programs, 'sallyport')
  writeFileSync(sallyport, `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`)
  chmodSync(sallyport, 0o700)
  const env = { ...bare, PATH: `${programs}:${bare.PATH}`, ...known }
  const shell = spawn('sh', ['-eu', '-c', commandsUnder(heading)], { cwd: folder, env })
  const [said, complained, [code]] = await Promise.all([
    text(shell.stdout),
    text(shell.stderr),
    once(shell, 'close'),
  ])
  if (code !== 0) throw new Error(`${heading}: exit code ${code}\n${said}${complained}`)
  return said
}
