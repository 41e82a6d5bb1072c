import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { packageVersion } from '../../../lib/ops/package-info.ts'
import { openBroker, type TestBroker } from '../../helpers/broker.ts'
import { deployment } from '../../helpers/deployment.ts'
import { type DockerInstruction, type DockerStage, readDockerfile } from '../../helpers/dockerfile.ts'
import { groupMembers } from '../../helpers/group-members.ts'
import { type Program, type ProgramOptions, said, startProgram, terminate } from '../../helpers/program.ts'
import { waitFor } from '../../helpers/wait-for.ts'

// The image without an engine: what the Dockerfile copies and runs is copied and run in folders of its own, one per stage,
// and the program in the last one is started as the user whom the Dockerfile names, where this test may change users.

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const WORKDIR = '/app'
const BUILD_MAX_MS = 600_000
// What npm has in its cache is not asked for again.
const BUILD_ENV = { ...process.env, npm_config_prefer_offline: 'true' }
// It needs npm's registry, which `npm test` does not; once in CI is enough.
const isWanted = process.env.KAFKA_BROKERS !== undefined
if (!isWanted) process.stderr.write('the image: skipped, it is built beside the tests on a real Kafka\n')
const stages = readDockerfile(join(ROOT, 'Dockerfile'))
const final = stages.at(-1)!
const user = Number(final.instructions.find(({ keyword }) => keyword === 'USER')?.words[0]?.split(':')[0])
const isRoot = process.getuid?.() === 0
let work: string
let broker: TestBroker

function folderOf({ name }: Pick<DockerStage, 'name'>): string {
  return join(work, name ?? 'final')
}

function build(stage: DockerStage): void {
  const folder = folderOf(stage)
  mkdirSync(folder)
  for (const instruction of stage.instructions) {
    if (instruction.keyword === 'COPY') copy(instruction, folder)
    else if (instruction.keyword === 'RUN') run(instruction.words.join(' '), folder)
  }
}

function run(command: string, folder: string): void {
  execFileSync('sh', ['-c', command], { cwd: folder, env: BUILD_ENV })
}

/** As docker does it: of a folder what is in it, of a file the file; from the repository, or from an earlier stage. */
function copy({ words, flags }: DockerInstruction, folder: string): void {
  const from = flags.get('from')
  const destination = join(folder, words.at(-1) ?? '')
  for (const source of words.slice(0, -1)) {
    const path = from === undefined ? join(ROOT, source) : join(folderOf({ name: from }), source.replace(WORKDIR, ''))
    const isFolder = statSync(path).isDirectory()
    cpSync(path, isFolder ? destination : join(destination, source), { recursive: true })
  }
}

function start(argv: readonly string[], options: ProgramOptions = {}): Program {
  return startProgram(argv, { folder: folderOf(final), ...(isRoot ? { user } : {}), ...options })
}

describe.runIf(isWanted)('the image', () => {
  beforeAll(async () => {
    broker = await openBroker()
    work = mkdtempSync(join(tmpdir(), 'hydrawatch-image-'))
    chmodSync(work, 0o755)
    for (const stage of stages) build(stage)
  }, BUILD_MAX_MS)

  afterAll(async () => {
    await broker.close()
    rmSync(work, { recursive: true, force: true })
  })

  it('holds the program and what it needs to run, without compiler, sources or tests', () => {
    const has = (path: string) => existsSync(join(folderOf(final), path))
    expect(
      ['dist/lib/cli/main.js', 'node_modules/kafkajs', 'LICENSE', 'THIRD_PARTY.md'].filter((path) => !has(path)),
    ).toEqual([])
    expect(['lib', 'test', 'dist/test', 'node_modules/typescript', 'node_modules/vitest'].filter(has)).toEqual([])
  })

  it('answers without a network: version, settings and a replay of its sample data', async () => {
    const version = start(['--version'])
    expect(await version.exit, version.err()).toEqual([0, null])
    expect(version.out()).toBe(`${packageVersion()}\n`)
    const config = start(['config', '--json'])
    expect(await config.exit, config.err()).toEqual([0, null])
    const data = join(folderOf(final), 'producers/sample/data')
    const replay = start(['replay', join(data, 'mooncake.jsonl.gz'), '--format', 'mooncake', '--alerts', '-'])
    expect(await replay.exit, replay.err()).toEqual([0, null])
  })

  it('creates the topics, runs every stage as its user, and leaves the groups on SIGTERM', async () => {
    const env = deployment(broker)
    const topics = start(['topics', 'apply'], { env })
    expect(await topics.exit, topics.err()).toEqual([0, null])
    const program = start(['run', 'all'], { env })
    try {
      // Three stages with a task for each of two partitions, two with one.
      await waitFor('every task to run', () => said(program, 'task restored') >= 8, 60_000)
      expect(await groupMembers(broker.brokers, env.HYDRAWATCH_TOPICS_PREFIX)).toEqual([1, 1, 1, 1, 1])
      expect(await terminate(program), program.err()).toEqual([0, null])
    } finally {
      program.child.kill('SIGKILL')
    }
    expect(await groupMembers(broker.brokers, env.HYDRAWATCH_TOPICS_PREFIX)).toEqual([0, 0, 0, 0, 0])
  })
})
