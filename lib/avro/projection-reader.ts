/** Reads chosen fields of one writer's bytes. Both throw on bytes that are no value; neither looks for where the bytes end. */
export interface ProjectionReader {
  /** The value that begins at `at`. */
  // biome-ignore lint/suspicious/noExplicitAny: what a schema describes is known at run time.
  read(bytes: Buffer, at: number): any
  /** Where the value that was read last has ended; beyond the bytes when they were too short. */
  end(): number
}

interface Field {
  readonly name: string
  readonly type: unknown
}

/**
 * Compiles a reader of `chosen` fields of a record schema, which is both the writer's and ours: avsc resolves a part of a
 * schema field by field, and takes five times as long. `checked`: fields that are not read, but whose bytes a later reader
 * of them must be able to trust. Null: there is something in the schema that this does not know; leave it to avsc.
 */
export function compileProjection(schema: string, chosen: object, checked: object = {}): ProjectionReader | null {
  const code = new ReaderCode()
  const value = code.record(JSON.parse(schema), chosen, checked)
  if (value === null) return null
  const body = `${PRELUDE}
const last = ${JSON.stringify(code.noStrings())}
return { end: () => p, read(bytes, at) { b = bytes; p = at; size = bytes.length; ${code.text()} return ${value} } }`
  // As avsc does for each record; nothing in it but names that the schemas of this version have.
  return new Function(body)() as ProjectionReader
}

// Longs are read in two halves of 28 bits, so that all but the last sum is integers. What no double holds is refused, as
// avsc does. Behind the end of the bytes there are zeros, and the end says so.
const PRELUDE = `'use strict'
let b, p = 0, size = 0
function tooLarge() { throw new RangeError('a long is no safe integer') }
function tooMany() { throw new RangeError('a list is longer than its bytes') }
function noBranch() { throw new RangeError('there is no such branch') }
function readLong() {
  let x = b[p++]
  if (!(x >= 128)) return (x >>> 1) ^ -(x & 1)
  let low = x & 127
  x = b[p++]; low |= (x & 127) << 7
  if (x >= 128) { x = b[p++]; low |= (x & 127) << 14
    if (x >= 128) { x = b[p++]; low |= (x & 127) << 21
      if (x >= 128) return readHigh(low) } }
  return (low >>> 1) ^ -(low & 1)
}
function readHigh(low) {
  let x = b[p++], high = x & 127
  if (x >= 128) { x = b[p++]; high |= (x & 127) << 7
    if (x >= 128) { x = b[p++]; high |= (x & 127) << 14
      if (x >= 128) { x = b[p++]; high |= (x & 127) << 21 } } }
  let value = high * 134217728 + (low >>> 1)
  for (let unit = 36028797018963968; x >= 128; unit *= 128) { x = b[p++]; value += (x & 127) * unit }
  if (low & 1) value = -value - 1
  if (value > 9007199254740990 || value < -9007199254740990) tooLarge()
  return value
}
function skipLong() { while (b[p++] >= 128); }
function checkLong() { const at = p; while (b[p++] >= 128); if (p - at > 7) { p = at; readLong() } }
function readString(place) {
  const length = readLong()
  if (length < 0) tooLarge()
  const at = p
  p += length
  const known = last[place]
  if (known.length === length) {
    let i = 0
    for (let x; i < length && (x = b[at + i]) < 128 && x === known.charCodeAt(i); i++);
    if (i === length) return known
  }
  return p > size ? '' : (last[place] = b.utf8Slice(at, p))
}
function skipBytes() { const length = readLong(); if (length < 0) tooLarge(); p += length }
function readCount() {
  let count = readLong()
  if (count < 0) { count = -count; skipLong() }
  if (count > size) tooMany()
  return count
}
`

/** All of a field: of records nobody has asked for that. */
const ALL = {}

/** How a type is treated: its value is wanted; its bytes must be sound; or they are passed over. */
type Use = 'read' | 'check' | 'skip'

/** Statements that read a record field after field, in the order of the bytes. A wanted value ends in a variable. */
class ReaderCode {
  private readonly lines: string[] = []
  private variables = 0
  private strings = 0

  text(): string {
    return this.lines.join('\n')
  }

  /** As many empty strings as there are places of strings. */
  noStrings(): string[] {
    return new Array<string>(this.strings).fill('')
  }

