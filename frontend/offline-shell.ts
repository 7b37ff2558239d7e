import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { transformWithEsbuild } from 'vite'
import type { Plugin } from 'vite'

const SOURCE = new URL('./src/worker/service-worker.ts', import.meta.url)
/** Every browser that has service workers takes these fonts. */
const IS_KEPT = /\.(js|css|woff2|svg)$/

/** Writes `sw.js`: the service worker, with the list of what this build is made of. None in development. */
export function offlineShell({
  base,
  publicFiles,
}: {
  base: string
  publicFiles: string[]
}): Plugin {
  return {
    name: 'offline-shell',
    apply: 'build',
    // After index.html, which changes with whatever it names.
    enforce: 'post',
    async generateBundle(_, bundle) {
      const files = [...publicFiles, ...Object.keys(bundle).filter((name) => IS_KEPT.test(name))]
      const page = bundle['index.html']
      const source = await readFile(SOURCE, 'utf8')
      const hash = createHash('sha256').update(
        JSON.stringify([files, page && 'source' in page && page.source]),
      )
      const { code } = await transformWithEsbuild(source, 'service-worker.ts', {
        target: 'es2022',
        minify: true,
        sourcemap: false,
        define: {
          VERSION: JSON.stringify(hash.update(source).digest('hex').slice(0, 16)),
          FILES: JSON.stringify(files.map((name) => base + name)),
        },
      })
      this.emitFile({ type: 'asset', fileName: 'sw.js', source: code })
    },
  }
}
