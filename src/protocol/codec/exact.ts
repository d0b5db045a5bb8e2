/**
 * Types that make a schema and the vocabulary agree in both directions: a field that the schema forgets, adds, or has
 * optional where it is not, does not compile.
 */
import type * as z from 'zod'

/** A schema of values that need no conversion. */
export type Schema<Value> = z.ZodType<Value, Value>

type Primitive = string | number | boolean | null | undefined

/** The same type without `readonly`, which a parser cannot know of. Branded texts stay as they are. */
type Plain<Value> = Value extends Primitive ? Value : { -readonly [Key in keyof Value]: Plain<Value[Key]> }

/** True for types that are identical but for `readonly`. */
type Same<A, B> =
  (<T>() => T extends Plain<A> ? 1 : 2) extends <T>() => T extends Plain<B> ? 1 : 2 ? true : false

/** Stands in for a schema that does not fit, so that the compiler prints both sides. */
interface Mismatch<Expected, Actual> {
  readonly expected: Expected
  readonly actual: Actual
}

/** Calls the schema one of `Value`, and compiles only when it is. */
export function exactly<Value>(): <S extends z.ZodType>(
  schema: Same<z.output<S>, Value> extends true ? S : S & Mismatch<Value, z.output<S>>,
) => Schema<Value> {
  return (schema) => schema as unknown as Schema<Value>
}
