#!/usr/bin/env node
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const main = new URL('../dist/lib/cli/main.js', import.meta.url)
if (!existsSync(fileURLToPath(main))) {
  process.stderr.write('hydrawatch: dist/ is missing; `npm ci` builds it, or run `npm run build`.\n')
  process.exit(1)
}
await import(main.href)
