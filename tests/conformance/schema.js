// The live schema, as graphql-js knows it: out of the service's own introspection, with its scalars' rules.
import { buildClientSchema, getIntrospectionQuery, GraphQLError, valueFromASTUntyped } from 'graphql'

export async function ask(base, query, variables, token) {
  const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) }
  const response = await fetch(`${base}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query, variables }) })
  return response.json()
}

export async function signIn(base, tenant, email) {
  const input = { tenant, email, password: 'lectern-demo' }
  const answer = await ask(base, 'mutation($i: LoginInput!) { login(input: $i) { accessToken } }', { i: input })
  return answer.data.login.accessToken
}

const everything = { descriptions: true, specifiedByUrl: true, directiveIsRepeatable: true, schemaDescription: true, inputValueDeprecation: true, oneOf: true }

/** The values that the service's scalars take, of those that the documents hold. */
const scalars = {
  DateTime: (value) => typeof value === 'string' && /^(19|[2-9]\d)\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/i.test(value) && !/-02-30T/.test(value) && value < '3',
  Date: (value) => typeof value === 'string' && /^\d{4}-\d\d-\d\d$/.test(value) && !Number.isNaN(Date.parse(value)),
  LocalTime: (value) => typeof value === 'string' && /^(([01]\d|2[0-3]):[0-5]\d|24:00)$/.test(value),
}

export async function liveSchema(base) {
  const answer = await ask(base, getIntrospectionQuery(everything))
  if (answer.errors) throw new Error(JSON.stringify(answer.errors))
  const schema = buildClientSchema(answer.data)
  for (const [name, takes] of Object.entries(scalars)) {
    const type = schema.getType(name)
    if (!type) continue
    type.parseValue = (value) => {
      if (!takes(value)) throw new GraphQLError(`${name} can't be ${JSON.stringify(value)}`)
      return value
    }
    type.parseLiteral = (node, variables) => type.parseValue(valueFromASTUntyped(node, variables))
  }
  return { schema, introspection: answer.data }
}
