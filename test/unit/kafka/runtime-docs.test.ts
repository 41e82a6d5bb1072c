import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { LEGAL_MOVES } from '../../../lib/kafka/task-state.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const read = (path: string): string => readFileSync(root + path, 'utf8')

test('the state machine drawn in docs/runtime.md is the one that tasks obey', () => {
  const drawn = [...read('docs/runtime.md').matchAll(/^ +(\w+) --> (\w+)/gm)].map(([, from, to]) => `${from} ${to}`)
  const legal = Object.entries(LEGAL_MOVES).flatMap(([from, moves]) => moves.map((to) => `${from} ${to}`))
  expect(drawn.sort()).toEqual(legal.sort())
})

test('docs/runtime.md names every file of lib/kafka that it speaks of, and docs/guarantees.md tests that are there', () => {
  const files = [...read('docs/runtime.md').matchAll(/`([a-z-]+\.ts)`/g)].map(([, file]) => file!)
  expect(files.filter((file) => !existsSync(`${root}lib/kafka/${file}`))).toEqual([])
  const rows = read('docs/guarantees.md')
    .split('\n')
    .filter((line) => line.startsWith('| '))
  const tests = rows.flatMap((row) => [...row.matchAll(/`([a-z/*-]+\.test\.ts)`/g)].map(([, file]) => file!))
  expect(tests.length).toBeGreaterThan(10)
  expect(tests.filter((file) => !isTest(file))).toEqual([])
})

/** Named from `test/`, or from `test/integration/`. */
function isTest(name: string): boolean {
  const [folder = '', pattern] = name.split('/*')
  if (pattern === undefined) return [`test/${name}`, `test/integration/${name}`].some((path) => existsSync(root + path))
  return readdirSync(`${root}test/integration/${folder}`).some((file) => file.endsWith('.test.ts'))
}
