const IDENTIFIER = /^[\w.:/-]{1,64}$/
/** Model names also carry revisions and owners, and resource names of clouds are long. */
const MODEL = /^[\w.:/@+~=-]{1,256}$/
const RESELLER = 'reseller:'
const COUNTRY = /^[A-Za-z]{2}$/

/** What a string becomes that is no identifier: prompt text must not ride on a field for names. */
export const OTHER = 'other'

type Maybe = string | null | undefined

/** The string if it looks like the name of something, 'other' if not, null if there is none. */
export function identifier(value: Maybe): string | null {
  if (value === null || value === undefined || value === '') return null
  return IDENTIFIER.test(value) ? value : OTHER
}

export function modelName(value: string): string {
  return MODEL.test(value) ? value : OTHER
}

/** A reseller whose name is no identifier stays a reseller. */
export function accessPath(value: Maybe): string {
  const path = identifier(value) ?? 'first_party'
  return path === OTHER && value?.startsWith(RESELLER) ? RESELLER + OTHER : path
}

/** ISO 3166 alpha-2 in capitals, or null. */
export function countryCode(value: Maybe): string | null {
  return value && COUNTRY.test(value) ? value.toUpperCase() : null
}
