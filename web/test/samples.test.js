// Every operation that the page offers is valid for the schema that the server publishes.
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { buildSchema, getOperationAST, parse, validate } from 'graphql'
import { getVariableValues } from 'graphql/execution/values.js'
import { HEADERS, samples, sent, tabs, week } from '../shared/samples.js'
import { DOCUMENTS } from '../shared/session.js'

// A zone whose clocks change in the week that is looked at below.
process.env.TZ = 'Europe/Oslo'
const path = process.env.SCHEMA ?? new URL('../../schema.graphql', import.meta.url)
assert.ok(existsSync(path), 'schema.graphql is missing: `make schema` writes it, SCHEMA=<path> names another')
const schema = buildSchema(readFileSync(path, 'utf8'))
const now = new Date('2026-03-25T13:00:00Z')

const nameOf = (document) => getOperationAST(parse(document))?.name?.value
const faults = (errors) => (errors ?? []).map((error) => error.message)

for (const [index, { document, variables }] of samples.entries()) {
  test(`the sample ${nameOf(document)} is valid`, () => {
    assert.deepEqual(faults(validate(schema, parse(document))), [])
  })

  for (const demo of [true, false]) {
    test(`the variables of ${nameOf(document)} fit, ${demo ? 'with' : 'without'} the demo data`, () => {
      const { variableDefinitions } = getOperationAST(parse(document))
      const given = JSON.parse(tabs({ now, demo })[index].variables || '{}')
      assert.deepEqual(faults(getVariableValues(schema, variableDefinitions, given).errors), [])
      const known = variableDefinitions.map((definition) => definition.variable.name.value)
      assert.deepEqual(Object.keys(given).sort(), variables ? known.sort() : [], 'the pane shows every variable')
    })
  }
}

test('what the page asks for itself is valid', () => {
  for (const document of DOCUMENTS) assert.deepEqual(faults(validate(schema, parse(document))), [])
})

test('each tab has a title of its own', () => {
  const titles = samples.map(({ document }) => nameOf(document))
  assert.equal(new Set(titles).size, samples.length)
  assert.ok(titles.every(Boolean))
})

test('an operation that is called a rehearsal is sent as one, and no other', () => {
  assert.deepEqual(sent({ query: '…', operationName: 'RehearseCourse' }), { query: '…', operationName: 'RehearseCourse', extensions: { dryRun: true } })
  for (const operationName of ['Rehearse', 'Rehearsed', 'CreateCourse', null, undefined]) assert.deepEqual(sent({ operationName }), { operationName })
})

test('the header pane is JSON with an empty Bearer', () => {
  assert.deepEqual(JSON.parse(HEADERS), { Authorization: 'Bearer ' })
})

test('a password stands in a pane only where it is the public one of the demo data', () => {
  assert.match(tabs({ now, demo: true })[0].variables, /lectern-demo/)
  assert.doesNotMatch(tabs({ now, demo: false })[0].variables, /lectern-demo/)
})

test('a week runs from Monday to Monday, also from a Sunday and over a change of the clocks', () => {
  for (const day of [23, 25, 29]) {
    const { from, to } = week(new Date(2026, 2, day, 13))
    assert.equal(new Date(from).getTime(), new Date(2026, 2, 23).getTime())
    assert.equal(new Date(to).getTime(), new Date(2026, 2, 30).getTime())
  }
})
