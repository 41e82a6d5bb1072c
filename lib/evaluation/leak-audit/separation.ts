import type { Feature, Features } from './fields.ts'
import type { Sampled } from './sample.ts'
import { bandsOf, categoryStump, numberStump, type Observed } from './stump.ts'

/** From this area on a field gives the class away. */
export const LEAK_AUC = 0.9
/** Below so many accounts of either class in each half an area says more about them than about the field. */
export const ACCOUNTS_MIN = 5
/**
 * What fewer of a campaign's records have than this is judged by its presence alone. Its values say nothing of the others, and move the
 * area over all records by at most half of this: they could not bring it from chance to 0.9, nor near it.
 */
const PRESENT_SHARE_MIN = 0.25

/** What one stump on one field reaches for one scenario at one level against all benign accounts. */
export interface Separation {
  readonly scenario: string
  readonly level: number
  /** Of which records: requests, requests joined with their account, accounts, or sums over an account's requests. */
  readonly of: 'request' | 'account' | 'aggregate'
  readonly field: string
  /** A threshold on a number; a table of categories, or of bands of a number; whether the field is there. */
  readonly stump: 'threshold' | 'categories' | 'presence'
  readonly auc: number
  /** Malicious accounts behind the figure. */
  readonly accounts: number
  /** `leak`: the generator is at fault. `separates`: at level 0, where it may. `derived`: an aggregate, only shown. */
  readonly verdict: 'leak' | 'separates' | 'derived' | 'no'
}

/** The two classes, and in which half of the accounts each account is. */
export interface Classes {
  readonly malicious: readonly Sampled[]
  readonly benign: readonly Sampled[]
  readonly halfOf: ReadonlyMap<string, 0 | 1>
}

/** Tries every stump on every field. A field that too few accounts or records have is not judged beyond its presence. */
export function* separateFields(
  of: Separation['of'],
  level: number,
  classes: Classes,
): Generator<Omit<Separation, 'scenario'>> {
  const names = new Set<string>()
  for (const { features } of [...classes.malicious, ...classes.benign])
    for (const name of features.keys()) names.add(name)
  for (const field of [...names].sort()) {
    const having = withField(classes, field)
    const row = (stump: Separation['stump'], auc: number, { malicious }: Classes) => {
      return { level, of, field, stump, auc, accounts: countAccounts(malicious), verdict: verdictOf(auc, of, level) }
    }
    // A part of a field is there when the field is.
    if (of !== 'aggregate' && !field.includes(': ') && isEnough(classes)) {
      const presence = categories(classes, (features) => (features.has(field) ? 'there' : 'missing'))
      yield row('presence', categoryStump(...presence), classes)
    }
    if (having.malicious.length < PRESENT_SHARE_MIN * classes.malicious.length || !isEnough(having)) continue
    const [malicious, benign] = [having.malicious, having.benign].map((sampled) => sampled.map(featureOf(field)))
    const numeric = malicious!.every(isNumber) && benign!.every(isNumber)
    if (numeric) yield row('threshold', numberStump(malicious as number[], benign as number[]), having)
    if (of === 'aggregate') continue
    const category = numeric ? bandsOf([...malicious!, ...benign!] as number[]) : String
    const table = categories(having, (features) => category(features.get(field) as number))
    yield row('categories', categoryStump(...table), having)
  }
}

const isNumber = (value: Feature): value is number => typeof value === 'number'

const featureOf =
  (field: string) =>
  ({ features }: Sampled): Feature =>
    features.get(field)!

function withField({ malicious, benign, halfOf }: Classes, field: string): Classes {
  const has = ({ features }: Sampled) => features.has(field)
  return { malicious: malicious.filter(has), benign: benign.filter(has), halfOf }
}

function categories({ malicious, benign, halfOf }: Classes, value: (features: Features) => string) {
  const observe = ({ account_id, features }: Sampled): Observed<string> => {
    return { value: value(features), half: halfOf.get(account_id)! }
  }
  return [malicious.map(observe), benign.map(observe)] as const
}

function isEnough({ malicious, benign, halfOf }: Classes): boolean {
  return [malicious, benign].every((sampled) =>
    ([0, 1] as const).every((half) => {
      return countAccounts(sampled.filter(({ account_id }) => halfOf.get(account_id) === half)) >= ACCOUNTS_MIN
    }),
  )
}

function countAccounts(sampled: readonly Sampled[]): number {
  return new Set(sampled.map(({ account_id }) => account_id)).size
}

function verdictOf(auc: number, of: Separation['of'], level: number): Separation['verdict'] {
  if (auc <= LEAK_AUC) return 'no'
  if (of === 'aggregate') return 'derived'
  return level === 0 ? 'separates' : 'leak'
}
