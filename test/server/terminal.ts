/**
 * A command on a terminal of its own, as somebody who sits before it runs it.
 *
 * @module
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { bare, main } from './main.ts'

/**
 * Runs `sallyport <args>` in `folder`, and types each answer once it is asked for.
 *
 * @param behind What the shell does with it besides, as in `> file`.
 * @returns All that the terminal showed.
 */
export async function onTerminal(
  folder: string,
  args: readonly string[],
  answers: readonly (readonly [RegExp, string])[] = [],
  behind = '',
): Promise<{ code: number | null; text: string }> {
  const line = [process.execPath, main, ...args].map((word) => `'${word}'`).join(' ')
  const child = spawn(
    'script',
    ['--quiet', '--flush', '--return', '--command', `${line} ${behind}`, '/dev/null'],
    { cwd: folder, env: bare, stdio: ['pipe', 'pipe', 'inherit'] },
  )
  let text = ''
  const waiting = [...answers]
  child.stdout.on('data', (piece) => {
    text += piece
    const [asked, answer] = waiting[0] ?? []
    if (!asked?.test(text)) return
    waiting.shift()
    child.stdin.write(answer ?? '')
  })
  const [code] = await once(child, 'close')
  return { code, text }
}
