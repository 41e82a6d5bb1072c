import { parseLevel } from './compatibility.ts'
import { invalidSchema, methodNotAllowed, routeNotFound } from './registry-error.ts'
import type { SubjectStore } from './subjects.ts'

export interface RegistryRequest {
  readonly method: string
  /** Decoded path segments. */
  readonly path: readonly string[]
  readonly query: URLSearchParams
  readonly body: Readonly<Record<string, unknown>>
}

type Route = (subjects: SubjectStore, request: RegistryRequest, parameters: readonly string[]) => unknown

/** Method, path with `*` for a parameter, answer. Source: the Confluent Schema Registry API reference. */
const ROUTES: readonly (readonly [method: string, path: string, route: Route])[] = [
  ['GET', 'subjects', (subjects) => subjects.subjects()],
  ['POST', 'subjects/*', (subjects, { body }, [subject = '']) => subjects.lookUp(subject, avroOf(body))],
  ['GET', 'subjects/*/versions', (subjects, _request, [subject = '']) => subjects.versions(subject)],
  [
    'POST',
    'subjects/*/versions',
    (subjects, { body }, [subject = '']) => ({ id: subjects.register(subject, avroOf(body)) }),
  ],
  [
    'GET',
    'subjects/*/versions/*',
    (subjects, _request, [subject = '', version = '']) => subjects.version(subject, version),
  ],
  [
    'GET',
    'subjects/*/versions/*/schema',
    (subjects, _request, [subject = '', version = '']) => JSON.parse(subjects.version(subject, version).schema),
  ],
  ['GET', 'schemas/ids/*/versions', (subjects, _request, [id = '']) => subjects.versionsOfSchema(id)],
  ['GET', 'schemas/ids/*', (subjects, _request, [id = '']) => ({ schema: subjects.schemaById(id) })],
  ['GET', 'schemas/types', () => ['AVRO']],
  [
    'POST',
    'compatibility/subjects/*/versions/*',
    (subjects, { body }, [subject = '', version = '']) => ({
      is_compatible: subjects.isCompatibleWith(subject, version, avroOf(body)),
    }),
  ],
  [
    'POST',
    'compatibility/subjects/*/versions',
    (subjects, { body }, [subject = '']) => ({ is_compatible: subjects.isCompatible(subject, avroOf(body)) }),
  ],
  ['GET', 'config', (subjects) => ({ compatibilityLevel: subjects.defaultLevel })],
  [
    'PUT',
    'config',
    (subjects, { body }) => {
      subjects.defaultLevel = parseLevel(body.compatibility)
      return { compatibility: subjects.defaultLevel }
    },
  ],
  [
    'GET',
    'config/*',
    (subjects, { query }, [subject = '']) => ({
      compatibilityLevel:
        query.get('defaultToGlobal') === 'true' ? subjects.levelFor(subject) : subjects.ownLevel(subject),
    }),
  ],
  [
    'PUT',
    'config/*',
    (subjects, { body }, [subject = '']) => {
      subjects.setLevel(subject, parseLevel(body.compatibility))
      return { compatibility: subjects.ownLevel(subject) }
    },
  ],
]

/** The JSON answer to a request. Throws RegistryError. */
export function answer(subjects: SubjectStore, request: RegistryRequest): unknown {
  const matches = ROUTES.flatMap(([method, path, route]) => {
    const parameters = match(path.split('/'), request.path)
    return parameters ? [{ method, route, parameters }] : []
  })
  if (matches.length === 0) throw routeNotFound()
  const found = matches.find(({ method }) => method === request.method)
  if (!found) throw methodNotAllowed()
  return found.route(subjects, request, found.parameters)
}

function match(pattern: readonly string[], path: readonly string[]): string[] | null {
  if (pattern.length !== path.length) return null
  const isMatch = pattern.every((part, index) => part === path[index] || (part === '*' && path[index] !== ''))
  return isMatch ? path.filter((_, index) => pattern[index] === '*') : null
}

function avroOf(body: Readonly<Record<string, unknown>>): unknown {
  const { schemaType = 'AVRO', references } = body
  if (schemaType !== 'AVRO')
    throw invalidSchema(`schema type ${String(schemaType)}; the embedded registry knows AVRO only`)
  if (Array.isArray(references) && references.length > 0) throw invalidSchema('references are not supported here')
  return body.schema
}
