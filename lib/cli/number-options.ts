import { InvalidArgumentError, Option } from 'commander'

const PORT_MAX = 65_535

/** A TCP port as an option's value. */
export function portNumber(text: string): number {
  const port = Number(text)
  if (!/^\d+$/.test(text) || port > PORT_MAX) throw new InvalidArgumentError(`a whole number from 0 to ${PORT_MAX}`)
  return port
}

/** A whole number, 0 or more, as an option's value. */
export function wholeNumber(text: string): number {
  const number = Number(text)
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(number)) throw new InvalidArgumentError('a whole number, 0 or more')
  return number
}

/** A number above 0, as an option's value. */
export function positiveNumber(text: string): number {
  const number = Number(text)
  if (text.trim() === '' || !Number.isFinite(number) || number <= 0) throw new InvalidArgumentError('a number above 0')
  return number
}

/** `--seed`, for what runs over the sample traffic. */
export function seedOption(): Option {
  return new Option('--seed <number>', 'of the sample traffic').default(1).argParser(wholeNumber)
}
