import type { Random } from '../sample/random.ts'
import type { ClientTuple } from './account.ts'
import type { Window } from './stage.ts'
import { createZipf } from './zipf.ts'

const DAY_MS = 86_400_000

const JA4 = {
  python: ['t13d1812h1_85036bcba153_375ca2c5e164', 't13d1811h1_85036bcba153_d41ae481755e'],
  node: ['t13d1516h2_8daaf6152771_02713d6af862', 't13d1517h2_8daaf6152771_b0da82dd1658'],
  go: ['t13d1312h2_f57a46bbacb6_e5728521abd4', 't13d1312h2_f57a46bbacb6_ab7e3b40a677'],
  java: ['t13d2014h2_a09f3c656075_e42f34c56612', 't13d2014h2_a09f3c656075_14788d8d241b'],
  curl: ['t13d3112h2_e8f1e7e78f70_6bebaf5329ac', 't13d3113h2_e8f1e7e78f70_6bebaf5329ac'],
}

type Language = keyof typeof JA4

const RUNTIMES: Record<Language, readonly string[]> = {
  python: ['CPython 3.12.4', 'CPython 3.11.9', 'CPython 3.13.1', 'CPython 3.10.14', 'CPython 3.9.18'],
  node: ['node v22.14.0', 'node v20.19.2', 'node v24.1.0', 'node v22.4.1', 'node v20.15.0'],
  go: ['go1.24', 'go1.23', 'go1.21'],
  java: ['OpenJDK 21', 'OpenJDK 17'],
  curl: ['curl'],
}
const SYSTEMS = ['Linux', 'Linux', 'Linux', 'MacOS', 'MacOS', 'Windows']

/** A program that calls the API. Its version is `major.minor.patch`: minor counts releases, one every `every_days`. */
interface Family {
  readonly sdk: string
  readonly language: Language
  readonly major: number
  /** Minor version on the first day of the simulation. */
  readonly minor: number
  readonly every_days: number
}

/** By popularity. */
const FAMILIES: readonly Family[] = [
  { sdk: 'atlas-python', language: 'python', major: 1, minor: 42, every_days: 9 },
  { sdk: 'atlas-node', language: 'node', major: 0, minor: 61, every_days: 8 },
  { sdk: 'atlas-code-cli', language: 'node', major: 2, minor: 31, every_days: 4 },
  { sdk: 'chainkit', language: 'python', major: 0, minor: 28, every_days: 12 },
  { sdk: 'atlas-go', language: 'go', major: 0, minor: 19, every_days: 21 },
  { sdk: 'webchat-sdk', language: 'node', major: 4, minor: 9, every_days: 15 },
  { sdk: 'atlas-java', language: 'java', major: 0, minor: 27, every_days: 25 },
  { sdk: 'graphrunner', language: 'python', major: 0, minor: 88, every_days: 6 },
  { sdk: 'curl', language: 'curl', major: 8, minor: 12, every_days: 60 },
  { sdk: 'proxykit', language: 'go', major: 0, minor: 9, every_days: 30 },
]

/** Tuples that relay programs froze, each an old but once real release (field: R4). */
const FROZEN: readonly ClientTuple[] = [
  tuple('node', 'atlas-code-cli', '2.7.0', 'node v20.19.2', 'Windows', 0),
  tuple('node', 'atlas-node', '0.52.2', 'node v22.14.0', 'Linux', 0),
  tuple('python', 'atlas-python', '1.31.1', 'CPython 3.9.18', 'Linux', 0),
  tuple('node', 'atlas-code-cli', '2.11.1', 'node v22.4.1', 'MacOS', 0),
  tuple('go', 'proxykit', '0.7.0', 'go1.21', 'Linux', 0),
  tuple('python', 'chainkit', '0.22.0', 'CPython 3.11.9', 'Linux', 0),
]
/** Ordinary accounts that happen to run exactly such an old release: a container image that nobody rebuilds. */
const FROZEN_SHARE = 0.05
/** Half of the accounts are less than this behind the latest release. */
const LAG_MEDIAN_DAYS = 12

export function createClients(window: Window) {
  const family = createZipf(FAMILIES.length, 0.9)
  const frozenRank = createZipf(FROZEN.length, 0.8)

  const versionAt = ({ sdk, major, minor, every_days }: Family, at_ms: number): string => {
    const releases = Math.floor((at_ms - window.start_ms) / DAY_MS / every_days)
    const at = Math.max(0, minor + releases)
    return `${major}.${at}.${patchOf(sdk, at)}`
  }

  return {
    /** Popularity of programs, and how far behind their users are. */
    client(random: Random, at_ms: number): ClientTuple {
      if (random.chance(FROZEN_SHARE)) return FROZEN[frozenRank(random)]!
      const chosen = FAMILIES[family(random)]!
      const version = versionAt(chosen, at_ms - LAG_MEDIAN_DAYS * DAY_MS * random.logNormal(1.3))
      const { language, sdk } = chosen
      const runtime = random.pick(RUNTIMES[language].slice(0, 1 + random.int(RUNTIMES[language].length)))
      return tuple(language, sdk, version, runtime, random.pick(SYSTEMS), Number(random.chance(0.2)))
    },
    /** The same program at its latest release. */
    upgraded(client: ClientTuple, at_ms: number): ClientTuple {
      const found = FAMILIES.find(({ sdk }) => sdk === client.sdk)
      if (found === undefined) return client
      const sdk_version = versionAt(found, at_ms)
      return { ...client, sdk_version, user_agent: userAgent(client.sdk, sdk_version, client.os, client.runtime) }
    },
    frozen: (index: number): ClientTuple => FROZEN[index % FROZEN.length]!,
  }
}

function tuple(
  language: Language,
  sdk: string,
  sdk_version: string,
  runtime: string,
  os: string,
  build: number,
): ClientTuple {
  const ja4 = JA4[language][build]!
  const header_set = `${language}-${sdk}`
  return { user_agent: userAgent(sdk, sdk_version, os, runtime), sdk, sdk_version, runtime, os, ja4, header_set }
}

function userAgent(sdk: string, sdk_version: string, os: string, runtime: string): string {
  return `${sdk}/${sdk_version} (${os}; ${runtime})`
}

/** Patch level at which users of a minor version are: fixed per version, 0 to 2. */
function patchOf(sdk: string, minor: number): number {
  return (sdk.length * 7 + minor * 13) % 3
}
