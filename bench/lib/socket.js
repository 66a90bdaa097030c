// A client of GraphQL over WebSocket (`graphql-transport-ws`), as small as the load tests need it.

import { randomBytes } from 'node:crypto'
import { request } from 'node:http'

/** The bytes of one frame of a client. Its mask is zero, so that nothing of it changes. */
function frame(opcode, text) {
  const payload = Buffer.from(text)
  const long = payload.length > 125
  const head = Buffer.alloc(long ? 8 : 6)
  head[0] = 0x80 | opcode
  head[1] = 0x80 | (long ? 126 : payload.length)
  if (long) head.writeUInt16BE(payload.length, 2)
  return Buffer.concat([head, payload])
}

export class Socket {
  #operations = new Map()
  #held = Buffer.alloc(0)
  #parts = []
  #count = 0
  #ready
  closed = false

  /** Connects as a person, and answers once the server has acknowledged it. */
  static open(address, { token }) {
    const [host, port] = address.split(':')
    const headers = {
      connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13', 'sec-websocket-key': randomBytes(16).toString('base64'), 'sec-websocket-protocol': 'graphql-transport-ws',
    }
    return new Promise((resolve, reject) => {
      const asked = request({ host, port, path: '/graphql', headers })
      asked.once('error', reject)
      asked.once('response', ({ statusCode }) => reject(new Error(`HTTP ${statusCode} in place of a WebSocket`)))
      asked.once('upgrade', (_, connection, head) => resolve(new Socket(connection, head, token).acknowledged()))
      asked.end()
    })
  }

  constructor(connection, head, token) {
    this.connection = connection
    connection.setNoDelay(true)
    connection.on('data', (bytes) => this.#take(bytes))
    connection.on('error', () => {})
    connection.on('close', () => this.#end(new Error('the socket was closed')))
    this.#ready = new Promise((resolve, reject) => this.#operations.set('', { resolve: () => resolve(this), reject }))
    this.#say({ type: 'connection_init', payload: { authorization: `Bearer ${token}` } })
    if (head.length > 0) this.#take(head)
  }

  acknowledged() {
    return this.#ready
  }

  /** Subscribes; `next` is told of each event. Answers when the server says that it is over. */
  subscribe(query, variables, next) {
    const id = String(++this.#count)
    return new Promise((resolve, reject) => {
      this.#operations.set(id, { resolve, reject, next })
      this.#say({ type: 'subscribe', id, payload: { query, variables } })
    })
  }

  close() {
    this.closed = true
    this.connection.end(frame(8, ''))
  }

  #say(message) {
    this.connection.write(frame(1, JSON.stringify(message)))
  }

  #end(error) {
    for (const { reject } of this.#operations.values()) reject(error)
    this.#operations.clear()
  }

  #take(bytes) {
    this.#held = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes])
    for (;;) {
      if (this.#held.length < 2) return
      let [length, at] = [this.#held[1] & 0x7f, 2]
      if (length === 126) {
        if (this.#held.length < 4) return
        ;[length, at] = [this.#held.readUInt16BE(2), 4]
      } else if (length === 127) {
        if (this.#held.length < 10) return
        ;[length, at] = [Number(this.#held.readBigUInt64BE(2)), 10]
      }
      if (this.#held.length < at + length) return
      const [first, payload] = [this.#held[0], this.#held.subarray(at, at + length)]
      this.#held = this.#held.subarray(at + length)
      this.#hear(first & 0x0f, (first & 0x80) !== 0, payload)
    }
  }

  #hear(opcode, isWhole, payload) {
    if (opcode === 9) this.connection.write(frame(10, payload))
    if (opcode === 8) this.#end(new Error(`the server has closed the socket: ${payload.length > 1 ? payload.readUInt16BE(0) : ''} ${payload.subarray(2)}`))
    if (opcode > 1) return
    this.#parts.push(payload)
    if (!isWhole) return
    const { type, id, payload: said } = JSON.parse(Buffer.concat(this.#parts.splice(0)))
    if (type === 'ping') return this.#say({ type: 'pong' })
    const operation = this.#operations.get(type === 'connection_ack' ? '' : id)
    if (!operation) return
    if (type === 'next' && !said.errors) return operation.next(said.data)
    this.#operations.delete(type === 'connection_ack' ? '' : id)
    if (type === 'error' || type === 'next') operation.reject(new Error(JSON.stringify(said.errors ?? said)))
    else operation.resolve()
  }
}
