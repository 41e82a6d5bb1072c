import { UsageError } from '../../../lib/ops/errors.ts'
import type { Scenario } from '../stage.ts'
import { evaluationFarm } from './h1-evaluation-farm.ts'
import { universityClass } from './h2-university-class.ts'
import { batchEtl } from './h3-batch-etl.ts'
import { reseller } from './h4-reseller.ts'
import { buildAgents } from './h5-build-agents.ts'
import { sharedEgress } from './h6-shared-egress.ts'
import { enterpriseGateway } from './h7-enterprise-gateway.ts'
import { hackathon } from './h8-hackathon.ts'
import { judgeVendor } from './h9-judge-vendor.ts'
import { authorisedDistillation } from './h10-authorised-distillation.ts'
import { explainability } from './h11-explainability.ts'
import { migration } from './h12-migration.ts'
import { viralAgent } from './h13-viral-agent.ts'
import { ownKeyAggregator } from './h14-own-key-aggregator.ts'
import { m1SynchronisedReasoning } from './m1-synchronised-reasoning.ts'
import { m2ManyPathways } from './m2-many-pathways.ts'
import { m3ModelLaunch } from './m3-model-launch.ts'
import { m4HotStandby } from './m4-hot-standby.ts'
import { m5Churn } from './m5-churn.ts'
import { m6LowAndSlow } from './m6-low-and-slow.ts'
import { m7Relay } from './m7-relay.ts'
import { m8Cleaner } from './m8-cleaner.ts'
import { m9TechniqueSearch } from './m9-technique-search.ts'
import { m10LogprobProbing } from './m10-logprob-probing.ts'
import { m11SignatureReplay } from './m11-signature-replay.ts'

/** All scenarios, in the order of `--help`. To add one, write its file and add its line here. */
export const SCENARIOS: readonly Scenario[] = [
  m1SynchronisedReasoning,
  m2ManyPathways,
  m3ModelLaunch,
  m4HotStandby,
  m5Churn,
  m6LowAndSlow,
  m7Relay,
  m8Cleaner,
  m9TechniqueSearch,
  m10LogprobProbing,
  m11SignatureReplay,
  evaluationFarm,
  universityClass,
  batchEtl,
  reseller,
  buildAgents,
  sharedEgress,
  enterpriseGateway,
  hackathon,
  judgeVendor,
  authorisedDistillation,
  explainability,
  migration,
  viralAgent,
  ownKeyAggregator,
]

/** @throws UsageError that names those there are. */
export function scenarioNamed(name: string): Scenario {
  const found = SCENARIOS.find((scenario) => scenario.name.toLowerCase() === name.toLowerCase())
  if (found !== undefined) return found
  const names = SCENARIOS.map((scenario) => scenario.name).join(', ')
  throw new UsageError(`no scenario ${name}; there are ${names}, and the words all, malicious and hard-negatives`)
}
