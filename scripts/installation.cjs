/**
 * Whether `node_modules` is what the lockfile asks for, and `npm ci` when it is not. npm notes what
 * it installed in `node_modules/.package-lock.json`, also when somebody ran it by hand, so that
 * note is compared and none of our own is kept. Kept to what Node 12 can read.
 *
 * @module
 */
'use strict'

const { spawnSync } = require('child_process')
const fs = require('fs')
const path = require('path')

/** Whether every package of the lockfile is installed as it says, and nothing else is. */
function isComplete(root) {
  const asked = readPackages(path.join(root, 'package-lock.json'))
  const installed = readPackages(path.join(root, 'node_modules', '.package-lock.json'))
  if (!asked || !installed) return false

  const isAsked = (place) => place in asked
  const isInstalled = (place) => {
    if (!place.includes('node_modules/')) return true
    // Optional packages are mostly for other platforms; npm leaves those out.
    if (!installed[place]) return Boolean(asked[place].optional || asked[place].devOptional)
    const isThere = fs.existsSync(path.join(root, place))
    return isThere && installed[place].version === asked[place].version
  }
  return Object.keys(asked).every(isInstalled) && Object.keys(installed).every(isAsked)
}

/** Runs `npm ci`; a failure ends this process with npm's own words and code. */
function install(root) {
  process.stderr.write('Installing packages (npm ci)\n')
  // npm itself may run on the system's older Node, of which it would warn for every package.
  const args = ['ci', '--include=dev', '--include=optional', '--loglevel=error']
  const options = { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] }
  // Under `npm test` this is the very npm that was called, also where none is on the path.
  const npm = process.env.npm_execpath
  const done = npm
    ? spawnSync(process.execPath, [npm, ...args], options)
    : spawnSync('npm', args, { ...options, shell: process.platform === 'win32' })
  if (done.status === 0) return
  process.stderr.write(`npm ci failed${done.error ? `: ${done.error.message}` : ''}\n`)
  process.exit(done.status || 1)
}

function readPackages(file) {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8')).packages
  } catch (_absentOrBroken) {
    return undefined
  }
}

module.exports = { isComplete, install }