  /** An expression of the record with the chosen fields; null when the schema has something unknown. */
  record(schema: { readonly fields: readonly Field[] }, chosen: object, checked: object): string | null {
    const wanted = chosen as Record<string, unknown>
    const sound = checked as Record<string, unknown>
    const parts = new Map<string, string>()
    for (const { name, type } of schema.fields) {
      const value = this.field(type, wanted[name], sound[name])
      if (value === null) return null
      if (wanted[name] !== undefined) parts.set(name, value)
    }
    const names = Object.keys(wanted)
    if (names.some((name) => !parts.has(name))) return null
    return `{ ${names.map((name) => `${name}: ${parts.get(name)}`).join(', ')} }`
  }

  private field(type: unknown, wanted: unknown, sound: unknown): string | null {
    const partOf = (choice: unknown) => (choice === undefined ? {} : choice === true ? ALL : (choice as object))
    const use = wanted !== undefined ? 'read' : sound !== undefined ? 'check' : 'skip'
    return this.typed(type, use, partOf(wanted), partOf(sound))
  }

  private typed(type: unknown, use: Use, chosen: object, checked: object): string | null {
    if (typeof type === 'string') return this.primitive(type, use)
    if (Array.isArray(type)) return this.nullable(type, use, chosen, checked)
    const named = type as { type: unknown; items?: unknown; fields?: readonly Field[]; symbols?: readonly string[] }
    if (named.type === 'array') return this.list(named.items, use, chosen, checked)
    if (named.type === 'record' && named.fields) {
      return chosen === ALL || checked === ALL ? null : this.record({ fields: named.fields }, chosen, checked)
    }
    if (named.type === 'enum' && use === 'skip') return this.say('skipLong()')
    if (named.type === 'enum' && named.symbols) return this.symbol(named.symbols)
    return typeof named.type === 'string' && !named.fields ? this.primitive(named.type, use) : null
  }

  private primitive(type: string, use: Use): string | null {
    switch (type) {
      case 'null':
        return 'null'
      case 'boolean':
        return use === 'read' ? this.keep('b[p++] > 0') : this.say('p++')
      case 'int':
      case 'long':
        return use === 'read' ? this.keep('readLong()') : this.say(use === 'check' ? 'checkLong()' : 'skipLong()')
      case 'double':
        if (use !== 'read') return this.say('p += 8')
        this.say('p += 8')
        return this.keep('p > size ? 0 : b.readDoubleLE(p - 8)')
      case 'string':
        return use === 'read' ? this.string() : this.say('skipBytes()')
      case 'bytes':
        return use === 'read' ? null : this.say('skipBytes()')
      default:
        return null
    }
  }

  private nullable(branches: readonly unknown[], use: Use, chosen: object, checked: object): string | null {
    if (branches.length !== 2 || branches[0] !== 'null') return null
    const place = this.keep('null')
    this.say('switch (readLong()) { case 0: break; case 1: {')
    const value = this.typed(branches[1], use, chosen, checked)
    if (value === null) return null
    if (use === 'read') this.say(`${place} = ${value}`)
    this.say('break }\ndefault: noBranch() }')
    return place
  }

  private list(items: unknown, use: Use, chosen: object, checked: object): string | null {
    const count = this.name()
    this.say(`let ${count} = readCount()`)
    // Mostly there is one block, so that its count is the length: a list that grows begins with room for seventeen.
    const place = this.keep(use === 'read' ? `${count} === 0 ? [] : new Array(${count})` : 'null')
    const index = use === 'read' ? this.keep('0') : ''
    this.say(`for (; ${count} > 0; ${count} = readCount()) for (; ${count} > 0; ${count}--) {`)
    const value = this.typed(items, use, chosen, checked)
    if (value === null) return null
    if (use === 'read') this.say(`${place}[${index}++] = ${value}`)
    this.say('}')
    return place
  }

  private symbol(symbols: readonly string[]): string {
    const place = this.keep(`${JSON.stringify(symbols)}[readLong()]`)
    this.say(`if (${place} === undefined) noBranch()`)
    return place
  }

  /** Many strings are those of the value before, and making a string costs more than comparing its bytes. */
  private string(): string {
    return this.keep(`readString(${this.strings++})`)
  }

  private keep(expression: string): string {
    const place = this.name()
    this.say(`let ${place} = ${expression}`)
    return place
  }

  private say(statement: string): string {
    this.lines.push(statement)
    return 'undefined'
  }

  private name(): string {
    return `v${this.variables++}`
  }
}
