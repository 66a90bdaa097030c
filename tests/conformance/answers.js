// One large answer of the service is the data. Random valid queries for parts of it are answered by the service and, by the
// default resolvers over that data, by graphql-js: the same, to the order of the keys.
//   node answers.js http://127.0.0.1:8000
//   LECTERN_DOCUMENTS=100000 LECTERN_SEED=7 node answers.js http://127.0.0.1:8000
// The last line is "N passed, N failed".
import { execute, getNamedType, isAbstractType, isCompositeType, isRequiredArgument, parse, validate } from 'graphql'
import { Chance } from './chance.js'
import { ask, liveSchema, signIn } from './schema.js'

const base = process.argv[2] ?? 'http://127.0.0.1:8000'
const count = Number(process.env.LECTERN_DOCUMENTS ?? 300)
const first = Number(process.env.LECTERN_SEED ?? 1) * 1_000_003
const token = await signIn(base, 'alpha-flight-school', 'admin@alpha.example')
const { schema } = await liveSchema(base)
const query = schema.getQueryType()

const known = await ask(base, '{ courses(first: 1) { nodes { id } } users(first: 1) { nodes { id } } }', {}, token)
const ids = [known.data.courses.nodes[0].id, known.data.users.nodes[0].id]

/** Every field is asked with the same arguments wherever it stands. None where it can't be. */
function argumentsOf(type, field) {
  const given = []
  for (const arg of field.args) {
    if (arg.name === 'first') given.push('first: 3')
    else if (arg.name === 'id' && isRequiredArgument(arg)) {
      if (type !== query || !['node', 'course'].includes(field.name)) return null
      given.push(`id: "${ids[0]}"`)
    } else if (arg.name === 'ids') given.push(`ids: ["${ids[0]}", "${ids[1]}", "${ids[0]}"]`)
    else if (isRequiredArgument(arg)) return null
  }
  return given.length > 0 ? `(${given.join(', ')})` : ''
}

/** What changes by itself, or from one moment to the next: it is no part of the data. */
const MOVING = ['auditLog', 'dashboard', 'calendar', 'jobs', 'jobsByState', 'outbox', 'download']

/** The fields that are part of the data; each with the text of its arguments. */
function fieldsOf(type, level) {
  return Object.values(type.getFields?.() ?? {})
    .filter((field) => !MOVING.includes(field.name))
    .filter((field) => level > 0 || !isCompositeType(getNamedType(field.type)))
    .map((field) => ({ field, given: argumentsOf(type, field) }))
    .filter(({ given }) => given !== null)
}

const LEVELS = 4

/** Everything of a type, so many levels deep. */
function everything(type, level) {
  const parts = ['__typename']
  if (isAbstractType(type)) for (const possible of schema.getPossibleTypes(type)) parts.push(`... on ${possible.name} ${everything(possible, Math.min(level, 1))}`)
  for (const { field, given } of fieldsOf(type, level)) {
    const inner = getNamedType(field.type)
    const set = isCompositeType(inner) ? ` ${everything(inner, level - 1)}` : ''
    // Fields of one name differ in type between fragments of an interface.
    parts.push(`${field.name}${given}${set}`)
  }
  return `{ ${parts.join(' ')} }`
}

/** The data, one root field after another: all at once would cost too much. */
const data = { __typename: 'Query' }
const roots = []
const texts = []
for (const root of fieldsOf(query, LEVELS)) {
  if (['node', 'nodes'].includes(root.field.name)) continue
  for (let level = LEVELS - 1; level >= 1; level -= 1) {
    const inner = getNamedType(root.field.type)
    const text = `{ ${root.field.name}${root.given}${isCompositeType(inner) ? ` ${everything(inner, level)}` : ''} }`
    const answer = await ask(base, text, {}, token)
    if (!answer.data || answer.errors) continue
    Object.assign(data, answer.data)
    roots.push({ ...root, level })
    texts.push(text)
    break
  }
}
// Through the interface, one type at a time.
const nodes = [['node', `(id: "${ids[0]}")`], ['nodes', `(ids: ["${ids[0]}", "${ids[1]}", "${ids[0]}"])`]]
async function readNode([name, given]) {
  const sets = ['Course', 'User'].map((type) => `... on ${type} ${everything(schema.getType(type), 1)}`)
  const answers = await Promise.all(sets.map((set) => ask(base, `{ ${name}${given} { __typename id ${set} } }`, {}, token)))
  if (answers.some(({ errors }) => errors)) throw new Error(JSON.stringify(answers.map(({ errors }) => errors)))
  const merged = (one, other) => (Array.isArray(one) ? one.map((item, at) => ({ ...item, ...other[at] })) : { ...one, ...other })
  data[name] = merged(answers[0].data[name], answers[1].data[name])
}
for (const node of nodes) {
  await readNode(node)
  roots.push({ field: query.getFields()[node[0]], given: node[1], level: 1 })
}

/** Reads all of it once more: what a job has done meanwhile, or an hour that has begun, is no difference. */
async function readAgain() {
  for (const text of texts) {
    const answer = await ask(base, text, {}, token)
    if (answer.data && !answer.errors) Object.assign(data, answer.data)
  }
  for (const node of nodes) await readNode(node)
}

