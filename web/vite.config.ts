import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { defineConfig, type Plugin } from 'vite'

/** Writes a .gz beside each asset, so that the server never compresses megabytes of editor while somebody waits. */
function compressed(): Plugin {
  return {
    name: 'compressed',
    apply: 'build',
    async closeBundle() {
      const folder = join(import.meta.dirname, 'dist/assets')
      for (const name of await readdir(folder)) {
        const raw = await readFile(join(folder, name))
        const small = gzipSync(raw, { level: 9 })
        if (small.length < raw.length * 0.9) await writeFile(join(folder, `${name}.gz`), small)
      }
    },
  }
}

export default defineConfig({
  base: '/graphiql/',
  plugins: [compressed()],
  build: {
    target: 'es2022',
    // Monaco alone is larger than the size that Vite warns of; it loads once and is cached for good.
    chunkSizeWarningLimit: 5000,
    reportCompressedSize: false,
    rolldownOptions: {
      onLog(level, log, report) {
        // Some component libraries mark modules for server rendering, which nobody does here.
        if (log.code !== 'MODULE_LEVEL_DIRECTIVE') report(level, log)
      },
    },
  },
  server: {
    proxy: { '/graphql': { target: process.env.LECTERN_URL ?? 'http://127.0.0.1:8000', ws: true } },
  },
})
