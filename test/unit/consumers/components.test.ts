import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Components } from '../../../consumers/campaigns/components.ts'
import { Holdings, objectKey } from '../../../consumers/campaigns/holdings.ts'
import { isEliciting } from '../../../consumers/campaigns/object-kinds.ts'
import { CUE_CLASSES } from '../../../lib/sketch/cues.ts'
import type { AnchorAssessment, Link, ObjectKind } from '../../../schemas/types.ts'
import { contextIn } from '../../helpers/account-context.ts'

const ACCOUNTS = ['a', 'b', 'c', 'd', 'e', 'f']
const ANCHORS = [1, 2, 3]
const OTHERS = [10, 11, 12, 13]
const ELICITING = 1 << CUE_CLASSES.indexOf('reasoning')
const HARMLESS = 1 << CUE_CLASSES.indexOf('code')

type Step =
  | { readonly do: 'hold' | 'drop'; readonly account_id: string; readonly object: number }
  | { readonly do: 'assess'; readonly anchor: number; readonly others: readonly number[]; readonly cues: number }
  | { readonly do: 'settle' }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constantFrom('hold', 'hold', 'drop'),
      account_id: fc.constantFrom(...ACCOUNTS),
      object: fc.constantFrom(...ANCHORS, ...OTHERS),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('assess' as const),
      anchor: fc.constantFrom(...ANCHORS),
      others: fc.subarray(OTHERS),
      cues: fc.constantFrom(ELICITING, HARMLESS),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('settle' as const) }) },
)

test('components are those of a plain union-find over joint holdings, whatever came and went before', () => {
  const sizes = new Set<number>()
  fc.assert(
    fc.property(fc.array(step, { minLength: 20, maxLength: 60 }), (steps) => {
      const world = new World()
      for (const each of [...steps, { do: 'settle' } as const]) {
        world.take(each)
        if (each.do !== 'settle') continue
        const expected = world.joined()
        expect(world.components()).toEqual(expected)
        for (const { length } of expected) sizes.add(length)
      }
    }),
    { numRuns: 300, seed: 1 },
  )
  expect([...sizes].sort()).toEqual([1, 2, 3, 4, 5, 6])
})

class World {
  private readonly settled: Components
  private readonly holdings: Holdings
  private readonly assessments = new Map<string, AnchorAssessment>()

  constructor() {
    this.holdings = new Holdings((link) => this.settled.lose(link.account_id, objectKey(link)))
    this.settled = new Components(this.holdings)
  }

  take(step: Step): void {
    if (step.do === 'settle') this.settled.settle()
    else if (step.do === 'assess') this.assess(step.anchor, step.others, step.cues)
    else if (step.do === 'drop') this.holdings.remove(linkOf(step.account_id, step.object))
    else if (this.holdings.add(linkOf(step.account_id, step.object))) this.settled.gain(step.account_id)
  }

  /** Accounts by component, as the incremental code has them. */
  components(): string[][] {
    const members = new Map<object, string[]>()
    for (const account_id of ACCOUNTS) {
      const component = this.settled.of(account_id)
      if (!component) continue
      const accounts = members.get(component) ?? []
      members.set(component, accounts)
      accounts.push(account_id)
      expect(component.accounts).toContain(account_id)
    }
    return [...members.values()]
  }

  /** The same from holdings and assessments alone: whoever holds a pair is joined with what the pair ties. */
  joined(): string[][] {
    let groups: Set<string>[] = []
    for (const [anchor, { cues, conjunctions }] of this.assessments)
      for (const conjunction of conjunctions) {
        const tie = isEliciting(cues) ? anchor : `${anchor} ${objectKey(conjunction)}`
        for (const account_id of ACCOUNTS) {
          const holds = (key: string) => this.holdings.link(account_id, key) !== null
          if (!holds(anchor) || !holds(objectKey(conjunction))) continue
          const touching = groups.filter((group) => group.has(account_id) || group.has(tie))
          const joined = new Set([account_id, tie, ...touching.flatMap((group) => [...group])])
          groups = [...groups.filter((group) => !touching.includes(group)), joined]
        }
      }
    return groups
      .map((group) => ACCOUNTS.filter((account_id) => group.has(account_id)))
      .sort(([a], [b]) => (a! < b! ? -1 : 1))
  }

  private assess(anchor: number, others: readonly number[], cues: number): void {
    const key = objectKey({ kind: 'span', object: anchor })
    const conjunctions = others.map((object) => ({
      kind: kindOf(object),
      object,
      organisations: 2,
      expected: 0,
      log_p: -9,
    }))
    const assessment = conjunctions.length === 0 ? null : { kind: kindOf(anchor), object: anchor, cues, conjunctions }
    if (assessment) this.assessments.set(key, assessment)
    else this.assessments.delete(key)
    this.settled.assess(key, assessment)
  }
}

function kindOf(object: number): ObjectKind {
  return ANCHORS.includes(object) ? 'span' : 'payment'
}

function linkOf(account_id: string, object: number): Link {
  return {
    kind: kindOf(object),
    object,
    account_id,
    n: 1,
    first_ms: 0,
    last_ms: 0,
    cues: 0,
    holders: 2,
    organisations: 2,
    expires_ms: 1,
    context: contextIn(account_id),
  }
}
