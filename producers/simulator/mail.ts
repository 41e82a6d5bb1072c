import type { Random } from '../sample/random.ts'
import { hexId } from '../traces/ids.ts'
import { createZipf } from './zipf.ts'

const PUBLIC = [
  'gmail.com',
  'outlook.com',
  'qq.com',
  '163.com',
  'yahoo.com',
  'proton.me',
  'icloud.com',
  'hotmail.com',
  'gmx.de',
  'mail.ru',
]
/** From the CC0 list disposable-email-domains. */
const DISPOSABLE = [
  'mailinator.com',
  'guerrillamail.com',
  'yopmail.com',
  '10minutemail.com',
  'sharklasers.com',
  'trashmail.com',
  'maildrop.cc',
  'getnada.com',
  'mailnesia.com',
  'dispostable.com',
  'tempr.email',
  'mohmal.com',
]
const DISPOSABLE_SHARE = 0.03
const PUBLIC_SHARE = 0.52

export function createMail(seed: number) {
  const publicRank = createZipf(PUBLIC.length, 1)
  let own = 0
  return (random: Random, kind?: 'public' | 'disposable' | 'own'): string => {
    const at = random.unit()
    const chosen =
      kind ?? (at < DISPOSABLE_SHARE ? 'disposable' : at < DISPOSABLE_SHARE + PUBLIC_SHARE ? 'public' : 'own')
    if (chosen === 'public') return PUBLIC[publicRank(random)]!
    return chosen === 'disposable' ? random.pick(DISPOSABLE) : `${hexId(8, seed, 'mail', own++)}.example`
  }
}
