import type { Random } from '../../sample/random.ts'

/**
 * Writes one text of a small grammar: of `{a|b|c}` one alternative is drawn, alternatives may hold further ones or be
 * empty, `$name` is replaced by a value. What an empty alternative leaves of double spaces is closed.
 * @throws RangeError when braces don't match or a name has no value
 */
export function writeText(template: string, random: Random, values: Readonly<Record<string, string>> = {}): string {
  let text = template
  for (;;) {
    // Innermost groups first, left to right, so that the draw is a function of the seed alone.
    const next = text.replace(/\{([^{}]*)\}/g, (_, group: string) => random.pick(group.split('|')))
    if (next === text) break
    text = next
  }
  if (/[{}]/.test(text)) throw new RangeError(`grammar has a brace without a partner: ${template.slice(0, 60)}`)
  return text
    .replace(/\$([a-z]+)/g, (_, name: string) => {
      const value = values[name]
      if (value === undefined)
        throw new RangeError(`grammar names $${name}, which has no value: ${template.slice(0, 60)}`)
      return value
    })
    .replace(/ {2,}/g, ' ')
    .replace(/ ([,.;:])/g, '$1')
    .trim()
}
