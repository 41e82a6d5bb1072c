import { azureLlm2023 } from './azure-llm-2023.ts'
import type { TraceFormat } from './format.ts'
import { lmcacheAgent } from './lmcache-agent.ts'
import { mooncake } from './mooncake.ts'

/** Every public trace that `--format` can name. */
export const TRACE_FORMATS: ReadonlyMap<string, TraceFormat> = new Map(
  [azureLlm2023, lmcacheAgent, mooncake].map((format) => [format.name, format]),
)
