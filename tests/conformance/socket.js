// The client of graphql-ws, as frontends use it, against a running demo:
//   node socket.js http://127.0.0.1:8000
// The last line is "N passed, N failed".
import { createClient } from 'graphql-ws'
import WebSocket from 'ws'

const base = process.argv[2] ?? 'http://127.0.0.1:8000'
const url = `${base.replace('http', 'ws')}/graphql`
const results = []

async function check(name, work) {
  const late = new Promise((_, fail) => setTimeout(fail, 60_000, new Error('nothing came of it')).unref())
  try {
    await Promise.race([work(), late])
    results.push(true)
  } catch (error) {
    results.push(false)
    console.log(`FAILED ${name}: ${error.message ?? JSON.stringify(error)}`)
  }
}

function expect(is, wanted) {
  const [left, right] = [JSON.stringify(is), JSON.stringify(wanted)]
  if (left !== right) throw new Error(`${left} instead of ${right}`)
}

async function ask(token, query, variables) {
  const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) }
  const answer = await (await fetch(`${base}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query, variables }) })).json()
  if (answer.errors) throw new Error(JSON.stringify(answer.errors))
  return answer.data
}

async function signIn(tenant, email) {
  const input = { tenant, email, password: 'lectern-demo' }
  return (await ask(null, 'mutation($i: LoginInput!) { login(input: $i) { accessToken } }', { i: input })).login.accessToken
}

function connect(token, options) {
  return createClient({ url, webSocketImpl: WebSocket, connectionParams: token && { Authorization: `Bearer ${token}` }, lazy: false, onNonLazyError() {}, retryAttempts: 0, ...options })
}

/** The first answer to an operation. */
function first(client, query) {
  return new Promise((resolve, reject) => {
    const stop = client.subscribe({ query }, { next: (answer) => (resolve(answer), stop()), error: reject, complete: () => reject(new Error('complete')) })
  })
}

const learner = await signIn('alpha-flight-school', 'learner@alpha.example')
const stranger = await signIn('bravo-academy', 'admin@bravo.example')

async function request() {
  // Another hour each time that this runs.
  const starts = Date.now() + (30 + Math.random() * 300) * 86_400_000
  const input = { startsAt: new Date(starts).toISOString(), endsAt: new Date(starts + 900_000).toISOString() }
  return (await ask(learner, 'mutation($i: RequestBookingInput!) { requestBooking(input: $i) { id } }', { i: input })).requestBooking.id
}

await check('a query is answered and complete', async () => {
  const client = connect(learner)
  const seen = []
  for await (const answer of client.iterate({ query: '{ viewer { activeRole { key } } }' })) seen.push(answer.data)
  expect(seen, [{ viewer: { activeRole: { key: 'LEARNER' } } }])
  await client.dispose()
})

await check('a client that is done is told goodbye', async () => {
  const closed = new Promise((resolve) => {
    const client = connect(learner, { on: { closed: (event) => resolve(event.code), connected: () => client.dispose() } })
  })
  expect(await closed, 1000)
})

await check('a document that is not valid is an error', async () => {
  const client = connect(learner)
  const errors = await first(client, '{ nothing }').then(() => null, (errors) => errors)
  expect(errors?.[0]?.extensions?.code, 'BAD_USER_INPUT')
  await client.dispose()
})

await check('a booking is heard of in its own school and in no other', async () => {
  const [own, foreign] = [connect(learner), connect(stranger)]
  const heard = []
  foreign.subscribe({ query: 'subscription { bookingChanged { id } }' }, { next: (answer) => heard.push(answer), error: () => heard.push('error'), complete() {} })
  const event = first(own, 'subscription { bookingChanged { id status } }')
  // Once a query is answered that was sent after it, a subscription has begun.
  for (const client of [own, foreign]) await first(client, '{ __typename }')
  await request()
  const answer = await event
  expect(answer.data.bookingChanged.status, 'REQUESTED')
  expect(answer.data.bookingChanged.id.startsWith('booking_'), true)
  await first(foreign, '{ __typename }')
  expect(heard, [])
  await Promise.all([own.dispose(), foreign.dispose()])
})

await check('one operation too many is refused alone', async () => {
  const client = connect(learner)
  const [failed, heard] = [[], []]
  for (let n = 0; n < 101; n++) {
    client.subscribe({ query: 'subscription { bookingChanged { id } }' }, { next: () => heard.push(n), error: (errors) => failed.push(errors), complete() {} })
  }
  while (failed.length === 0) await new Promise((resolve) => setTimeout(resolve, 20))
  expect(failed.map((errors) => errors[0].extensions.code), ['LIMIT_REACHED'])
  // The hundred others go on: a change reaches each of them. Where one had not begun yet, the next does.
  while (new Set(heard).size < 100) {
    await request()
    for (let n = 0; n < 150 && new Set(heard).size < 100; n++) await new Promise((resolve) => setTimeout(resolve, 20))
  }
  expect(failed.length, 1)
  await client.dispose()
})

await check('a token that is none closes with 4403', async () => {
  const closed = new Promise((resolve) => {
    const client = connect('nonsense', { on: { closed: (event) => resolve(event.code) } })
    client.subscribe({ query: '{ __typename }' }, { next() {}, error() {}, complete() {} })
  })
  expect(await closed, 4403)
})

const passed = results.filter(Boolean).length
console.log(`${passed} passed, ${results.length - passed} failed`)
process.exit(passed === results.length ? 0 : 1)
