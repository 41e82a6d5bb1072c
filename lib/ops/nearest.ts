import leven from 'leven'

/**
 * The known name that somebody most likely meant, or undefined when none is close. Names may be dotted paths: a right
 * last part in the wrong section counts as close (`length_ms` finds `hops.length_ms`).
 */
export function nearestName(wanted: string, known: Iterable<string>): string | undefined {
  let best: string | undefined
  let bestDistance = Number.POSITIVE_INFINITY
  for (const candidate of known) {
    const sameSection = leven(wanted, candidate)
    const otherSection = leven(lastPart(wanted), lastPart(candidate)) + 1
    const distance = Math.min(sameSection, otherSection)
    // Two slips are always forgiven; beyond that a third of the name, or the hint is noise.
    const allowed = Math.max(2, Math.floor(lastPart(wanted).length / 3))
    if (distance <= allowed && distance < bestDistance) {
      best = candidate
      bestDistance = distance
    }
  }
  return best
}

function lastPart(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1)
}
