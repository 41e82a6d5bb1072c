/** A line of the labels file: CONTRACT's fields, and what the simulator adds to them. */
export interface Label {
  readonly account_id: string
  readonly label: 'benign' | 'malicious'
  /** Null for a benign account. */
  readonly campaign_id: string | null
  /** What the account is within its scenario: `head`, `replacement`, `standby`, `student`, and so on. */
  readonly role: string
  /** `backbone`, or the family: `M1` to `M11`, `H1` to `H14`. */
  readonly scenario: string
  /** RFC 3339; null for an account without requests. */
  readonly first_event: string | null
  readonly last_event: string | null
  /** Default: the account itself. */
  readonly org_id?: string | null
  /** Which one of its family, `H3-07`; accounts of one instance share it. Null or absent in the backbone. */
  readonly instance?: string | null
  /** Evasion level 0 to 3 of a malicious account. */
  readonly level?: number | null
}
