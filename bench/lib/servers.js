// The servers that are measured: Lectern, and those that make an API out of the same tables.

import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { OPERATIONS } from './operations.js'
import { PEER_SECRET } from './people.js'
import { descendants } from './process.js'
import { run, start, stop, until } from './shell.js'
import { httpRequest } from './wire.js'

const BENCH = new URL('..', import.meta.url).pathname

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
}

class Server {
  protocol = 'http'

  constructor(cluster, folder) {
    this.cluster = cluster
    this.log = join(folder, `${this.constructor.name.toLowerCase()}.log`)
  }

  async start() {
    this.port = await freePort()
    this.address = `127.0.0.1:${this.port}`
    this.process = this.launch()
    await until(this.title, 60, async () => (await this.post('', { query: '{ __typename }' })).data)
  }

  stop() {
    return stop(this.process)
  }

  pids() {
    return descendants(this.process.pid)
  }

  async post(token, body) {
    const headers = { 'content-type': 'application/json', accept: 'application/json', ...(token && { authorization: `Bearer ${token}` }) }
    const response = await fetch(`http://${this.address}/graphql`, { method: 'POST', headers, body: JSON.stringify(body) })
    return response.json()
  }

  request(operation, asked) {
    return httpRequest(this.address, this.token(asked), this.body(OPERATIONS[operation], asked))
  }

  /** Of an operation of two requests: both, and what stands in the second one where the id belongs that the first one makes. */
  chain(operation, asked) {
    const place = this.place(OPERATIONS[operation])
    const second = httpRequest(this.address, this.token(asked), this.body(OPERATIONS[operation].then, asked, place))
    return { person: asked.user, place, requests: [this.request(operation, asked), second].map(String) }
  }

  async answer(operation, asked) {
    const wanted = OPERATIONS[operation]
    const first = await this.say(operation, asked, this.body(wanted, asked))
    const second = wanted.then && (await this.say(operation, asked, this.body(wanted.then, asked, wanted.idOf(first))))
    return this.shape(wanted, { ...first, ...second })
  }

  async say(operation, asked, body) {
    const { data, errors } = await this.post(this.token(asked), body)
    if (errors) throw new Error(`${this.title}, ${operation}: ${JSON.stringify(errors)}\n${body.query}\n${JSON.stringify(body.variables)}`)
    return data
  }
}

export class Lectern extends Server {
  name = 'lectern'
  title = 'Lectern'

  /** `environment`: beside what all have. */
  constructor(cluster, folder, binary, key, environment = {}) {
    super(cluster, folder)
    Object.assign(this, { binary, key, environment, version: run(binary, ['version']).trim() })
  }

  launch() {
    const env = { ...this.cluster.environment(), LECTERN_LISTEN: this.address, LECTERN_SIGNING_KEY: this.key, LECTERN_SECRET_KEYS: randomBytes(32).toString('base64'), LECTERN_WORKER: 'off', LECTERN_LOG: process.env.LECTERN_LOG ?? 'warn', LECTERN_RATE_COST: '0', LECTERN_RATE_BOOKINGS: '0', ...this.environment }
    return start(this.binary, ['serve'], this.log, { env })
  }

  token({ token }) {
    return token
  }

  body({ lectern, lecternVariables }, asked, id) {
    return { query: lectern, ...(lecternVariables && { variables: lecternVariables(asked, id) }) }
  }

  place({ lecternPlace }) {
    return lecternPlace
  }

  shape({ lecternShape }, data) {
    return lecternShape ? lecternShape(data) : data
  }

  /** The cursor of the last of so many enrollments. */
  async cursorAt(asked, count) {
    let after
    for (let left = count; left > 0; left -= 100) {
      const query = 'query ($first: Int!, $after: String) { enrollments(first: $first, after: $after) { pageInfo { endCursor } } }'
      const { data } = await this.post(asked.token, { query, variables: { first: Math.min(left, 100), after } })
      after = data.enrollments.pageInfo.endCursor
    }
    return after
  }
}

class PostGraphile extends Server {
  launch() {
    // The version that they ask for, where this one is older.
    const own = join(BENCH, 'peers/postgraphile5/node_modules/node/bin/node')
    const env = { ...process.env, NODE_ENV: 'production', GRAPHILE_ENV: 'production', PORT: String(this.port), DATABASE_URL: this.cluster.url('lectern_app'), PEER_SECRET }
    return start(existsSync(own) ? own : process.execPath, [join(BENCH, 'peers', this.name, 'server.js')], this.log, { env })
  }

  token({ peerToken }) {
    return peerToken
  }

  shape({ peerShape }, data) {
    return peerShape ? peerShape(data) : data
  }

  body({ peer, peerVariables }, asked, id) {
    return { query: this.inItsWords(peer), ...(peerVariables && { variables: peerVariables(asked, id ?? this.name) }) }
  }

  place({ peerPlace }) {
    return peerPlace
  }

  inItsWords(document) {
    const text = document.replace(/\$FN(\w+)/g, (_, name) => this.functionName(name)).replace(/\$RESULT(\w+)/g, (_, name) => this.resultName(name))
    return Object.entries(this.words).reduce((text, [word, own]) => text.replaceAll(word, own), text)
  }

  async cursorAt(asked, count) {
    const query = this.inItsWords(`query ($tenant: UUID!, $offset: Int!) {
      allEnrollments(first: 1, offset: $offset, condition: { tenantId: $tenant }, orderBy: [ENROLLED_AT_DESC, $ROWID_DESC]) { pageInfo { endCursor } } }`)
    const { data, errors } = await this.post(asked.peerToken, { query, variables: { tenant: asked.tenant, offset: count - 1 } })
    if (errors) throw new Error(JSON.stringify(errors))
    return data.allEnrollments.pageInfo.endCursor
  }
}

const installed = (peer) => JSON.parse(readFileSync(join(BENCH, 'peers', peer, 'node_modules/postgraphile/package.json'), 'utf8')).version

export class PostGraphile5 extends PostGraphile {
  name = 'postgraphile5'
  title = 'PostGraphile 5'
  version = installed('postgraphile5')
  words = { $KEY: 'RowId', $key: 'rowId', $ROWID: 'ROW_ID', $ROW: 'id: rowId', $ALLCATALOGUES: 'allBenchCatalogues' }
  functionName = (name) => `bench${name[0].toUpperCase()}${name.slice(1)}`
  resultName = (name) => `${name}: result`
}

export class PostGraphile4 extends PostGraphile {
  name = 'postgraphile4'
  title = 'PostGraphile 4'
  version = installed('postgraphile4')
  words = { $KEY: 'Id', $key: 'id', $ROWID: 'ID', $ROW: 'id', $ALLCATALOGUES: 'allCatalogues' }
  functionName = (name) => name
  resultName = (name) => name
}
