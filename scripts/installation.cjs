/**
 * Whether `node_modules` is what the lockfile asks for, and `npm ci` when it is not. npm notes what
 * it installed in `node_modules/.package-lock.json`, also when somebody ran it by hand, so that
 * note and what lies there are compared, and none of our own is kept. Kept to what Node 12 can read.
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
    if (!place.includes('node_modules/') || asked[place].link) return true
    // Optional packages are mostly for other platforms; npm leaves those out.
    const there = versionIn(path.join(root, place))
    if (!there) return Boolean(asked[place].optional || asked[place].devOptional)
    return there === asked[place].version && (installed[place] || asked[place]).version === there
  }
  // What more lies behind a link may be what another checkout asks for.
  const isShared = isLink(path.join(root, 'node_modules'))
  return (
    Object.keys(asked).every(isInstalled) && (isShared || Object.keys(installed).every(isAsked))
  )
}

/** Runs `npm ci`; a failure ends this process with npm's own words and code. */
function install(root) {
  // It would empty the folder behind the link, which another checkout works with.
  if (isLink(path.join(root, 'node_modules'))) {
    process.stderr.write('node_modules is a link: run npm ci in the folder it leads to.\n')
    process.exit(1)
  }
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

function isLink(place) {
  try {
    return fs.lstatSync(place).isSymbolicLink()
  } catch (_absent) {
    return false
  }
}

function versionIn(place) {
  try {
    return JSON.parse(fs.readFileSync(path.join(place, 'package.json'), 'utf8')).version
  } catch (_absentOrBroken) {
    return undefined
  }
}

function readPackages(file) {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8')).packages
  } catch (_absentOrBroken) {
    return undefined
  }
}

module.exports = { isComplete, install }