class RandomQuery {
  constructor(seed) {
    this.chance = new Chance(seed)
    this.fragments = []
    this.budget = 50
    this.aliases = new Map()
  }

  make() {
    const set = this.set(query, 99)
    const text = `query($yes: Boolean!, $no: Boolean = false) ${set} ${this.fragments.map(({ text }) => text).join(' ')}`
    // Both have to be used.
    return text.replace(/\{/, '{ __typename @skip(if: $yes) __typename @include(if: $no) ')
  }

  /** A name for a field, always the same field with the same arguments. */
  named(field) {
    if (!this.chance.is(0.3)) return field.name
    const alias = `a${this.chance.below(3)}_${field.name}`
    return `${alias}: ${field.name}`
  }

  condition() {
    const { chance } = this
    if (!chance.is(0.12)) return ''
    return chance.pick([' @include(if: $yes)', ' @include(if: $no)', ' @skip(if: $no)', ' @skip(if: $yes)', ' @include(if: true)', ' @skip(if: false) @include(if: true)'])
  }

  set(type, level) {
    const items = []
    for (let left = 1 + this.chance.below(4); left > 0; left -= 1) items.push(this.selection(type, level))
    // The same once more, and again with other selections: one field.
    if (this.chance.is(0.3)) items.push(this.chance.pick(items))
    if (this.chance.is(0.2)) items.push(this.selection(type, level))
    return `{ ${items.join(' ')} }`
  }

  selection(type, level) {
    const { chance } = this
    this.budget -= 1
    if (chance.is(0.1)) return `__typename${this.condition()}`
    if (this.budget > 0 && (isAbstractType(type) ? chance.is(0.8) : chance.is(0.2))) {
      const on = isAbstractType(type) ? chance.pick(['Course', 'User', 'Group', type.name]) : chance.pick([type.name, ...type.getInterfaces().map(({ name }) => name)])
      const inner = schema.getType(on)
      if (chance.is(0.5)) return `...${chance.is(0.3) && on === type.name ? '' : ` on ${on}`}${this.condition()} ${this.set(inner, level)}`
      const same = this.fragments.filter((fragment) => fragment.on === on && fragment.level <= level && fragment.text)
      if (same.length > 0 && chance.is(0.5)) return `...${chance.pick(same).name}${this.condition()}`
      const fragment = { name: `F${this.fragments.length}`, on, level, text: '' }
      this.fragments.push(fragment)
      fragment.text = `fragment ${fragment.name} on ${on} ${this.set(inner, level)}`
      return `...${fragment.name}${this.condition()}`
    }
    const fields = type === query ? roots : fieldsOf(type, level)
    if (fields.length === 0) return '__typename'
    let { field, given, level: own } = chance.pick(fields)
    if (this.budget <= 0) {
      const leaf = fields.find(({ field }) => !isCompositeType(getNamedType(field.type)))
      if (!leaf) return '__typename'
      ;({ field, given } = leaf)
    }
    const inner = getNamedType(field.type)
    const set = isCompositeType(inner) ? ` ${this.set(inner, type === query ? own : level - 1)}` : ''
    return `${this.named(field)}${given}${this.condition()}${set}`
  }
}

const failures = []
let passed = 0

async function compare(number) {
  const text = new RandomQuery(first + number).make()
  const document = parse(text)
  const wrong = validate(schema, document)
  // By chance a fragment spreads itself, or fields of one name are of different types in fragments on different types.
  if (wrong.length > 0) return /within itself|conflicting types/.test(wrong[0].message) ? undefined : failures.push(`document ${number}: the generator: ${wrong[0].message}\n  ${text}`)
  const variableValues = { yes: true, no: false }
  let expected, answer, left, right
  for (const last of [false, false, true]) {
    expected = await execute({ schema, document, rootValue: data, variableValues, typeResolver: (value) => value.__typename })
    answer = await ask(base, text, variableValues, token)
    if (answer.errors?.[0].extensions?.code === 'QUERY_TOO_COMPLEX') return
    ;[left, right] = [JSON.stringify(answer.data), JSON.stringify(expected.data)]
    if (left === right && !answer.errors && !expected.errors) return (passed += 1)
    if (!last) await readAgain()
  }
  failures.push(`document ${number}:\n  ${text}\n  service: ${left} ${JSON.stringify(answer.errors ?? '')}\n  graphql-js: ${right} ${JSON.stringify(expected.errors ?? '')}`)
}

let next = 0
await Promise.all(
  Array.from({ length: 6 }, async () => {
    while (next < count) {
      const number = (next += 1) - 1
      await compare(number)
      if (count > 5000 && number % 10_000 === 9999) console.log(`${number + 1} documents, ${failures.length} disagreements`)
    }
  }),
)

for (const failure of failures.slice(0, Number(process.env.LECTERN_SHOWN ?? 5))) console.log(`FAILED ${failure}`)
console.log(`root fields: ${roots.map(({ field }) => field.name).join(', ')}`)
console.log(`${passed} passed, ${failures.length} failed`)
// Too few would prove nothing.
process.exit(failures.length > 0 || passed < count / 2 || roots.length < 8 ? 1 : 0)
