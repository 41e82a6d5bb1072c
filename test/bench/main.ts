import { benchRuntime } from './runtime/runtime.ts'
import { benchStages } from './stages.ts'

const [part, ...rest] = process.argv.slice(2)
if (part === 'runtime') await benchRuntime(rest)
else await benchStages(process.argv.slice(2))
