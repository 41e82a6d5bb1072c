import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openDataFolder } from '../../../../lib/embedded/storage/data-folder.ts'
import { DataFolderFailed } from '../../../../lib/embedded/storage/errors.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'hydrawatch-folder-'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

const inFolder = (name: string) => join(root, name)

/** What the refusal says; fails when there is none. */
function refusal(folder: string): { code: string; message: string } {
  try {
    openDataFolder(folder)
  } catch (error) {
    if (error instanceof Error && 'code' in error) return { code: String(error.code), message: error.message }
    throw error
  }
  throw new Error(`${folder} was opened`)
}

describe('a data folder', () => {
  test('is made where nothing is, and opened again after it was closed', async () => {
    const folder = inFolder('some/where/new')
    const first = openDataFolder(folder)
    first.registry.write([{ table: 'levels', key: 'a', row: { level: 'FULL' } }])
    await first.close()
    const second = openDataFolder(folder)
    expect(second.registry.rows('levels')).toEqual([{ key: 'a', row: { level: 'FULL' } }])
    await second.close()
    expect(existsSync(join(folder, 'lock'))).toBe(false)
  })

  test('that is a file, or lies below one, is wrong usage', () => {
    writeFileSync(inFolder('file'), 'text')
    for (const folder of ['file', 'file/below']) {
      expect(refusal(inFolder(folder))).toEqual({
        code: 'E_DATA_DIR',
        message: expect.stringMatching(/is a file, or lies below one\. Name a folder that is empty/),
      })
    }
    expect(readFileSync(inFolder('file'), 'utf8')).toBe('text')
  })

  test('with files of somebody else is wrong usage, and they are left alone', () => {
    writeFileSync(inFolder('thesis.tex'), 'text')
    expect(refusal(root)).toEqual({ code: 'E_DATA_DIR', message: expect.stringContaining('holds other files') })
    expect(existsSync(inFolder('lock'))).toBe(false)
  })

  test('of a newer version is refused, and left as it is', async () => {
    await openDataFolder(inFolder('data')).close()
    const format = inFolder('data/format.json')
    writeFileSync(format, readFileSync(format, 'utf8').replace('"version":1', '"version":2'))
    expect(refusal(inFolder('data'))).toEqual({
      code: 'E_DATA_DIR_VERSION',
      message: expect.stringMatching(
        /has data format 2, this version of hydrawatch knows 1\. Start the version that wrote it/,
      ),
    })
    expect(existsSync(inFolder('data/lock'))).toBe(false)
  })

  test('whose format file makes no sense is refused with its name', async () => {
    await openDataFolder(inFolder('data')).close()
    writeFileSync(inFolder('data/format.json'), '{')
    expect(refusal(inFolder('data'))).toEqual({
      code: 'E_DATA_DAMAGED',
      message: expect.stringContaining('data/format.json'),
    })
  })

  test('that cannot be written is refused with the reason of the system', () => {
    mkdirSync(inFolder('data'))
    chmodSync(inFolder('data'), 0o555)
    chmodSync(root, 0o755)
    const folder = asNobody(() => refusal(inFolder('data')))
    expect(folder).toEqual({ code: 'E_DATA_DIR_FAILED', message: expect.stringMatching(/cannot lock .*data: EACCES/) })
  })

  test('tells its owner once when a write fails, and refuses everything from then on', async () => {
    const folder = inFolder('data')
    const failures: DataFolderFailed[] = []
    const data = openDataFolder(folder, { onFailure: (error) => failures.push(error) })
    rmSync(folder, { recursive: true })
    const write = () => data.registry.write([{ table: 'levels', key: 'a', row: { level: 'FULL' } }])
    expect(write).toThrow(DataFolderFailed)
    expect(write).toThrow(/cannot write .*registry\.journal: ENOENT.* See to rights and space/)
    expect(failures.length).toBe(1)
    await data.close()
  })
})

describe('the lock of a data folder', () => {
  test('keeps a second owner out, in this process and in another', async () => {
    const data = openDataFolder(inFolder('data'))
    expect(refusal(inFolder('data'))).toEqual({
      code: 'E_DATA_DIR_IN_USE',
      message: expect.stringMatching(
        new RegExp(`is open in process ${process.pid} on .* Stop that one, or use another folder`),
      ),
    })
    await data.close()
    const child = spawn(process.execPath, ['-e', 'process.stdin.resume()'], { stdio: ['pipe', 'ignore', 'ignore'] })
    writeLock({ pid: child.pid, host: hostname(), start: null })
    expect(refusal(inFolder('data')).code).toBe('E_DATA_DIR_IN_USE')
    child.kill('SIGKILL')
    await once(child, 'exit')
    // A killed holder leaves its file behind and keeps nobody out.
    await openDataFolder(inFolder('data')).close()
  })

  test('of a holder on another host counts, since nobody here can know whether it lives', () => {
    mkdirSync(inFolder('data'))
    writeLock({ pid: 1, host: `not-${hostname()}`, start: null })
    expect(refusal(inFolder('data')).message).toMatch(/if it is certain that it is gone, delete .*data\/lock/)
  })

  test.runIf(process.platform === 'linux')(
    'is not that of a stranger who was given the id of a killed holder',
    async () => {
      mkdirSync(inFolder('data'))
      writeLock({ pid: process.ppid, host: hostname(), start: 'another boot 1' })
      await openDataFolder(inFolder('data')).close()
      writeLock({ pid: process.pid, host: hostname(), start: null })
      await openDataFolder(inFolder('data')).close()
    },
  )

  test('is given back when the data turn out to be damaged', async () => {
    const data = openDataFolder(inFolder('data'))
    for (const key of ['a', 'b']) data.registry.write([{ table: 'levels', key, row: { level: 'FULL' } }])
    await data.close()
    const path = inFolder('data/registry.journal')
    const bytes = readFileSync(path)
    bytes[20] = (bytes[20] ?? 0) ^ 1
    writeFileSync(path, bytes)
    expect(refusal(inFolder('data')).code).toBe('E_DATA_DAMAGED')
    expect(existsSync(inFolder('data/lock'))).toBe(false)
  })

  function writeLock(holder: { pid: number | undefined; host: string; start: string | null }): void {
    writeFileSync(inFolder('data/lock'), JSON.stringify(holder))
  }
})

/** Root may write everywhere: for as long as `work` takes, this process is nobody. */
function asNobody<T>(work: () => T): T {
  if (process.getuid?.() !== 0 || process.seteuid === undefined) return work()
  process.seteuid(65_534)
  try {
    return work()
  } finally {
    process.seteuid(0)
  }
}
