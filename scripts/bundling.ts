/**
 * The program as a few files: half of a cold start went into finding some 600 small ones.
 *
 * @module
 */
import { renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { build as bundle } from 'vite'
import { root } from './tool.ts'

/**
 * Dependencies that the program carries in itself. Each is without dependencies of its own, and is in
 * the version of the lockfile.
 */
export const carried = ['@opentelemetry/api', 'bowser', 'commander', 'kysely', 'ws', 'zod']

/** Makes a few files of the program's many, in the place where tsc has put them. */
export async function bundleProgram(made: string): Promise<void> {
  const server = join(made, 'server')
  const bundled = join(made, 'bundled')
  await bundle({
    root,
    configFile: false,
    logLevel: 'warn',
    ssr: { noExternal: carried },
    build: {
      ssr: true,
      outDir: bundled,
      target: 'node22',
      minify: false,
      license: { fileName: 'LICENSES.md' },
      rolldownOptions: {
        // The names of the files it came from would be those of a folder that is gone.
        experimental: { attachDebugInfo: 'none' },
        input: {
          main: join(server, 'main.js'),
          // Started by its name, beside the file that starts it.
          'hashing-worker': join(made, 'system/hashing-worker.js'),
        },
        output: {
          entryFileNames: '[name].js',
          chunkFileNames: '[name]-[hash].js',
          comments: { legal: true, annotation: false, jsdoc: false },
        },
      },
    },
  })
  rmSync(server, { recursive: true })
  renameSync(bundled, server)
}
