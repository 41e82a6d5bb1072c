import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { SAMPLE_DATA_FOLDER } from '../../sample/folder.ts'

/** Hours of a fortnight, after which a pace begins again. */
export const FORTNIGHT_HOURS = 336

export type GapFamily = 'Gamma' | 'Weibull' | 'exponential' | 'constant'

/** When a real client sends: its rate by the hour, mean 1, and how uneven the gaps are. Hours are local. */
export interface Pace {
  readonly family: GapFamily
  readonly rates: readonly number[]
  /** Of the gap distribution; 1 is exponential in both families, smaller is burstier. */
  readonly shapes: readonly number[]
}

let loaded: readonly Pace[] | undefined

/** ServeGen's clients that were watched for a fortnight (producers/sample/make-data.ts cuts them). */
export function servegenPaces(): readonly Pace[] {
  loaded ??= parsePaces(gunzipSync(readFileSync(`${SAMPLE_DATA_FOLDER}servegen-fortnight.csv.gz`)).toString('utf8'))
  return loaded
}

function parsePaces(csv: string): Pace[] {
  return csv
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => {
      const [, , , family, rates = '', shapes = ''] = line.split(',')
      const hours = rates.split(' ').map(Number)
      const mean = hours.reduce((sum, rate) => sum + rate, 0) / hours.length
      return {
        family: family === 'Gamma' ? 'Gamma' : 'Weibull',
        rates: hours.map((rate) => rate / mean),
        shapes: shapes.split(' ').map((shape) => (shape === '' ? 1 : Number(shape) / 100)),
      }
    })
}

/** Share of the fortnight in which a client has to be busy for people to be behind it. */
const STEADY_SHARE = 0.9

/** Hours of a fortnight in which a program is at work that nobody watches. */
const WORKING_HOURS_MIN = 200

/** Clients that are busy for much of the fortnight. */
export function workingPaces(): readonly Pace[] {
  return servegenPaces().filter(({ rates }) => rates.filter((rate) => rate > 0).length >= WORKING_HOURS_MIN)
}

/** Clients that are never silent for an hour. */
export function steadyPaces(): readonly Pace[] {
  return servegenPaces().filter(({ rates }) => rates.every((rate) => rate > 0))
}

let people: Pace | undefined

/** The mean of the steady clients by the hour of the week: day and night, weekday and weekend, as measured. */
export function peoplePace(): Pace {
  people ??= meanPace(servegenPaces().filter(isSteady))
  return people
}

function isSteady({ rates }: Pace): boolean {
  return rates.filter((rate) => rate > 0).length >= STEADY_SHARE * rates.length
}

function meanPace(paces: readonly Pace[]): Pace {
  const rates = Array.from(
    { length: FORTNIGHT_HOURS },
    (_, hour) => paces.reduce((sum, pace) => sum + pace.rates[hour]!, 0) / paces.length,
  )
  return { family: 'exponential', rates, shapes: rates.map(() => 1) }
}
