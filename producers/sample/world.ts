import type { Address, ClientTuple } from '../simulator/account.ts'
import type { Random } from './random.ts'

/** What unrelated accounts share in life without being one campaign: clients, networks, public prompts, models. */

const JA4 = {
  python: 't13d1812h1_85036bcba153_375ca2c5e164',
  node: 't13d1516h2_8daaf6152771_02713d6af862',
  go: 't13d1312h2_f57a46bbacb6_e5728521abd4',
  java: 't13d2014h2_a09f3c656075_e42f34c56612',
  curl: 't13d3112h2_e8f1e7e78f70_6bebaf5329ac',
}

type Language = keyof typeof JA4

/** By popularity: the head of the list is everywhere, the tail belongs to a handful of accounts. */
export const CLIENT_TUPLES: readonly ClientTuple[] = [
  tuple('python', 'atlas-python', '1.42.0', 'CPython 3.12.4', 'Linux'),
  tuple('node', 'atlas-node', '0.61.2', 'node v22.4.1', 'Linux'),
  tuple('python', 'atlas-python', '1.41.1', 'CPython 3.11.9', 'Linux'),
  tuple('python', 'chainkit', '0.3.12', 'CPython 3.11.9', 'Linux'),
  tuple('node', 'atlas-code-cli', '2.3.0', 'node v22.4.1', 'MacOS'),
  tuple('go', 'atlas-go', '0.19.0', 'go1.23', 'Linux'),
  tuple('python', 'atlas-python', '1.38.4', 'CPython 3.10.14', 'MacOS'),
  tuple('node', 'webchat-sdk', '4.0.3', 'node v20.15.0', 'Linux'),
  tuple('java', 'atlas-java', '0.27.1', 'OpenJDK 21', 'Linux'),
  tuple('node', 'atlas-code-cli', '1.0.57', 'node v20.19.2', 'Windows'),
  tuple('curl', 'curl', '8.7.1', 'curl', 'Linux'),
  tuple('python', 'atlas-python', '1.12.0', 'CPython 3.9.18', 'Linux'),
  tuple('python', 'graphrunner', '0.1.88', 'CPython 3.12.4', 'Linux'),
  tuple('go', 'proxykit', '0.9.2', 'go1.21', 'Linux'),
  tuple('java', 'atlas-java', '0.11.4', 'OpenJDK 17', 'Windows'),
]

/** Stale versions that a relay froze; a minority of ordinary accounts never upgraded either. */
export const STALE_TUPLES = [CLIENT_TUPLES[9]!, CLIENT_TUPLES[11]!] as const
/** An HTTP proxy's own client: uncommon, not unheard of. */
export const UNCOMMON_TUPLE = CLIENT_TUPLES[13]!

function tuple(language: Language, sdk: string, sdk_version: string, runtime: string, os: string): ClientTuple {
  const user_agent = `${sdk}/${sdk_version} (${os}; ${runtime})`
  return { user_agent, sdk, sdk_version, runtime, os, ja4: JA4[language], header_set: `${language}-${sdk}` }
}

const CLOUDS = [
  { asn: 16509, country: 'US' },
  { asn: 16509, country: 'DE' },
  { asn: 396982, country: 'US' },
  { asn: 8075, country: 'NL' },
  { asn: 24940, country: 'DE' },
]
const CARRIERS = [
  { asn: 7922, country: 'US' },
  { asn: 3320, country: 'DE' },
  { asn: 2856, country: 'GB' },
  { asn: 3215, country: 'FR' },
  { asn: 4713, country: 'JP' },
  { asn: 9506, country: 'SG' },
  { asn: 55836, country: 'IN' },
  { asn: 27699, country: 'BR' },
]
const VPNS = [
  { asn: 9009, country: 'NL' },
  { asn: 212238, country: 'US' },
]

export type NetworkKind = 'cloud' | 'carrier' | 'vpn'

/** Addresses that many unrelated accounts leave through. */
const SHARED_EGRESSES = { vpn: 8, carrier: 12 }

/**
 * An address of its own, or for VPN customers and one carrier customer in five a shared one. All lie in 100.64.0.0/10,
 * which is routed nowhere: the sample must not accuse anybody's real network.
 */
export function pickAddress(random: Random, kind: NetworkKind): Address {
  if (kind === 'vpn') return sharedAddress('vpn', random.int(SHARED_EGRESSES.vpn))
  if (kind === 'carrier' && random.chance(0.2)) return sharedAddress('carrier', random.int(SHARED_EGRESSES.carrier))
  const { asn, country } = random.pick(kind === 'cloud' ? CLOUDS : CARRIERS)
  return { ip: `100.${64 + random.int(62)}.${random.int(256)}.${1 + random.int(254)}`, asn, country }
}

/** The last two /16 of the block are kept for shared egresses, so that none is shared by accident. */
function sharedAddress(kind: keyof typeof SHARED_EGRESSES, index: number): Address {
  const networks = kind === 'vpn' ? VPNS : CARRIERS
  const { asn, country } = networks[index % networks.length]!
  return { ip: `100.${kind === 'vpn' ? 126 : 127}.${index}.10`, asn, country }
}

export const MODELS = ['atlas-large', 'atlas-mid', 'atlas-small'] as const

/** System prompts of popular open frameworks: one text, thousands of unrelated users. */
export const FRAMEWORK_PROMPTS: readonly string[] = [
  'You are a helpful assistant built with ChainKit. Answer the question using the context that the retriever provides. ' +
    'If the context does not contain the answer, say that you do not know. Cite the numbers of the passages you used.',
  'You are GraphRunner, an autonomous agent. Work towards the goal one step at a time. On every step choose exactly one ' +
    'tool, give its arguments as JSON, wait for the observation, and stop with FINISH when the goal is reached.',
  'You are an expert programming assistant inside the OpenForge editor. Keep to the conventions of the project, make the ' +
    'smallest change that solves the task, and return edits as unified diffs. Do not touch files you were not asked about.',
  'You are the support agent of the company described below. Be brief and friendly, never promise refunds, and hand over to ' +
    'a human with the word ESCALATE when the customer is angry, asks for legal advice, or asks twice for the same thing.',
  'You convert natural language to SQL with QueryLoom. You are given the schema of the database. Return one SELECT statement ' +
    'and nothing else. Use only tables and columns of the schema, qualify every column, and limit results to 200 rows.',
]
