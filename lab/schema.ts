/**
 * The wire as a JSON Schema, made from the schemas that the codec itself uses, for whoever writes an agent in another
 * language: `docs/protocol.schema.json`.
 */
import * as z from 'zod'
import { messageKinds, messageSchemas } from '../src/protocol/codec/messages.ts'
import { itemsOf, receiver, sender } from '../src/protocol/codec/parts.ts'
import { wireVersion } from '../src/protocol/codec.ts'
import { defaultLimits } from '../src/protocol/index.ts'

type Json = Record<string, unknown>

/** A frame with the default limits: one definition a kind of message. */
export function frameSchema(): Json {
  const schemas = messageSchemas(defaultLimits)
  const kinds = messageKinds.map((kind): [string, Json] => [kind, described(schemas[kind])])
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: `A frame of convoke, version ${wireVersion} of the wire`,
    type: 'object',
    properties: {
      v: { const: wireVersion },
      from: described(sender),
      to: described(receiver),
      message: { anyOf: messageKinds.map((kind) => ({ $ref: `#/$defs/${kind}` })) },
    },
    required: ['v', 'from', 'to', 'message'],
    additionalProperties: false,
    $defs: Object.fromEntries(kinds),
  }
}

function described(schema: z.ZodType): Json {
  const { $schema: _, ...described } = z.toJSONSchema(schema, {
    io: 'input',
    override({ zodSchema, jsonSchema }) {
      const items = itemsOf.get(zodSchema)
      if (items !== undefined) jsonSchema.items = inner(items)
    },
  })
  return described
}

function inner(schema: z.ZodType): z.core.JSONSchema.BaseSchema {
  return described(schema) as z.core.JSONSchema.BaseSchema
}

export function schemaText(): string {
  return `${JSON.stringify(frameSchema(), undefined, 1)}\n`
}
