import { type IntakeItem, intake } from '../../../producers/intake/intake.ts'
import type { SketchKeys } from '../../sketch/request-sketch.ts'

const LINES_PER_CHUNK = 200

/** The sample's events through the same door as any file: as lines of NDJSON. `onLine` sees each line. */
export function sampleIntake(
  events: Iterable<object>,
  keys: SketchKeys,
  onLine: (line: string) => void,
): AsyncGenerator<IntakeItem[]> {
  return intake(['-'], { keys, stdin: lines(events, onLine) })
}

async function* lines(events: Iterable<object>, onLine: (line: string) => void): AsyncGenerator<Buffer> {
  let chunk: string[] = []
  for (const event of events) {
    const line = JSON.stringify(event)
    onLine(line)
    chunk.push(line)
    if (chunk.length < LINES_PER_CHUNK) continue
    yield Buffer.from(`${chunk.join('\n')}\n`)
    chunk = []
  }
  if (chunk.length > 0) yield Buffer.from(`${chunk.join('\n')}\n`)
}
