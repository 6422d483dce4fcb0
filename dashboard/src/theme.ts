/**
 * The design language as the components know it: colours, type, radius, shadow. What has a meaning
 * of its own on our pages (surface, line, accent) is named in `look.css` and drawn from these.
 *
 * Four families: *moat*, a deep petrol, for what can be acted on; *stone*, cool neutrals, for
 * everything that stands still; *brass*, sparingly, for the doors of the mark and what is yours;
 * *ember* for what cannot be taken back.
 */

import { createTheme, type MantineColorsTuple } from '@mantine/core'

const moat: MantineColorsTuple = [
  '#eef5f7',
  '#d9e8ec',
  '#b7d4dc',
  '#92bfcb',
  '#6aa4b4',
  '#4d90a3',
  '#3a8095',
  '#2a6e82',
  '#1c5c6f',
  '#0d4454',
]

const brass: MantineColorsTuple = [
  '#fbf5e9',
  '#f4e8cd',
  '#ead2a0',
  '#e0b566',
  '#d3a048',
  '#c59138',
  '#b8862f',
  '#956a1f',
  '#7a5517',
  '#5c3f0e',
]

const stone: MantineColorsTuple = [
  '#f6f7f6',
  '#eef0f0',
  '#e3e7e8',
  '#d1d8da',
  '#b3bdc1',
  '#879399',
  '#59676e',
  '#445158',
  '#2f3a40',
  '#19242a',
]

const night: MantineColorsTuple = [
  '#dbe2e6',
  '#bcc7cd',
  '#9dabb3',
  '#71808a',
  '#3d4b54',
  '#2f3c45',
  '#212d35',
  '#18232a',
  '#111a20',
  '#0b1217',
]

const ember: MantineColorsTuple = [
  '#fdf1ef',
  '#f9dedb',
  '#efc4bf',
  '#e39b94',
  '#d6716a',
  '#cb5148',
  '#c23c33',
  '#b3261e',
  '#a11f18',
  '#7d1711',
]

export const theme = createTheme({
  colors: { moat, brass, ember, gray: stone, dark: night },
  primaryColor: 'moat',
  primaryShade: { light: 8, dark: 7 },
  black: '#14202a',
  respectReducedMotion: true,
  cursorType: 'pointer',
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif',
  fontFamilyMonospace: 'ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace',
  headings: {
    fontWeight: '650',
    sizes: {
      h1: { fontSize: '1.75rem', lineHeight: '1.2' },
      h2: { fontSize: '1.125rem', lineHeight: '1.35' },
      h3: { fontSize: '1rem', lineHeight: '1.4' },
    },
  },
  // Named so that look.css can draw fields of every kind alike.
  components: {
    Input: { classNames: { input: 'field' } },
    InputWrapper: { classNames: { label: 'field-label' } },
  },
  defaultRadius: 'md',
  radius: { xs: '3px', sm: '5px', md: '8px', lg: '12px', xl: '20px' },
  shadows: {
    xs: '0 1px 2px rgb(15 32 40 / 6%)',
    sm: '0 1px 2px rgb(15 32 40 / 6%), 0 4px 12px rgb(15 32 40 / 5%)',
    md: '0 2px 4px rgb(15 32 40 / 6%), 0 12px 32px rgb(15 32 40 / 9%)',
  },
})
