import type { Random } from '../sample/random.ts'
import type { Address } from './account.ts'
import type { NetworkKind } from './world.ts'
import { createZipf } from './zipf.ts'

interface Network {
  readonly asn: number
  readonly country: string
}

const CLOUDS: readonly Network[] = [
  { asn: 16509, country: 'US' },
  { asn: 16509, country: 'DE' },
  { asn: 16509, country: 'SG' },
  { asn: 396982, country: 'US' },
  { asn: 8075, country: 'NL' },
  { asn: 24940, country: 'DE' },
  { asn: 14061, country: 'US' },
]
const CARRIERS: readonly Network[] = [
  { asn: 7922, country: 'US' },
  { asn: 20115, country: 'US' },
  { asn: 3320, country: 'DE' },
  { asn: 2856, country: 'GB' },
  { asn: 3215, country: 'FR' },
  { asn: 4713, country: 'JP' },
  { asn: 9506, country: 'SG' },
  { asn: 4760, country: 'HK' },
  { asn: 55836, country: 'IN' },
  { asn: 27699, country: 'BR' },
]
const VPNS: readonly Network[] = [
  { asn: 9009, country: 'NL' },
  { asn: 212238, country: 'US' },
  { asn: 60068, country: 'GB' },
  { asn: 36183, country: 'US' },
]

/** Hours that clocks are ahead of UTC where the address is. */
export const UTC_OFFSET_H: Record<string, number> = {
  US: -6,
  BR: -3,
  GB: 0,
  NL: 1,
  DE: 1,
  FR: 1,
  IN: 5.5,
  SG: 8,
  HK: 8,
  JP: 9,
}

/** Accounts behind one shared egress on average; the Zipf head has many times more. */
const ACCOUNTS_PER_EGRESS = 40
/** Share of a carrier's or cloud's customers who leave through an egress that strangers share (NAT). */
const SHARED_SHARE: Record<NetworkKind, number> = { cloud: 0.1, carrier: 0.25, residential_proxy: 0.15, vpn: 1 }
const SHARED_EGRESS_EXPONENT = 1.1

/** Networks in the size of the simulation: the more accounts, the more egresses for them to share. */
export function createNetworks(accounts: number) {
  const counts = {
    cloud: Math.max(3, Math.ceil(accounts / ACCOUNTS_PER_EGRESS / 2)),
    carrier: Math.max(6, Math.ceil(accounts / ACCOUNTS_PER_EGRESS)),
    vpn: Math.max(4, Math.ceil(accounts / ACCOUNTS_PER_EGRESS / 4)),
  }
  const draw = {
    cloud: createZipf(counts.cloud, SHARED_EGRESS_EXPONENT),
    carrier: createZipf(counts.carrier, SHARED_EGRESS_EXPONENT),
    vpn: createZipf(counts.vpn, SHARED_EGRESS_EXPONENT),
  }
  return {
    address(random: Random, kind: NetworkKind, country?: string): Address {
      // A residential proxy leaves from the homes of the carriers' honest customers.
      const pool = kind === 'residential_proxy' ? 'carrier' : kind
      if (random.chance(SHARED_SHARE[kind])) return sharedAddress(pool, draw[pool](random))
      const networks = pool === 'cloud' ? CLOUDS : pool === 'carrier' ? CARRIERS : VPNS
      const near = networks.filter((network) => network.country === country)
      return ownAddress(random, random.pick(near.length > 0 && random.chance(0.9) ? near : networks))
    },
  }
}

/**
 * All lie in 100.64.0.0/10, which is routed nowhere: a simulation must not accuse anybody's real network. A network has
 * /16s of its own; the last four of the block hold the shared egresses, so that none is shared by accident.
 */
function ownAddress(random: Random, { asn, country }: Network): Address {
  const block = ALL_ASNS.indexOf(asn) * BLOCKS_PER_ASN + random.int(BLOCKS_PER_ASN)
  return { ip: `100.${64 + block}.${random.int(256)}.${1 + random.int(254)}`, asn, country }
}

function sharedAddress(kind: 'cloud' | 'carrier' | 'vpn', index: number): Address {
  const networks = kind === 'cloud' ? CLOUDS : kind === 'carrier' ? CARRIERS : VPNS
  const { asn, country } = networks[index % networks.length]!
  const block = kind === 'cloud' ? 124 : kind === 'carrier' ? 125 : 127
  return { ip: `100.${block}.${(index * 37) % 256}.${1 + (Math.floor(index / 256) % 254)}`, asn, country }
}

const ALL_ASNS = [...new Set([...CLOUDS, ...CARRIERS, ...VPNS].map(({ asn }) => asn))]
const BLOCKS_PER_ASN = Math.floor(60 / ALL_ASNS.length)
