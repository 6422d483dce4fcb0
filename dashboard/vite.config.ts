/**
 * How the dashboard is built: into `dist/dashboard`, every file but the page itself under `/assets`
 * with a hash in its name, and nothing inline, so that the strictest content policy lets it run.
 */

import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'
import { pageList } from './page-list.ts'
import { schemeScript, themeStylesheet } from './static-look.ts'

// A build is for production whoever asks for it; a test runner would hand down its own mode.
if (process.argv.includes('build')) process.env.NODE_ENV = 'production'

const client = (file: string) => fileURLToPath(new URL(`../src/client/${file}`, import.meta.url))

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  plugins: [react(), themeStylesheet(), schemeScript(), pageList()],
  resolve: {
    alias: {
      'sallyport/account': client('account.ts'),
      'sallyport/admin': client('admin.ts'),
      'sallyport/client': client('client.ts'),
      'sallyport/react': client('react.tsx'),
    },
    dedupe: ['react', 'react-dom'],
  },
  build: {
    outDir: '../dist/dashboard',
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // How large the first load may be is in `test/doors.test.ts`.
    chunkSizeWarningLimit: 1000,
  },
  // `npm start` beside it gives the API while the pages are worked on.
  server: { proxy: { '/api': { target: 'http://localhost:3000', changeOrigin: true } } },
})
