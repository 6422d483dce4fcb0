/**
 * Prompts: what a person is asked on a terminal. Questions go to standard error, so that standard
 * output holds the answer of the command alone.
 *
 * @module
 */
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { OperatorRefusal } from '../index.ts'

/** What readline would show of what is typed goes nowhere. */
const nowhere = () => new Writable({ write: (_chunk, _encoding, done) => done() })

/** Asks on the terminal. @param hidden Whether what is typed is not to be seen. */
async function ask(question: string, hidden: boolean): Promise<string> {
  const { stdin, stderr } = process
  const lines = createInterface({
    input: stdin,
    output: hidden ? nowhere() : stderr,
    terminal: true,
  })
  // Control-C and control-D: without an answer nothing is done.
  const left = new Promise<never>((_, reject) => {
    const leave = () => reject(new OperatorRefusal('Nothing was done.'))
    lines.once('SIGINT', leave).once('close', leave)
  })
  try {
    if (hidden) stderr.write(question)
    return await Promise.race([lines.question(hidden ? '' : question), left])
  } finally {
    if (hidden) stderr.write('\n')
    lines.close()
  }
}

/**
 * A password that somebody chooses: typed twice on a terminal, unseen; else the first line of what
 * comes through a pipe. Never an argument, which others of the machine could read.
 */
export async function newPassword(): Promise<string> {
  if (!process.stdin.isTTY) {
    for await (const line of createInterface({ input: process.stdin })) return line
    throw new OperatorRefusal('No password came through the pipe.')
  }
  const password = await ask('Password: ', true)
  if ((await ask('Once more: ', true)) !== password)
    throw new OperatorRefusal('The two are not the same. Nothing was done.')
  return password
}

/** Whether somebody types `word`; `undefined` where nobody can be asked. */
export async function confirmed(question: string, word: string): Promise<boolean | undefined> {
  return process.stdin.isTTY ? (await ask(question, false)) === word : undefined
}
