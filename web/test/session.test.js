// The page's own sign-in: which requests carry the token, when it is renewed, and when it is dropped.
import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { Session } from '../shared/session.js'

const VIEWER = { user: { name: 'Ada' }, tenant: { name: 'Oak' }, activeRole: { name: 'Admin' } }
const EMPTY = { headers: { Authorization: 'Bearer ' } }
const refusal = { data: null, errors: [{ message: 'Sign in.', extensions: { code: 'UNAUTHENTICATED' } }] }

/** A server of one person: it issues t1, t2, … and accepts the newest. */
class Server {
  sent = []
  issued = 0
  lifetime = 900_000
  answers = new Map()

  fetch = async (_url, { headers, body }) => {
    const bearer = new Headers(headers).get('authorization')
    const { query } = JSON.parse(body)
    this.sent.push({ bearer, query })
    const given = [...this.answers].find(([part]) => query.includes(part))?.[1]
    return Response.json(given ?? this.answer(query, bearer === `Bearer t${this.issued}`), {
      headers: { 'content-type': 'application/graphql-response+json; charset=utf-8' },
    })
  }

  answer(query, known) {
    if (query.includes('login')) return { data: { login: this.session() } }
    if (query.includes('refreshSession')) return { data: { refreshSession: this.session() } }
    if (query.includes('logout')) return known ? { data: { logout: true } } : refusal
    if (query.includes('viewer')) return { data: { viewer: known ? VIEWER : null } }
    return known ? { data: { courses: [] } } : refusal
  }

  session() {
    this.issued += 1
    const accessTokenExpiresAt = new Date(Date.now() + this.lifetime).toISOString()
    return { accessToken: `t${this.issued}`, accessTokenExpiresAt, refreshToken: `r${this.issued}`, viewer: VIEWER }
  }

  bearers = (part) => this.sent.filter(({ query }) => query.includes(part)).map(({ bearer }) => bearer)
}

class Shelf extends Map {
  getItem = (key) => this.get(key) ?? null
  setItem = (key, value) => void this.set(key, value)
  removeItem = (key) => void this.delete(key)
}

let server, shelf, session
const ask = (query, init = EMPTY) => session.fetch('/graphql', { ...init, method: 'POST', body: JSON.stringify({ query }) })

beforeEach(() => {
  server = new Server()
  shelf = new Shelf()
  session = new Session('/graphql', server.fetch, shelf)
})

test('a sign-in run in a tab fills the empty Bearer of later requests', async () => {
  await ask('mutation { login }')
  await ask('{ courses }')
  assert.deepEqual(server.bearers('login'), [null])
  assert.deepEqual(server.bearers('courses'), ['Bearer t1'])
  assert.deepEqual(session.snapshot().person, { name: 'Ada', school: 'Oak', role: 'Admin' })
})

test('an alias of the root field changes nothing', async () => {
  server.answers.set('login', { data: { me: server.session() } })
  await ask('mutation { me: login }')
  assert.equal(session.token(), 't1')
})

test('a header that somebody typed or took away is left alone', async () => {
  await ask('mutation { login }')
  await ask('{ courses }', { headers: { authorization: 'Bearer mine' } })
  await ask('{ courses }', { headers: {} })
  assert.deepEqual(server.bearers('courses'), ['Bearer mine', null])
  assert.equal(session.token(), 't1', 'a refusal of a typed token says nothing about the own one')
})

test('a caller still reads the answer that the session has read', async () => {
  const body = await (await ask('mutation { login }')).json()
  assert.equal(body.data.login.accessToken, 't1')
})

test('a token about to end is renewed once, however many requests wait for it', async () => {
  server.lifetime = 1_000
  await ask('mutation { login }')
  server.lifetime = 900_000
  await Promise.all([ask('{ courses }'), ask('{ courses }')])
  assert.equal(server.bearers('refreshSession').length, 1)
  assert.deepEqual(server.bearers('courses'), ['Bearer t2', 'Bearer t2'])
})

/** Tabs of one browser: one lock, and a channel that reaches all but the one who speaks. */
class Browser {
  #queue = Promise.resolve()
  #channels = []
  waited = 0

  tab() {
    const channel = {
      onmessage: null,
      postMessage: (data) => {
        const others = this.#channels.filter((other) => other !== channel)
        for (const other of others) setTimeout(() => other.onmessage?.({ data: structuredClone(data) }), 5)
      },
    }
    this.#channels.push(channel)
    const alone = (work) => {
      this.waited += 1
      const done = this.#queue.then(work)
      this.#queue = done.catch(() => undefined)
      return done
    }
    return { alone, channel }
  }
}

