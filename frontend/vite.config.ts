import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { offlineShell } from './offline-shell'

// The development server hands everything that is not the front end to a running `manage.py up`.
const backend = process.env.PLUMBLINE_BACKEND ?? 'http://127.0.0.1:8000'

const base = '/static/'

export default defineConfig({
  base,
  plugins: [offlineShell({ base, publicFiles: ['plumbline.svg'] })],
  esbuild: { jsx: 'automatic' },
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 700,
    rollupOptions: {
      // Mantine marks its files for servers that render React; nothing here does.
      onwarn: (warning, warn) => warning.code === 'MODULE_LEVEL_DIRECTIVE' || warn(warning),
    },
  },
  server: { proxy: { '/api': backend, '/ws': { target: backend, ws: true } } },
  test: {
    environment: 'jsdom',
    include: ['src/**/*.test.{ts,tsx}'],
    setupFiles: ['src/lib/test-setup.ts'],
    restoreMocks: true,
  },
})
