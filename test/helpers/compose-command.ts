import { type SpawnSyncReturns, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { COMPOSE_FILE } from './compose.ts'

/** Something that reads compose files: the plugin of the docker command, or a docker-compose by itself. */
export interface ComposeCommand {
  readonly argv: readonly string[]
  readonly version: string
}

const CANDIDATES = [['docker', 'compose'], ['docker-compose']]
const ANSWER_MAX_MS = 60_000

/** The newest kind of compose that is installed here; null when there is none. It needs no engine for what is asked of it. */
export function findCompose(): ComposeCommand | null {
  for (const argv of CANDIDATES) {
    const { status, stdout } = run([...argv, 'version', '--short'])
    if (status === 0) return { argv, version: stdout.trim() }
  }
  return null
}

/** What `compose config` makes of `docker-compose.yml` with all of its profiles: the file as it is understood, in YAML. */
export function composeConfig({ argv, version }: ComposeCommand, profiles: readonly string[]) {
  const chosen = profiles.flatMap((profile) => ['--profile', profile])
  const place = ['--project-directory', dirname(COMPOSE_FILE)]
  if (!/^v?1\./.test(version)) return run([...argv, '--file', COMPOSE_FILE, ...place, ...chosen, 'config'])
  // Debian 12 has 1.29, which knows all of the file but the name of the project.
  const nameless = readFileSync(COMPOSE_FILE, 'utf8').replace(/^name: .*\n/m, '')
  return run([...argv, '--file', '-', ...place, ...chosen, 'config'], nameless)
}

function run([command = '', ...args]: readonly string[], input = ''): SpawnSyncReturns<string> {
  return spawnSync(command, args, { encoding: 'utf8', input, timeout: ANSWER_MAX_MS })
}
