import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { runMaven } from './maven.mjs'
import { StartError } from './start-error.mjs'

const JAVA_MAJOR_MIN = 17
const POM = join(import.meta.dirname, 'pom.xml')

/**
 * The jars of pom.xml, resolved by Maven on the first call and remembered in `dir` until pom.xml changes or a jar is gone.
 *
 * @param {string} dir absolute
 * @param {(line: string) => void} progress
 * @returns {string} a Java class path
 * @throws {StartError} E_NO_MAVEN, E_MAVEN
 */
export function resolveClasspath(dir, progress) {
  const pomHash = createHash('sha256').update(readFileSync(POM)).digest('hex').slice(0, 12)
  const cached = join(dir, `classpath-${pomHash}.txt`)
  const remembered = existsSync(cached) ? readFileSync(cached, 'utf8') : ''
  if (remembered !== '' && remembered.split(delimiter).every((jar) => existsSync(jar))) return remembered

  progress('resolving Kafka with Maven (about 60 MB the first time)')
  mkdirSync(dir, { recursive: true })
  // Written beside and renamed: an interrupted Maven must not leave half a class path to be remembered.
  const unfinished = `${cached}.${process.pid}`
  const goal = ['dependency:build-classpath', '-Dmdep.includeScope=runtime', `-Dmdep.outputFile=${unfinished}`]
  runMaven(['-f', POM, ...goal], POM)
  renameSync(unfinished, cached)
  return readFileSync(cached, 'utf8')
}

/**
 * The Kafka release that a class path starts.
 *
 * @param {string} classpath
 * @returns {string} for example 4.4.0
 * @throws {StartError} E_MAVEN when there is no kafka_2.13 jar on it
 */
export function kafkaVersion(classpath) {
  const version = /kafka_2\.13-(\d[\w.-]*)\.jar/.exec(classpath)?.[1]
  if (version === undefined) throw new StartError('E_MAVEN', `no kafka_2.13 jar on the class path of ${POM}`)
  return version
}

/**
 * The `java` to use: of JAVA_HOME when it is set, else of PATH.
 *
 * @returns {string}
 * @throws {StartError} E_NO_JAVA when it cannot be run or is older than 17
 */
export function findJava() {
  const home = process.env.JAVA_HOME
  const java = home ? join(home, 'bin', 'java') : 'java'
  const { error, stderr } = spawnSync(java, ['-version'], { encoding: 'utf8' })
  const next = `install Java ${JAVA_MAJOR_MIN} or later, or set JAVA_HOME`
  if (error) throw new StartError('E_NO_JAVA', `${java} cannot be run (${error.message}); ${next}`)
  const major = javaMajor(stderr)
  if (major === undefined || major < JAVA_MAJOR_MIN) {
    throw new StartError('E_NO_JAVA', `${java} is ${stderr.split('\n')[0]}; Kafka 4 needs ${JAVA_MAJOR_MIN}; ${next}`)
  }
  return java
}

/**
 * The major version in the output of `java -version`; "1.8.0" is 8.
 *
 * @param {string} output
 * @returns {number | undefined}
 */
export function javaMajor(output) {
  const found = /version "(?:1\.)?(\d+)/.exec(output)
  return found ? Number(found[1]) : undefined
}
