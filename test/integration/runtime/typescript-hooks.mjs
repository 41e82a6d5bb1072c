import { createHash, randomUUID } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

const VERSION = 1
const CACHE = new URL('../../../node_modules/.cache/stripped-types/', import.meta.url)

/** Lets a plain Node process run our sources: types are stripped file by file, nothing is checked. */
export async function load(url, context, nextLoad) {
  if (!url.endsWith('.ts')) return nextLoad(url, context)
  return { format: 'module', source: await stripped(await readFile(fileURLToPath(url), 'utf8')), shortCircuit: true }
}

/** Kept by content: a test starts many processes, and to load the compiler and use it takes each of them seconds. */
async function stripped(source) {
  const place = new URL(`${createHash('sha256').update(`${VERSION}\n${source}`).digest('hex')}.js`, CACHE)
  const kept = await readFile(place, 'utf8').catch(() => null)
  if (kept !== null) return kept
  const { default: ts } = await import('typescript')
  const { outputText } = ts.transpileModule(source, {
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023, verbatimModuleSyntax: true },
  })
  await mkdir(CACHE, { recursive: true })
  // Others may read it at any time.
  const part = new URL(`${randomUUID()}.part`, CACHE)
  await writeFile(part, outputText)
  await rename(part, place)
  return outputText
}
