import { readRecord } from '../../producers/intake/contract.ts'
import { createEdge } from '../../producers/intake/edge.ts'
import { simulate } from '../../producers/simulator/simulate.ts'
import type { Enforcement, SimulationOptions } from '../../producers/simulator/simulation.ts'
import type { Decision } from '../../schemas/types.ts'
import { InvariantViolated } from '../ops/errors.ts'
import type { SketchKeys } from '../sketch/request-sketch.ts'
import { Bench, type BenchResult } from './bench.ts'
import type { Method } from './method.ts'

export interface SimulatedPart {
  readonly simulation: SimulationOptions
  readonly keys: SketchKeys
  /** `onDecision` is to be told of the pipeline's decisions when they are to be obeyed. */
  readonly methods: (onDecision: (account_id: string, decision: Decision | null) => void) => readonly Method[]
  readonly isClosedLoop: boolean
  readonly seed: number
  readonly clock_ms: () => number
  /** Called and waited for between events, now and then: what it throws ends the run. */
  readonly onProgress: (events: number) => Promise<void>
}

const PROGRESS_EVENTS = 500

/**
 * Makes traffic, takes it over the edge and gives it to the methods, one event at a time, so that nothing is kept but what
 * methods keep. In a closed loop a decision binds the simulated gateway from the event after the one that led to it.
 */
export async function runSimulatedPart(part: SimulatedPart): Promise<BenchResult> {
  const simulation = simulate(part.simulation)
  const edge = createEdge({ keys: part.keys })
  const methods = part.methods((_account_id, decision) => {
    const enforcement = part.isClosedLoop && decision ? enforcementOf(decision) : null
    if (enforcement) simulation.enforce(enforcement)
  })
  const bench = new Bench(methods, part.clock_ms)
  let events = 0
  for (const event of simulation.events) {
    const input = readRecord(event)
    const record = 'reason' in input ? input : edge(input)
    if ('reason' in record)
      throw new InvariantViolated(`the simulator made a record that the intake refuses: ${record.detail}`)
    bench.take(record)
    if (++events % PROGRESS_EVENTS === 0) await part.onProgress(events)
  }
  return bench.finish(simulation.labels(), part.seed)
}

/** Only what binds gateways: an active decision of a policy in force. Limited outputs are not simulated. */
function enforcementOf({
  account_id,
  action,
  mode,
  status,
  issued_at_ms,
  expires_at_ms,
}: Decision): Enforcement | null {
  if (mode !== 'enforced' || status !== 'active') return null
  if (action !== 'throttle' && action !== 'verify' && action !== 'suspend') return null
  return { account_id, action, from_ms: issued_at_ms, until_ms: expires_at_ms }
}
