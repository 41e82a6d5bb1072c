import { type Command, Option } from 'commander'
import { readLines } from '../../../producers/intake/lines.ts'
import { checkSources, readSource } from '../../../producers/intake/sources.ts'
import { LeakAudit } from '../../evaluation/leak-audit/leak-audit.ts'
import type { Separation } from '../../evaluation/leak-audit/separation.ts'
import { type CliCommand, CommandFailed, jsonOption } from '../command.ts'
import { labelLine, readRecords } from '../evaluate/input-lines.ts'
import type { Column } from '../output.ts'

interface LeakAuditOptions {
  readonly events: string
  readonly labels: string
  readonly all?: boolean
}

/** From this area on a row is shown without --all. */
const SHOWN_AUC = 0.8

/** `hydrawatch leak-audit`: which raw field tells campaigns from benign traffic by itself. */
export const leakAudit: CliCommand<LeakAuditOptions> = {
  configure(command: Command) {
    command
      .addOption(
        new Option(
          '--events <file>',
          "input records, NDJSON, gzipped or not; '-' for standard input",
        ).makeOptionMandatory(),
      )
      .addOption(new Option('--labels <file>', 'their labels').makeOptionMandatory())
      .addOption(new Option('--all', `print every field, not only those with an AUC of ${SHOWN_AUC} or more`))
      .addOption(jsonOption())
  },

  async run({ out, signal, stdin }, { events, labels, all = false }) {
    await checkSources([events])
    const audit = new LeakAudit(await readRecords(labels, labelLine, 'label'))
    let read = 0
    let unreadable = 0
    for await (const lines of readLines(readSource(events, stdin))) {
      signal.throwIfAborted()
      for (const { text } of lines) {
        read++
        const record = parse(text)
        if (record === null) unreadable++
        else audit.take(record)
      }
      out.progress(() => `${read} lines`)
    }
    out.endProgress()
    if (unreadable > 0) out.note(`${unreadable} lines are no JSON objects and were left out`)
    if (audit.unlabelled > 0) out.note(`${audit.unlabelled} records of accounts without a label were left out`)
    const separations = audit.separations()
    out.rows(
      COLUMNS,
      separations.filter(({ auc }) => all || auc >= SHOWN_AUC),
    )
    const leaks = separations.filter(({ verdict }) => verdict === 'leak')
    if (leaks.length === 0) return
    const fields = new Set(leaks.map(({ scenario, level, field }) => `${scenario} L${level} ${field}`))
    throw new CommandFailed(
      `${fields.size} fields give campaigns away: ${[...fields].slice(0, 8).join('; ')}. Mend the generator; what is measured on this traffic does not count.`,
    )
  },
}

const COLUMNS: readonly Column<Separation>[] = [
  { title: 'scenario', value: ({ scenario }) => scenario },
  { title: 'level', value: ({ level }) => `L${level}` },
  { title: 'of', value: ({ of }) => of },
  { title: 'field', value: ({ field }) => field },
  { title: 'stump', value: ({ stump }) => stump },
  { title: 'accounts', value: ({ accounts }) => accounts },
  { title: 'AUC', value: ({ auc }) => auc.toFixed(3) },
  { title: 'verdict', value: ({ verdict }) => verdict },
]

function parse(text: string | null): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text ?? '')
    return value !== null && typeof value === 'object' ? (value as Record<string, unknown>) : null
  } catch {
    return null
  }
}