test('tabs of one sign-in share one refresh', async () => {
  const browser = new Browser()
  session = new Session('/graphql', server.fetch, shelf, browser.tab())
  server.lifetime = 1_000
  await ask('mutation { login }')
  // Duplicated, a tab takes the kept access token along.
  const copies = [0, 1].map(() => new Session('/graphql', server.fetch, new Shelf(shelf), browser.tab()))
  server.lifetime = 900_000
  server.answers.set('Who', { data: { viewer: VIEWER } })
  const query = (tab) => tab.fetch('/graphql', { ...EMPTY, method: 'POST', body: JSON.stringify({ query: '{ courses }' }) })
  for (const copy of copies) await copy.resume()
  await Promise.all([...copies, session, ...copies].map(query))
  assert.equal(server.bearers('refreshSession').length, 1)
  assert.deepEqual(server.bearers('courses'), Array(5).fill('Bearer t2'))
  assert.ok(browser.waited >= 3, 'each by the lock')
  for (const copy of copies) assert.equal(copy.token(), 't2')
})

test('a renewal holds the lock that all tabs of the browser share', async () => {
  const held = []
  const locks = { request: (name, work) => (held.push(name), work()) }
  const before = ['navigator', 'BroadcastChannel'].map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)])
  Object.defineProperty(globalThis, 'navigator', { value: { locks }, configurable: true })
  globalThis.BroadcastChannel = class { postMessage() {} }
  try {
    session = new Session('/graphql', server.fetch, shelf)
    server.lifetime = 1_000
    await ask('mutation { login }')
    assert.deepEqual(held, [])
    server.lifetime = 900_000
    await ask('{ courses }')
  } finally {
    for (const [name, was] of before) {
      if (was) Object.defineProperty(globalThis, name, was)
      else delete globalThis[name]
    }
  }
  assert.equal(held.length, 1)
  assert.deepEqual(server.bearers('courses'), ['Bearer t2'])
})

test('a tab whose sign-in no other tab can renew goes on until it ends', async () => {
  const browser = new Browser()
  server.lifetime = 1_000
  await ask('mutation { login }')
  const other = new Session('/graphql', server.fetch, new Shelf(), browser.tab())
  await other.signIn({ tenant: 'elm', email: 'bob@elm.example', password: 'x' })
  server.answers.set('Who', { data: { viewer: VIEWER } })
  const copy = new Session('/graphql', server.fetch, new Shelf(shelf), browser.tab())
  await copy.resume()
  for (const _ of [1, 2]) await copy.fetch('/graphql', { ...EMPTY, method: 'POST', body: JSON.stringify({ query: '{ nothing }' }) })
  assert.equal(server.bearers('refreshSession').length, 0, 'nobody renews for another sign-in')
  assert.deepEqual(server.bearers('nothing')[0], 'Bearer t1')
  assert.equal(browser.waited, 1, 'it is tried once')
  assert.equal(other.token(), 't2')
})

test('a refused token is dropped, and the page says so', async () => {
  await ask('mutation { login }')
  server.issued = 7
  await ask('{ courses }')
  assert.equal(session.token(), null)
  assert.equal(session.snapshot().notice, 'The session has ended.')
  assert.equal(shelf.size, 0)
})

test('signing out in a tab or by the button forgets the token', async () => {
  await ask('mutation { login }')
  await ask('mutation { logout }')
  assert.equal(session.token(), null)
  await session.signIn({ tenant: 'oak', email: 'ada@oak.example', password: 'x' })
  assert.equal(session.token(), 't2')
  await session.signOut()
  assert.equal(session.token(), null)
  assert.deepEqual(server.bearers('logout'), ['Bearer t1', 'Bearer t2'])
})

test('a refused sign-in shows the reason', async () => {
  server.answers.set('login', { data: null, errors: [{ message: 'Wrong password.' }] })
  await session.signIn({ tenant: 'oak', email: 'ada@oak.example', password: 'x' })
  assert.deepEqual(session.snapshot(), { person: null, busy: false, notice: 'Wrong password.' })
})

test('a reload keeps the access token and never the refresh token', async () => {
  await ask('mutation { login }')
  assert.doesNotMatch([...shelf.values()].join(), /r1/)
  session = new Session('/graphql', server.fetch, shelf)
  await session.resume()
  assert.equal(session.snapshot().person.name, 'Ada')
  await ask('{ courses }')
  assert.deepEqual(server.bearers('courses'), ['Bearer t1'])
})

test('a kept token that has ended meanwhile is dropped', async () => {
  await ask('mutation { login }')
  server.issued = 7
  session = new Session('/graphql', server.fetch, shelf)
  await session.resume()
  assert.equal(session.token(), null)
})

test('a dead link or a wrong code says nothing about the token', async () => {
  await ask('mutation { login }')
  for (const reason of ['LINK_INVALID', 'CODE_INVALID']) {
    server.answers.set(reason, { data: null, errors: [{ message: 'No.', extensions: { code: 'UNAUTHENTICATED', reason } }] })
    await ask(`mutation { confirm(reason: "${reason}") }`)
    assert.equal(session.token(), 't1', reason)
  }
})

test('seeing as somebody is no sign-in of one’s own', async () => {
  await ask('mutation { login }')
  server.answers.set('startViewAs', { data: { startViewAs: { accessToken: 'other', accessTokenExpiresAt: new Date().toISOString() } } })
  await ask('mutation { startViewAs }')
  assert.equal(session.token(), 't1')
})
