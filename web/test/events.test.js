// Subscriptions of the page: what is said to the server, and what GraphiQL hears of it.
import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { parse } from 'graphql'
import { events, listens } from '../shared/events.js'

/** A socket whose other end is the test. */
class Socket {
  sent = []
  closed = null
  #heard = {}
  addEventListener = (type, listener) => void (this.#heard[type] = listener)
  send = (text) => void this.sent.push(JSON.parse(text))
  close = (code) => void (this.closed = code)
  fire = (type, event) => this.#heard[type](event)
  says = (message) => this.fire('message', { data: JSON.stringify(message) })
}

const operation = { query: 'subscription { bookingChanged { id } }', variables: {} }
let socket, heard, subscription
const begin = (bearer) => {
  const note = (kind) => (value) => void heard.push([kind, value])
  const observer = { next: note('next'), error: note('error'), complete: () => void heard.push(['complete']) }
  subscription = events(operation, async () => bearer, () => socket).subscribe(observer)
}

beforeEach(() => {
  socket = new Socket()
  heard = []
})

test('it says who asks, subscribes once it is known, and passes on what comes', async () => {
  begin('Bearer t1')
  await socket.fire('open')
  assert.deepEqual(socket.sent, [{ type: 'connection_init', payload: { Authorization: 'Bearer t1' } }])
  socket.says({ type: 'connection_ack' })
  assert.deepEqual(socket.sent[1], { type: 'subscribe', id: '1', payload: operation })
  socket.says({ type: 'next', id: '1', payload: { data: { n: 1 } } })
  socket.says({ type: 'next', id: '1', payload: { data: { n: 2 } } })
  socket.says({ type: 'ping' })
  assert.deepEqual(socket.sent[2], { type: 'pong' })
  socket.says({ type: 'complete', id: '1' })
  assert.deepEqual(heard, [['next', { data: { n: 1 } }], ['next', { data: { n: 2 } }], ['complete']])
  assert.equal(socket.closed, 1000)
})

test('signed out it says nothing of who asks', async () => {
  begin(null)
  await socket.fire('open')
  assert.deepEqual(socket.sent, [{ type: 'connection_init', payload: {} }])
})

test('a refusal is shown as an answer, and is the last', () => {
  begin(null)
  socket.says({ type: 'error', id: '1', payload: [{ message: 'Sign in.' }] })
  socket.fire('close', { code: 1000, reason: '' })
  assert.deepEqual(heard, [['next', { errors: [{ message: 'Sign in.' }] }], ['complete']])
})

test('a socket that is closed says why', () => {
  begin(null)
  socket.fire('close', { code: 1012, reason: 'Events may have been missed' })
  assert.equal(heard[0][0], 'error')
  assert.equal(heard[0][1].message, 'The socket was closed: 1012 Events may have been missed')
})

test('once stopped it is over, also before it has begun', async () => {
  begin('Bearer t1')
  subscription.unsubscribe()
  await socket.fire('open')
  socket.says({ type: 'next', id: '1', payload: {} })
  assert.deepEqual([socket.sent, heard, socket.closed], [[], [], 1000])
})

test('the chosen operation decides whether a document listens', () => {
  const both = parse('query Ask { viewer { user { id } } } subscription Listen { bookingChanged { id } }').definitions
  assert.deepEqual([listens(both, 'Ask'), listens(both, 'Listen'), listens(both, null)], [false, true, false])
  assert.equal(listens(parse('subscription { bookingChanged { id } }').definitions, undefined), true)
  assert.equal(listens(parse('subscription Listen { bookingChanged { id } }').definitions, 'OfAnotherTab'), true)
})
