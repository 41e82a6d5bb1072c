import { aclsTable } from './acls-table.ts'

process.stdout.write(aclsTable())
