#!/usr/bin/env node
/**
 * The command `sallyport`. It looks at the Node it runs on before anything else is loaded, so that
 * an old one gets a sentence and not a syntax error.
 *
 * @module
 */
'use strict'

const { findSuitable, handOver, refuse } = require('./suitable-node.cjs')

// In the 22 line Node says of its SQLite, at every start, that it may change; we know which it is.
const { emitWarning } = process
process.emitWarning = (warning, ...more) => {
  if (!/^SQLite is an experimental/.test(String(warning)))
    emitWarning.call(process, warning, ...more)
}

const node = findSuitable()
if (!node) refuse()
else if (node === process.execPath) void import('../dist/server/main.js')
else handOver(node, [__filename, ...process.argv.slice(2)])
