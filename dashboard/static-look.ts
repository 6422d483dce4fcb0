/**
 * What a component library would write into the page while it runs, written into files while it is
 * built: the theme's variables as a stylesheet, and the colour scheme as a script that runs before
 * the first paint. The content policy allows files of this origin and nothing inline.
 */

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import {
  convertCssVariables,
  DEFAULT_THEME,
  defaultCssVariablesResolver,
  mergeMantineTheme,
} from '@mantine/core'
import type { Plugin } from 'vite'
import { theme } from './src/theme.ts'

const sheet = 'virtual:theme.css'
const schemeFile = fileURLToPath(new URL('./src/scheme.js', import.meta.url))

/** Serves `virtual:theme.css`: every variable of the theme, in the layer of the library's styles. */
export function themeStylesheet(): Plugin {
  return {
    name: 'theme-stylesheet',
    resolveId: (id) => (id === sheet ? `\0${sheet}` : undefined),
    load: (id) => {
      if (id !== `\0${sheet}`) return undefined
      const merged = mergeMantineTheme(DEFAULT_THEME, theme)
      const { variables, dark, light } = defaultCssVariablesResolver(merged)
      const css = convertCssVariables({
        variables,
        dark: { ...dark, '--mantine-color-scheme': 'dark' },
        light: { ...light, '--mantine-color-scheme': 'light' },
      })
      return `@layer mantine {\n${css}\n}`
    },
  }
}

/** Puts `scheme.js` into the head as a file of its own that the page waits for. */
export function schemeScript(): Plugin {
  let built = false
  return {
    name: 'scheme-script',
    configResolved: (config) => {
      built = config.command === 'build'
    },
    buildStart() {
      if (!built) return
      const source = readFileSync(schemeFile, 'utf8')
      this.emitFile({ type: 'asset', name: 'scheme.js', source })
    },
    transformIndexHtml: {
      order: 'post',
      handler: (_, { bundle }) => {
        const files = Object.values(bundle ?? {})
        const emitted = files.find((file) => file.type === 'asset' && file.names[0] === 'scheme.js')
        const src = emitted ? `/${emitted.fileName}` : '/src/scheme.js'
        return [{ tag: 'script', attrs: { src }, injectTo: 'head-prepend' }]
      },
    },
  }
}
