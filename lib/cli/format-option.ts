import { Option } from 'commander'
import { TRACE_FORMATS } from '../../producers/traces/index.ts'

/** `--format`, for input that is not the project's own NDJSON. */
export function formatOption(): Option {
  return new Option('--format <name>', "what the files hold, if not Hydrawatch's own records").choices([
    ...TRACE_FORMATS.keys(),
  ])
}
