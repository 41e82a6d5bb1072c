import { benchBlindTime } from './blind-time.ts'
import { benchRuntime } from './runtime/runtime.ts'
import { benchStages } from './stages.ts'

const [part, ...rest] = process.argv.slice(2)
if (part === 'runtime') await benchRuntime(rest)
else if (part === 'blind-time') await benchBlindTime(rest)
else await benchStages(process.argv.slice(2))
