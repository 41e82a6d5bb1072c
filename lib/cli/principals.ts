import { InvalidArgumentError } from 'commander'
import type { Role } from '../kafka/rights.ts'
import { UsageError } from '../ops/errors.ts'
import { nearestName } from '../ops/nearest.ts'

/** `--principal role=User:name`, repeatable, as a map; the role is checked when the roles are known. */
export function principalOption(text: string, given: ReadonlyMap<string, string> = new Map()): Map<string, string> {
  const equals = text.indexOf('=')
  const role = text.slice(0, equals)
  const principal = text.slice(equals + 1)
  if (equals <= 0 || !/^[A-Za-z]+:./.test(principal))
    throw new InvalidArgumentError('it must be ROLE=TYPE:NAME, such as fingerprints=User:hw-fingerprints')
  if (given.has(role)) throw new InvalidArgumentError(`${role} has two principals; keep one`)
  return new Map([...given, [role, principal]])
}

/** @throws UsageError for a principal of a role that there is not */
export function refuseUnknownRoles(principals: ReadonlyMap<string, string>, roles: readonly Role[]): void {
  const known = roles.map(({ name }) => name)
  for (const role of principals.keys()) {
    if (known.includes(role)) continue
    const near = nearestName(role, known)
    throw new UsageError(
      `--principal names the role \`${role}\`, which there is not${near === undefined ? '' : `; did you mean \`${near}\`?`} There are ${known.join(', ')}.`,
    )
  }
}
