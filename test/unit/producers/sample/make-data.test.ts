import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { SAMPLE_DATA_FOLDER } from '../../../../producers/sample/folder.ts'
import { makeData } from '../../../../producers/sample/make-data.ts'

/** Absent outside the project's own workshop; the comparison is skipped then. */
const REFERENCE_DATA = fileURLToPath(new URL('../../../../../shared/data/', import.meta.url))
const SHIPPED_BYTES_MAX = 1_500_000

describe('the shipped sample data', () => {
  const files = readdirSync(SAMPLE_DATA_FOLDER)

  it('are what make-data cuts from the full sets', ({ skip }) => {
    if (!existsSync(REFERENCE_DATA)) skip('the full sets are not beside this clone')
    const made = makeData(REFERENCE_DATA)
    expect(files.toSorted()).toEqual([...made.keys()].map((name) => `${name}.gz`).toSorted())
    for (const [name, text] of made) {
      // Uncompressed: gzip output differs between zlib builds.
      const shipped = gunzipSync(readFileSync(join(SAMPLE_DATA_FOLDER, `${name}.gz`))).toString('utf8')
      expect(shipped === text, `${name} is not current; rerun make-data`).toBe(true)
    }
  })

  it('stay small', () => {
    const sizes_bytes = files.map((file) => statSync(join(SAMPLE_DATA_FOLDER, file)).size)
    expect(sizes_bytes.reduce((sum, size_bytes) => sum + size_bytes, 0)).toBeLessThan(SHIPPED_BYTES_MAX)
  })

  it('are each named with their licence in THIRD_PARTY.md', () => {
    const notices = readFileSync(new URL('../../../../THIRD_PARTY.md', import.meta.url), 'utf8')
    for (const file of files) expect(notices, file).toContain(`\`${file}\``)
  })
})
