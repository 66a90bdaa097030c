// Random documents, judged by the service and by graphql-js: no disagreement.
//   node judge.js http://127.0.0.1:8000
//   LECTERN_DOCUMENTS=100000 LECTERN_SEED=7 node judge.js http://127.0.0.1:8000
// Nobody is signed in: what is valid is refused by the guards, and nothing is changed. The last line is "N passed, N failed".
import { getVariableValues } from 'graphql/execution/values.js'
import { GraphQLError, parse, validate } from 'graphql'
import WebSocket from 'ws'
import { RandomDocument } from './document.js'
import { liveSchema } from './schema.js'

const base = process.argv[2] ?? 'http://127.0.0.1:8000'
const count = Number(process.env.LECTERN_DOCUMENTS ?? 500)
const first = Number(process.env.LECTERN_SEED ?? 1) * 1_000_003
const AT_ONCE = 8

/** What the service refuses although the specification allows it. The list only shrinks. */
const OWN = [
  // Depth, cost, number of mutations: `.env.example` lists them.
  { name: 'limits', is: ({ extensions }) => extensions.code === 'QUERY_TOO_COMPLEX' },
  // A sign-in changes who asks for the rest.
  { name: 'session mutations stand alone', is: ({ message }) => message.endsWith('must stand alone in its document.') },
  // September 2025 forbids them around the root field, too; graphql-js 16 looks at the field alone.
  { name: 'conditions at the root of a subscription', is: ({ message }) => message.endsWith('can not specify @skip or @include on root fields.') },
  // Under one name in fragments on two types it can't be a field of another type: graphql-js looks up no type for it.
  { name: '`__typename` is a String!', is: ({ message }) => /conflicting types "(String!|.* and "String!)/.test(message) },
  // graphql-js says so as well, but while it executes.
  { name: 'null decides about no directive', is: ({ message }) => message.endsWith('decides about a directive.') },
]

const { schema } = await liveSchema(base)

/** What graphql-js says against it. */
function judge({ text, operationName, variables }) {
  let document
  try {
    document = parse(text)
  } catch (error) {
    return `syntax: ${error.message}`
  }
  try {
    const [wrong] = validate(schema, document)
    if (wrong) return wrong.message
  } catch (error) {
    // It evaluates the conditions at the root of a subscription before it knows that they can be.
    if (error instanceof GraphQLError) return error.message
    throw error
  }
  const operations = document.definitions.filter(({ kind }) => kind === 'OperationDefinition')
  const operation = operationName ? operations.find(({ name }) => name?.value === operationName) : operations.length === 1 && operations[0]
  if (!operation) return 'no such operation'
  const { errors } = getVariableValues(schema, operation.variableDefinitions ?? [], JSON.parse(variables))
  return errors?.[0].message
}

const headers = { 'content-type': 'application/json', accept: 'application/graphql-response+json' }

async function overHttp({ text, operationName, variables }) {
  const body = `{"query":${JSON.stringify(text)}${operationName ? `,"operationName":"${operationName}"` : ''},"variables":${variables}}`
  const answer = await (await fetch(`${base}/graphql`, { method: 'POST', headers, body })).json()
  return 'data' in answer ? [] : answer.errors
}

/** One socket for all subscriptions. */
const socket = new WebSocket(`${base.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
const waiting = new Map()
await new Promise((resolve, reject) => {
  socket.on('open', () => socket.send('{"type":"connection_init"}'))
  socket.on('error', reject)
  socket.on('message', (data) => {
    const message = JSON.parse(data)
    if (message.type === 'connection_ack') resolve()
    if (message.type === 'error') waiting.get(message.id)?.(message.payload)
    if (message.type === 'next' || message.type === 'complete') waiting.get(message.id)?.([])
    if (message.type === 'ping') socket.send('{"type":"pong"}')
  })
})
let sockets = 0

function overSocket({ text, operationName, variables }) {
  const id = String((sockets += 1))
  const payload = `{"query":${JSON.stringify(text)}${operationName ? `,"operationName":"${operationName}"` : ''},"variables":${variables}}`
  return new Promise((resolve, reject) => {
    setTimeout(reject, 60_000, new Error(`no answer to ${text}`)).unref()
    waiting.set(id, (errors) => (waiting.delete(id), resolve(errors)))
    socket.send(`{"id":"${id}","type":"subscribe","payload":${payload}}`)
  })
}

const tally = { valid: 0, invalid: 0, own: {} }
const failures = []
const faults = new Map()

async function compare(number) {
  const made = new RandomDocument(schema, first + number).make()
  const against = judge(made)
  const errors = await (made.kind === 'subscription' ? overSocket(made) : overHttp(made))
  const [error] = errors
  const isRefused = error !== undefined && ['BAD_USER_INPUT', 'QUERY_TOO_COMPLEX'].includes(error.extensions.code)
  if (error && !isRefused && !['UNAUTHENTICATED', 'FORBIDDEN'].includes(error.extensions.code)) {
    failures.push(`document ${number}: neither judged nor run: ${JSON.stringify(error)}`)
  }
  for (const fault of made.faults) faults.set(fault, (faults.get(fault) ?? 0) + (against ? 1 : 0))
  tally[against ? 'invalid' : 'valid'] += 1
  const own = isRefused && !against && OWN.find(({ is }) => is(error))
  if (own) tally.own[own.name] = (tally.own[own.name] ?? 0) + 1
  else if (isRefused !== Boolean(against)) {
    failures.push(`document ${number} (${made.faults.join(', ') || 'right'})\n  graphql-js: ${against ?? 'valid'}\n  service: ${error?.message ?? 'valid'}\n  ${made.text}\n  ${made.variables}`)
  }
}

let next = 0
await Promise.all(
  Array.from({ length: AT_ONCE }, async () => {
    while (next < count) {
      const number = (next += 1) - 1
      await compare(number)
      if (count > 5000 && number % 10_000 === 9999) console.log(`${number + 1} documents, ${failures.length} disagreements${failures.length > 0 ? `, the last: ${failures.at(-1)}` : ''}`)
    }
  }),
)
socket.close()

for (const failure of failures.slice(0, Number(process.env.LECTERN_SHOWN ?? 20))) console.log(`FAILED ${failure}`)
console.log(`valid: ${tally.valid}, invalid: ${tally.invalid}, refusals of our own: ${JSON.stringify(tally.own)}, kinds of faults: ${faults.size}`)
if (process.env.LECTERN_FAULTS) for (const [fault, times] of [...faults].sort()) console.log(`${times} ${fault}`)
console.log(`${count - failures.length} passed, ${failures.length} failed`)
// A generator that lost its variety must not look like a pass.
const isVaried = tally.valid > count / 4 && tally.invalid > count / 8 && Object.values(tally.own).reduce((sum, times) => sum + times, 0) < count / 10
process.exit(failures.length > 0 || !isVaried ? 1 : 0)
