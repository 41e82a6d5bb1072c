import { live } from '../backbone/backbone.ts'
import { customerOf, pickManner } from '../backbone/mint.ts'
import { enrol, honest } from '../honest/cast.ts'
import { servegenPaces } from '../pace/pace.ts'
import type { Scenario } from '../stage.ts'

/** A VPN's customers, or a company's staff with accounts of their own: strangers in all but the address. */
export const sharedEgress: Scenario = {
  name: 'H6',
  summary: 'shared egress: a VPN, or a company whose staff have accounts of their own behind one address',
  label: 'benign',
  accounts: 150,
  accounts_min: 12,
  run(stage, settings) {
    const { random, world } = stage
    const isCompany = random.chance(0.5)
    const kind = isCompany ? 'carrier' : 'vpn'
    const addresses = [world.address(random, kind)]
    const email_domain = world.emailDomain(random, 'own')
    for (let member = 0; member < settings.accounts; member++) {
      const shared = isCompany && random.chance(0.6) ? { email_domain } : {}
      const org = world.organisation(random, { ...shared, addresses: [...addresses], network: kind })
      const account = enrol(stage, org, honest(settings, isCompany ? 'employee' : 'vpn-customer'))
      const manner = pickManner(stage, org, () => random.pick(servegenPaces()), random)
      const customer = customerOf(stage, account, manner, settings.rate, random.fork(member))
      // Whatever else they have, here they are seen behind the one address.
      account.addresses = [...addresses]
      live(stage, customer)
    }
  },
}
