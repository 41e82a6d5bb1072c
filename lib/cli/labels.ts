import { readLines } from '../../producers/intake/lines.ts'
import { readSource } from '../../producers/intake/sources.ts'
import type { Label } from '../evaluation/label.ts'
import { readLabel } from '../evaluation/read-label.ts'
import { UsageError } from '../ops/errors.ts'

/**
 * All labels of a file, gzipped or not; memory is that of one label per account.
 * @throws UsageError naming the first line that is no label: an evaluation with labels left out would be about something else.
 */
export async function readLabels(path: string): Promise<Label[]> {
  const labels: Label[] = []
  for await (const lines of readLines(readSource(path))) {
    for (const { number, text } of lines) {
      const label = text === null ? null : readLabel(text)
      if (label === null)
        throw new UsageError(`${path}: line ${number} is no label; expected account_id, label and scenario`)
      labels.push(label)
    }
  }
  return labels
}
