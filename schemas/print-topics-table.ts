import { topicsTable } from './topics-table.ts'

process.stdout.write(topicsTable())
