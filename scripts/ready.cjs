/**
 * `node scripts/ready.cjs <task> [args]`: from a bare clone to a running task. Installs what is
 * missing, takes a Node that can run us and hands `scripts/<task>.ts` over to it. Kept to what
 * Node 12 can read, because the system's Node runs this file whatever its age.
 *
 * `npm start` is `exec node …`: some shells stay in between otherwise, and die of the SIGTERM that
 * npm passes on, so that npm ends before the server has.
 *
 * @module
 */
'use strict'

const path = require('path')
const { findSuitable, handOver, refuse } = require('../bin/suitable-node.cjs')
const { install, isComplete } = require('./installation.cjs')

const tasks = ['start', 'test', 'check', 'bench', 'campaign', 'newcomer', 'build', 'reference']
const root = path.dirname(__dirname)
const [task, ...args] = process.argv.slice(2)

if (!tasks.includes(task)) {
  process.stderr.write(`Usage: node scripts/ready.cjs ${tasks.join('|')} [args]\n`)
  process.exit(2)
}

if (!isComplete(root)) install(root)

const node = findSuitable()
if (!node) refuse()
else handOver(node, [path.join(__dirname, `${task}.ts`), ...args])
