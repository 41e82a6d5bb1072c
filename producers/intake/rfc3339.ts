const DAY_MS = 86_400_000
const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

const FRACTION_AND_ZONE = /^(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d\d):(\d\d))$/

/**
 * Milliseconds since 1970 of an RFC 3339 time, or null when it is not one. Fractions beyond the millisecond are cut
 * off; an offset is applied; second 60 is accepted, as section 5.6 of the RFC does for leap seconds.
 *
 * Date.parse is not used: it turns 30 February into 1 March and takes a time without an offset as local time, which
 * would make a replay depend on the machine's time zone.
 */
export function parseRfc3339(value: string): number | null {
  if (value.length < 20 || !hasSeparators(value)) return null
  const year = digits(value, 0, 4)
  const month = digits(value, 5, 2)
  const day = digits(value, 8, 2)
  const hour = digits(value, 11, 2)
  const minute = digits(value, 14, 2)
  const second = digits(value, 17, 2)
  // NaN fails each of these comparisons.
  if (!(month >= 1 && month <= 12 && year >= 0 && day >= 1 && day <= daysOfMonth(year, month))) return null
  if (!(hour <= 23 && minute <= 59 && second <= 60)) return null
  const rest_ms = fractionAndZoneMs(value)
  if (rest_ms === null) return null
  return daysSince1970(year, month, day) * DAY_MS + ((hour * 60 + minute) * 60 + second) * 1000 + rest_ms
}

function hasSeparators(value: string): boolean {
  const between = value[10]
  return (
    value[4] === '-' &&
    value[7] === '-' &&
    (between === 'T' || between === 't' || between === ' ') &&
    value[13] === ':' &&
    value[16] === ':'
  )
}

/** Milliseconds to add for what follows the seconds. The two usual endings, `Z` and `.123Z`, take no regular expression. */
function fractionAndZoneMs(value: string): number | null {
  const last = value[value.length - 1]
  if (last === 'Z' && value.length === 20) return 0
  if (last === 'Z' && value.length === 24 && value[19] === '.') {
    const fraction_ms = digits(value, 20, 3)
    return Number.isNaN(fraction_ms) ? null : fraction_ms
  }
  const parts = FRACTION_AND_ZONE.exec(value.slice(19))
  if (parts === null) return null
  const fraction_ms = Number((parts[1] ?? '').slice(0, 3).padEnd(3, '0'))
  if (parts[2] === undefined) return fraction_ms
  const [hour, minute] = [Number(parts[3]), Number(parts[4])]
  if (hour > 23 || minute > 59) return null
  return fraction_ms + (parts[2] === '-' ? 1 : -1) * (hour * 60 + minute) * 60_000
}

/** NaN when one of them is not a digit. */
function digits(value: string, from: number, length: number): number {
  let number = 0
  for (let i = from; i < from + length; i++) {
    const digit = value.charCodeAt(i) - 48
    number = digit >= 0 && digit <= 9 ? number * 10 + digit : Number.NaN
  }
  return number
}

function daysOfMonth(year: number, month: number): number {
  const leap = month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  return leap ? 29 : MONTH_DAYS[month - 1]!
}

/** Days from civil, https://howardhinnant.github.io/date_algorithms.html; Date.UTC reads years below 100 as 19xx. */
function daysSince1970(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year
  const era = Math.floor(y / 400)
  const yearOfEra = y - era * 400
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * 146_097 + dayOfEra - 719_468
}
