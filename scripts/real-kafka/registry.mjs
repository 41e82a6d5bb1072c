import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { javaProcess, startJava, stopJava } from './java-process.mjs'
import { runMaven } from './maven.mjs'
import { StartError } from './start-error.mjs'

// The newest release that is served and runs on Java 17; from 3.1 on Apicurio needs 21. Apache License 2.0.
const VERSION = '3.0.9'
const ARTIFACT = `io.apicurio:apicurio-registry-app:${VERSION}:tar.gz:all`
// Plugins from 3.0 on read the POM of the artifact's parent first, which is not in Maven Central for this release.
const GOAL = 'org.apache.maven.plugins:maven-dependency-plugin:2.10:get'
const CONTENT_TYPE = { 'content-type': 'application/vnd.schemaregistry.v1+json' }
const PROBE_DEADLINE_MS = 5_000

/**
 * Apicurio Registry through its API that is compatible with Confluent's. Its schemas lie in a file: a registry that was killed
 * comes back with them.
 *
 * @typedef {{ port: number, managementPort: number }} Registry the second port is not used, but cannot be done without
 */

/** @param {number} port the first of two */
export const registryAt = (port) => ({ port, managementPort: port + 1 })

/** @param {Registry} registry */
export const registryUrl = ({ port }) => `http://127.0.0.1:${port}/apis/ccompat/v7`

/** @param {string} dir */
export function registryProcess(dir) {
  const home = registryDir(dir)
  return javaProcess(home, { name: `Apicurio Registry ${VERSION}`, code: 'REGISTRY', mark: join(home, 'data') })
}

/**
 * The application, fetched by Maven and unpacked on the first call.
 *
 * @param {string} dir
 * @param {(line: string) => void} progress
 * @throws {StartError} E_NO_MAVEN, E_MAVEN, E_UNPACK
 */
export function resolveRegistry(dir, progress) {
  const application = applicationDir(dir)
  if (existsSync(application)) return
  progress(`resolving Apicurio Registry ${VERSION} with Maven (about 110 MB the first time)`)
  mkdirSync(registryDir(dir), { recursive: true })
  const archive = `${application}.tar.gz`
  runMaven([GOAL, `-Dartifact=${ARTIFACT}`, '-Dtransitive=false', `-Ddest=${archive}`], ARTIFACT)
  // Unpacked beside and renamed: half an application must not be taken for one.
  const unfinished = `${application}.${process.pid}`
  mkdirSync(unfinished)
  const tar = spawnSync('tar', ['-xzf', archive, '-C', unfinished], { encoding: 'utf8' })
  if (tar.status !== 0) {
    throw new StartError('E_UNPACK', `${archive} could not be unpacked: ${tar.error?.message ?? tar.stderr}`)
  }
  renameSync(unfinished, application)
  rmSync(archive)
}

/**
 * Starts the registry on its folder and its ports, and waits until it answers.
 *
 * @param {string} dir
 * @param {string} java
 * @param {Registry} registry
 * @returns {Promise<number>} the pid
 * @throws {StartError} E_NO_JAVA, E_REGISTRY_EXITED, E_REGISTRY_SILENT
 */
export function startRegistry(dir, java, registry) {
  const settings = {
    'quarkus.http.host': '127.0.0.1',
    'quarkus.http.port': registry.port,
    'quarkus.management.host': '127.0.0.1',
    'quarkus.management.port': registry.managementPort,
    'quarkus.http.access-log.enabled': false,
    // It lists 1,000 subjects at most by itself; a run of all tests registers more.
    'apicurio.ccompat.max-subjects': 100_000,
    'apicurio.storage.kind': 'sql',
    'apicurio.storage.sql.kind': 'h2',
    'apicurio.datasource.url': `jdbc:h2:file:${join(dataDir(dir), 'registry')}`,
  }
  const flags = Object.entries(settings).map(([name, value]) => `-D${name}=${value}`)
  const jar = join(applicationDir(dir), `apicurio-registry-app-${VERSION}-runner.jar`)
  const heap = ['-Xms64m', '-Xmx384m', '-XX:+UseSerialGC', '-XX:+ExitOnOutOfMemoryError']
  return startJava(registryProcess(dir), java, [...heap, ...flags, '-jar', jar], () => isReady(registry))
}

/** @param {string} dir */
export const stopRegistry = (dir) => stopJava(registryProcess(dir))

/** @param {string} dir */
export const deleteSchemas = (dir) => rmSync(dataDir(dir), { recursive: true, force: true })

/** @param {string} dir */
const registryDir = (dir) => join(resolve(dir), 'registry')

/** @param {string} dir */
const dataDir = (dir) => join(registryDir(dir), 'data')

/** @param {string} dir */
const applicationDir = (dir) => join(registryDir(dir), `apicurio-${VERSION}`)

/**
 * True when it answers and checks compatibility as Confluent's does unless told otherwise: Apicurio's own default is to check nothing.
 *
 * @param {Registry} registry
 */
async function isReady(registry) {
  try {
    const answer = await fetch(`${registryUrl(registry)}/config`, {
      method: 'PUT',
      headers: CONTENT_TYPE,
      body: JSON.stringify({ compatibility: 'BACKWARD' }),
      signal: AbortSignal.timeout(PROBE_DEADLINE_MS),
    })
    return answer.ok
  } catch {
    // Not listening yet.
    return false
  }
}
