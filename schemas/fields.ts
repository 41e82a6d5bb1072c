/** Which fields of a record are wanted: `true` for all of a field, a nested choice for a part of a record or of a list of records. */
export type Fields<Value> = {
  readonly [Name in keyof Value]?: true | Fields<RecordIn<Value[Name]>>
}

/** A value with the chosen fields alone. */
export type Projected<Value, Chosen> = {
  readonly [Name in keyof Chosen & keyof Value]: Chosen[Name] extends true
    ? Value[Name]
    : Part<Value[Name], Chosen[Name]>
}

type RecordIn<Field> = NonNullable<Field> extends readonly (infer Item)[] ? Item : NonNullable<Field>
type Part<Field, Chosen> =
  | Extract<Field, null>
  | (NonNullable<Field> extends readonly (infer Item)[]
      ? readonly Projected<Item, Chosen>[]
      : Projected<NonNullable<Field>, Chosen>)
