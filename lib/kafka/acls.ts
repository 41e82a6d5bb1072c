import kafkajs, { type AclEntry, type Admin } from 'kafkajs'
import type { Right, Role } from './rights.ts'

/** A right and who has it. */
export interface Acl extends Right {
  readonly role: string
  /** Such as User:hydrawatch-linkage. */
  readonly principal: string
}

/** The principal of a role unless somebody says otherwise. */
export function defaultPrincipal(role: string): string {
  return `User:hydrawatch-${role}`
}

/** The rights of roles as ACLs. `principals`: by role, where they are not the default. */
export function aclsOf(roles: readonly Role[], principals: ReadonlyMap<string, string>): Acl[] {
  return roles.flatMap(({ name: role, rights }) => {
    const principal = principals.get(role) ?? defaultPrincipal(role)
    return rights.map((right) => ({ role, principal, ...right }))
  })
}

/** Creates ACLs; those that exist already stay as they are. Needs Alter on the cluster. Rejects as kafkajs does. */
export async function createAcls(admin: Admin, acls: readonly Acl[]): Promise<void> {
  await admin.createAcls({ acl: acls.map(aclEntry) })
}

/** An ACL as the admin API takes it. */
export function aclEntry({ principal, operation, resource, name, pattern }: Acl): AclEntry {
  const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs
  const operations = {
    Read: AclOperationTypes.READ,
    Write: AclOperationTypes.WRITE,
    Create: AclOperationTypes.CREATE,
    Delete: AclOperationTypes.DELETE,
    Describe: AclOperationTypes.DESCRIBE,
  }
  const resources = {
    topic: AclResourceTypes.TOPIC,
    group: AclResourceTypes.GROUP,
    'transactional-id': AclResourceTypes.TRANSACTIONAL_ID,
  }
  return {
    principal,
    host: '*',
    operation: operations[operation],
    permissionType: AclPermissionTypes.ALLOW,
    resourceType: resources[resource],
    resourceName: name,
    resourcePatternType: pattern === 'literal' ? ResourcePatternTypes.LITERAL : ResourcePatternTypes.PREFIXED,
  }
}

/**
 * ACLs as commands of Kafka's own tool, one for each principal, kind of resource and operation.
 *
 * @param bootstrap what `--bootstrap-server` gets, quoted where it has to be
 */
export function aclCommands(acls: readonly Acl[], bootstrap: string): string[] {
  const commands = new Map<string, string[]>()
  for (const { principal, operation, resource, name, pattern } of acls) {
    const who = `--add --allow-principal ${shellWord(principal)} --operation ${operation}`
    const head = pattern === 'prefixed' ? `${who} --resource-pattern-type prefixed` : who
    const key = `${head} ${resource}`
    const words = commands.get(key) ?? [`${TOOL} --bootstrap-server ${bootstrap} ${CREDENTIALS} ${head}`]
    words.push(`--${resource} ${shellWord(name)}`)
    commands.set(key, words)
  }
  return [...commands.values()].map((words) => words.join(' '))
}

const TOOL = 'kafka-acls.sh'
const CREDENTIALS = '--command-config admin.properties'

/** A word of a POSIX shell: a principal may be the subject of a certificate, with blanks and more in it. */
export function shellWord(text: string): string {
  return /^[A-Za-z0-9_.:=,/@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
