import { spawnSync } from 'node:child_process'
import { StartError } from './start-error.mjs'

/**
 * Runs Maven and waits for it.
 *
 * @param {string[]} args
 * @param {string} wanted what could not be had, when it fails
 * @throws {StartError} E_NO_MAVEN, E_MAVEN
 */
export function runMaven(args, wanted) {
  const { error, status, stdout, stderr } = spawnSync('mvn', ['-q', '-B', ...args], { encoding: 'utf8' })
  if (error) throw new StartError('E_NO_MAVEN', `mvn cannot be run (${error.message}); install Maven 3.8 or later`)
  if (status === 0) return
  const reason = `${stdout}${stderr}`.split('\n').filter((line) => line.includes('[ERROR]'))
  throw new StartError(
    'E_MAVEN',
    `Maven could not resolve ${wanted}; is its repository reachable?\n${reason.join('\n')}`,
  )
}
