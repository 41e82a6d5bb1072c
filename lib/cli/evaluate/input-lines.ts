import { z } from 'zod'
import { readLines } from '../../../producers/intake/lines.ts'
import { checkSources, readSource } from '../../../producers/intake/sources.ts'
import { HydrawatchError } from '../../ops/errors.ts'

/** What was to be compared does not fit together, or can't be read. Exit status 1. */
export class EvaluationInputUnusable extends HydrawatchError {
  readonly code = 'E_EVALUATION_INPUT'
}

/**
 * Reads a file of one record per line, gzipped or not; all of it must be sound, because a figure over part of the truth would
 * look like one over all of it.
 *
 * @throws UsageError for a file that is not there, EvaluationInputUnusable for the first line that is no such record.
 */
export async function readRecords<Schema extends z.ZodType>(
  path: string,
  schema: Schema,
  what: string,
): Promise<z.output<Schema>[]> {
  await checkSources([path])
  const records: z.output<Schema>[] = []
  for await (const lines of readLines(readSource(path))) {
    for (const line of lines) {
      const parsed = line.text === null ? null : schema.safeParse(parsedJson(line.text))
      if (parsed?.success) {
        records.push(parsed.data)
        continue
      }
      const issue = parsed?.error?.issues[0]
      const detail = issue ? `${issue.path.join('.') || 'the line'}: ${issue.message}` : 'it is not text'
      throw new EvaluationInputUnusable(
        `${path} line ${line.number} is no ${what} (${detail}); CONTRACT has the fields`,
      )
    }
  }
  return records
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const text = z.string().min(1)
const time = z.iso.datetime({ offset: true })

export const labelLine = z.object({
  account_id: text,
  label: z.enum(['benign', 'malicious']),
  campaign_id: text.nullable().default(null),
  role: z.string().default(''),
  scenario: z.string().default('backbone'),
  first_event: time.nullable().default(null),
  last_event: time.nullable().default(null),
  org_id: text.nullish(),
  instance: text.nullish(),
  level: z.number().nullish(),
})

const member = z.object({ account_id: text, score: z.number().min(0).max(1) })

export const alertRevision = z.object({
  alert_id: text,
  revision: z.int().min(1),
  event_time: time,
  accounts: z.array(member),
  related_accounts: z.array(member).default([]),
  score: z.number().min(0).max(1),
})
