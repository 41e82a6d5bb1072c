import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Disk } from '../../../../lib/embedded/storage/disk.ts'
import { DamagedFile } from '../../../../lib/embedded/storage/errors.ts'
import { Journal } from '../../../../lib/embedded/storage/journal.ts'
import { type Change, MemoryTables, type Tables } from '../../../../lib/embedded/storage/tables.ts'
import { CrashingDisk, Killed } from './crashing-disk.ts'

const TABLES = ['offsets', 'topics']
// Reached after a few writes, so that rewriting is under test too.
const REWRITE_BYTES_MIN = 400

let root: string
let runs = 0
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'hydrawatch-journal-'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

const freshPath = () => join(root, `${runs++}.journal`)

function open(path: string, disk = new Disk(), log: (line: string) => void = () => undefined): Journal {
  return new Journal({ disk, path, log, rewriteBytes_min: REWRITE_BYTES_MIN })
}

const change: fc.Arbitrary<Change> = fc.record({
  table: fc.constantFrom(...TABLES),
  key: fc.constantFrom('a', 'b', 'c'),
  row: fc.option(fc.record({ offset: fc.nat(), note: fc.string({ maxLength: 20 }) })),
})
const writes = fc.array(fc.array(change, { minLength: 1, maxLength: 4 }), { maxLength: 20 })

const contentOf = (tables: Tables) =>
  TABLES.map((table) => new Map(tables.rows(table).map(({ key, row }) => [key, row])))

describe('tables on disk', () => {
  test('hold what the same tables hold in memory, now and after they are opened again', () => {
    fc.assert(
      fc.property(writes, (sequence) => {
        const path = freshPath()
        const [journal, model] = [open(path), new MemoryTables()]
        for (const changes of sequence) {
          journal.write(changes)
          model.write(changes)
        }
        expect(contentOf(journal)).toEqual(contentOf(model))
        expect(contentOf(open(path))).toEqual(contentOf(model))
      }),
      { numRuns: 40 },
    )
  })

  test('killed at any operation, torn write included, hold all of the change that was under way or none', () => {
    fc.assert(
      fc.property(
        writes,
        fc.nat({ max: 30 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (sequence, changes, share) => {
          const path = freshPath()
          const model = new MemoryTables()
          const allowed = [contentOf(model)]
          try {
            const journal = open(path, new CrashingDisk(changes, share))
            for (const write of sequence) {
              model.write(write)
              allowed.push(contentOf(model))
              journal.write(write)
              allowed.shift()
            }
          } catch (error) {
            if (!(error instanceof Killed)) throw error
          }
          expect(allowed).toContainEqual(contentOf(open(path)))
        },
      ),
      { numRuns: 100 },
    )
  })

  test('take no more disk than a few times what they hold', () => {
    const path = freshPath()
    const journal = open(path)
    for (let offset = 0; offset < 2_000; offset++) journal.write([{ table: 'offsets', key: 'a', row: { offset } }])
    expect(readFileSync(path).length).toBeLessThan(2 * REWRITE_BYTES_MIN)
    expect(open(path).rows('offsets')).toEqual([{ key: 'a', row: { offset: 1_999 } }])
  })

  test('are refused when a byte in the middle has changed', () => {
    const path = freshPath()
    const journal = open(path)
    for (const key of ['a', 'b']) journal.write([{ table: 'offsets', key, row: { offset: 1 } }])
    const bytes = readFileSync(path)
    bytes[20] = (bytes[20] ?? 0) ^ 1
    writeFileSync(path, bytes)
    expect(() => open(path)).toThrow(DamagedFile)
  })
})
