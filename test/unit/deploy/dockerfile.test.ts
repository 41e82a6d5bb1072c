import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { type DockerInstruction, readDockerfile } from '../../helpers/dockerfile.ts'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const stages = readDockerfile(join(ROOT, 'Dockerfile'))
const final = stages.at(-1)
const manifest: { version: string; files: string[]; license: string } = JSON.parse(
  readFileSync(join(ROOT, 'package.json'), 'utf8'),
)

function all(keyword: string, stage = final): DockerInstruction[] {
  return stage?.instructions.filter((instruction) => instruction.keyword === keyword) ?? []
}

/** What a stage copies from the build context, without the destination. */
function contextSources(): string[] {
  return stages.flatMap((stage) =>
    all('COPY', stage)
      .filter(({ flags }) => !flags.has('from'))
      .flatMap(({ words }) => words.slice(0, -1)),
  )
}

describe('the image', () => {
  it('is built on one pinned Node that package.json accepts', () => {
    const names = new Set(stages.map(({ name }) => name))
    const images = stages.map(({ from }) => from).filter((from) => !names.has(from))
    expect(images).toHaveLength(1)
    const [, major, minor] = /^node:(\d+)\.(\d+)\.\d+-\w+-slim$/.exec(images[0] ?? '') ?? []
    expect(Number(major) * 1000 + Number(minor)).toBeGreaterThanOrEqual(20_012)
  })

  it('runs as a numbered user that is not root', () => {
    expect(all('USER').map(({ words }) => words)).toEqual([[expect.stringMatching(/^[1-9]\d*:[1-9]\d*$/)]])
    expect(final?.instructions.findIndex(({ keyword }) => keyword === 'USER')).toBeGreaterThan(
      final?.instructions.findLastIndex(({ keyword }) => keyword === 'COPY') ?? 0,
    )
  })

  it('starts the program itself, so that signals reach it and a command is the argument', () => {
    const [entrypoint, ...others] = all('ENTRYPOINT')
    expect(others).toEqual([])
    expect(entrypoint).toMatchObject({ isExecForm: true, words: ['node', '/app/bin/hydrawatch.js'] })
    expect(all('CMD')).toMatchObject([{ isExecForm: true }])
    expect(all('STOPSIGNAL').map(({ words }) => words)).toEqual([['SIGTERM']])
  })

  it('copies what exists and what .dockerignore lets through', () => {
    const rules = readFileSync(join(ROOT, '.dockerignore'), 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
    expect(rules[0]).toBe('*')
    const allowed = new Set(rules.slice(1).map((rule) => rule.replace(/^!/, '')))
    const sources = contextSources()
    expect(sources.length).toBeGreaterThan(10)
    expect(sources.filter((source) => !existsSync(join(ROOT, source)))).toEqual([])
    expect(sources.filter((source) => !allowed.has(source.split('/')[0] ?? ''))).toEqual([])
    expect([...allowed].filter((path) => !sources.some((source) => source.split('/')[0] === path))).toEqual([])
  })

  it('holds what the package holds, and no development dependency', () => {
    const copied = all('COPY').flatMap(({ words }) =>
      words.slice(0, -1).map((source) => source.replace(/^\/app\//, '')),
    )
    expect(new Set(copied)).toEqual(new Set([...manifest.files, 'package.json', 'node_modules']))
    expect(all('RUN')).toEqual([])
    const modules = all('COPY').find(({ words }) => words[0] === '/app/node_modules')
    const source = stages.find(({ name }) => name === modules?.flags.get('from'))
    expect(all('RUN', source).map(({ words }) => words)).toEqual([expect.arrayContaining(['ci', '--omit=dev'])])
  })

  it('is labelled with the version and licence of the package, and says production', () => {
    const labels = all('LABEL').flatMap(({ words }) => words)
    expect(labels).toContain(`org.opencontainers.image.version="${manifest.version}"`)
    expect(labels).toContain(`org.opencontainers.image.licenses="${manifest.license}"`)
    expect(all('ENV').flatMap(({ words }) => words)).toContain('NODE_ENV=production')
  })
})
