// Requests as raw bytes, made before anything is timed.

import { writeFileSync } from 'node:fs'

/** A file of records, as the load generator reads it. */
export function writeRecords(file, records) {
  const parts = records.flatMap((record) => {
    const length = Buffer.alloc(4)
    length.writeUInt32LE(record.length)
    return [length, record]
  })
  writeFileSync(file, Buffer.concat(parts))
}

export function httpRequest(host, token, body) {
  const bytes = Buffer.from(JSON.stringify(body))
  const head =
    `POST /graphql HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nAccept: application/json\r\n` +
    `Authorization: Bearer ${token}\r\nContent-Length: ${bytes.length}\r\n\r\n`
  return Buffer.concat([Buffer.from(head), bytes])
}

// --- PostgreSQL's protocol, as far as it is spoken here: https://www.postgresql.org/docs/current/protocol-message-formats.html

const text = (value) => Buffer.from(`${value}\0`)
const int16 = (value) => Buffer.from([(value >> 8) & 255, value & 255])
const int32 = (value) => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}
const message = (kind, ...parts) => {
  const body = Buffer.concat(parts)
  return Buffer.concat([Buffer.from(kind), int32(body.length + 4), body])
}
const sync = message('S')

export function startUp(user, database) {
  const body = Buffer.concat([int32(196608), text('user'), text(user), text('database'), text(database), Buffer.from([0])])
  return Buffer.concat([int32(body.length + 4), body])
}

/** Prepares named statements; types of parameters are left to the server. */
export function prepare(statements) {
  return Buffer.concat([...Object.entries(statements).map(([name, sql]) => message('P', text(name), text(sql), int16(0))), sync])
}

function execute(name, values) {
  const cells = values.flatMap((value) => {
    const bytes = Buffer.from(String(value))
    return [int32(bytes.length), bytes]
  })
  return Buffer.concat([
    message('B', text(''), text(name), int16(0), int16(values.length), ...cells, int16(0)),
    message('E', text(''), int32(0)),
  ])
}

/** Statements one behind the other, in one flight: one message to the server, one answer. */
export function pipeline(...steps) {
  return Buffer.concat([...steps.map(([name, ...values]) => execute(name, values)), sync])
}
