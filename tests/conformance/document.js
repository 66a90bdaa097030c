// Random documents over a schema, right ones and wrong ones. A wrong one has a fault here and there, of every kind that the
// rules of the specification know: each is named where it is made.
import { isAbstractType, isCompositeType, isInputObjectType, isLeafType, isListType, isNonNullType, getNamedType, getNullableType, isObjectType, isRequiredArgument, isRequiredInputField } from 'graphql'
import { Chance } from './chance.js'
import { json, literal, wrongLiteral } from './values.js'

/** They hash passwords, or take long for other reasons: their documents are like those of others. */
const LEFT_OUT = /login|password|refreshSession|createUser/i

/** Every fault that can be made. */
export const FAULTS = [
  'a condition at the root of a subscription',
  'a default of another kind',
  'a definition of a type',
  'a directive in the wrong place',
  'a directive twice',
  'a directive without its argument',
  'a field of an input twice',
  'a field twice with other arguments',
  'a fragment on a type that is none',
  'a fragment on what has no fields',
  'a fragment that never holds',
  'a fragment that nobody spreads',
  'a fragment that spreads itself',
  'a fragment twice',
  'a list for one of it',
  'a name that is another field',
  'a required argument left out',
  'a required field of an input left out',
  'a second root field of a subscription',
  'a selection of a leaf',
  'a token too many or too few',
  'a value of a variable of another kind',
  'a value of another kind',
  'a variable of an output type',
  'a variable of an unknown type',
  'a variable of another type',
  'a variable that may be null where nothing is',
  'a variable that nobody uses',
  'a variable twice',
  'a variable without a value',
  'an argument twice',
  'an operation twice',
  'an operation without a name among others',
  'an undeclared variable',
  'an unknown argument',
  'an unknown directive',
  'an unknown field',
  'an unknown field of an input',
  'an unknown fragment',
  'introspection at the root of a subscription',
  'no object where an input stands',
  'no selection of an object',
  'null as the default',
  'null where nothing is null',
]

export class RandomDocument {
  constructor(schema, seed) {
    this.schema = schema
    this.chance = new Chance(seed)
    // Half are right; most others have one kind of fault, and some what comes.
    this.aim = this.chance.is(0.8) ? (this.chance.is(0.1) ? 'a token too many or too few' : this.chance.pick(FAULTS)) : null
    this.wrongness = this.chance.is(0.45) ? 0 : this.aim ? 0.5 : this.chance.pick([0.01, 0.03, 0.08])
    this.faults = []
    this.fragments = new Map()
    this.budget = 4 + this.chance.below(40)
    this.types = Object.values(schema.getTypeMap())
  }

  /** Whether to make a fault here. */
  fault(name) {
    if (this.wrongness === 0 || this.faults.length > 1 || (this.aim && this.aim !== name) || !this.chance.is(this.wrongness)) return false
    this.faults.push(name)
    return true
  }

  make() {
    const { chance } = this
    const count = chance.is(0.1) ? 2 : 1
    const operations = Array.from({ length: count }, (_, at) => this.operation(count > 1 ? `Op${at}` : chance.is(0.4) ? 'Op' : '', at))
    const parts = operations.map(({ text }) => text)
    for (const { text } of this.fragments.values()) if (text) parts.splice(chance.below(parts.length + 1), 0, text)
    if (this.fault('a fragment that nobody spreads')) parts.push('fragment Unused on Query { __typename }')
    if (this.fault('an operation without a name among others')) parts.push('{ __typename }')
    if (this.fault('a fragment twice')) parts.push(...['', ''].map(() => 'fragment Twice on Query { __typename }'))
    if (this.fault('a definition of a type')) parts.push('type Extra { a: Int }')
    if (this.fault('an operation twice')) parts.push('query Op0 { __typename }', 'query Op0 { __typename }')
    let text = parts.join(chance.pick([' ', '\n', '\n\n# {[(\n']))
    if (this.fault('a token too many or too few')) text = this.broken(text)
    const { name, kind, variables } = operations[0]
    return { text, operationName: name || undefined, kind, variables: this.json(variables), faults: this.faults }
  }

  broken(text) {
    const { chance } = this
    const tokens = text.match(/"""[^]*?"""|"(\\.|[^"\\])*"|\.\.\.|[A-Za-z_]\w*|-?[\d.]+(e\d+)?|#.*\n|[^\s,]/g) ?? []
    const at = chance.below(tokens.length)
    const other = () => chance.pick([...tokens, '{', '}', '(', ')', '[', ']', ':', '$', '@', '!', '=', '...', 'on', '"x"', '""', '"""', '0', '1.', '"\\u{110000}"', '"\\uD83D"', '-', '1a'])
    switch (chance.below(4)) {
      case 0: tokens.splice(at, 1); break
      case 1: tokens.splice(at, 0, tokens[at]); break
      case 2: tokens[at] = other(); break
      default: tokens.splice(at, 0, other())
    }
    return tokens.join(' ')
  }

  json(variables) {
    return `{${variables.map(([name, text]) => `${JSON.stringify(name)}:${text}`).join(',')}}`
  }

  operation(name, at) {
    const { chance, schema } = this
    const isAimed = this.wrongness > 0 && /subscription/.test(this.aim ?? '')
    const kind = at === 0 && (isAimed || chance.is(0.1)) ? 'subscription' : chance.is(0.15) ? 'mutation' : 'query'
    const root = { query: schema.getQueryType(), mutation: schema.getMutationType(), subscription: schema.getSubscriptionType() }[kind]
    this.defined = []
    this.used = new Set()
    this.kind = kind
    const set = kind === 'subscription' ? this.subscription(root) : this.set(root, 0)
    const directives = this.directives(kind.toUpperCase())
    const variables = []
    const definitions = []
    for (const variable of this.defined) {
      definitions.push(this.definition(variable))
      if (variable.given !== undefined) variables.push([variable.name, variable.given])
    }
    if (this.fault('a variable that nobody uses')) definitions.push('$unused: Int')
    if (definitions.length > 0 && this.fault('a variable twice')) definitions.push(definitions[0])
    if (this.fault('a variable of an output type')) definitions.push('$out: Query')
    if (this.fault('a variable of an unknown type')) definitions.push('$unknown: Nope')
    if (chance.is(0.05)) variables.push(['stranger', '1'])
    const described = definitions.length > 0 && chance.is(0.03) ? '"described" ' : ''
    const head = definitions.length > 0 ? `(${described}${definitions.join(chance.pick([', ', ' ']))})` : ''
    const short = kind === 'query' && !name && !head && !directives && chance.is(0.5)
    const description = !short && chance.is(0.05) ? chance.pick(['"An operation" ', '"""\nAn operation: {[(\n"""\n']) : ''
    return { name, kind, variables, text: short ? set : `${description}${kind}${name ? ` ${name}` : ''}${head}${directives} ${set}` }
  }

  definition({ name, type, fallback }) {
    let text = `$${name}: ${type}`
    if (fallback !== undefined) text += ` = ${fallback}`
    return text + this.directives('VARIABLE_DEFINITION')
  }

  subscription(root) {
    const fields = Object.values(root.getFields())
    const field = () => this.field(root, this.chance.pick(fields), 0)
    const items = [field()]
    if (this.fault('a second root field of a subscription')) items.push(`second: ${field()}`)
    if (this.fault('introspection at the root of a subscription')) items.push('__typename')
    if (this.chance.is(0.1)) items.push(items[0])
    if (this.fault('a condition at the root of a subscription')) items[0] = `... @skip(if: false) { ${items[0]} }`
    return `{ ${this.chance.is(0.1) ? `... on ${root.name} { ${items.join(' ')} }` : items.join(' ')} }`
  }

  /** A selection set. */
  set(type, level) {
    const { chance } = this
    const items = []
    for (let count = 1 + chance.below(level < 2 ? 4 : 3); count > 0; count -= 1) items.push(this.selection(type, level))
    // Fields of one name are one field.
    if (chance.is(0.08)) items.push(chance.pick(items))
    if (type.name === 'Query' && chance.is(this.aim === 'a field twice with other arguments' ? 0.8 : 0.05)) items.push(...this.twice())
    return `{ ${items.join(chance.pick([' ', ', ', '\n']))} }`
  }

  /** One field twice, with the same arguments or not quite. */
  twice() {
    const { chance } = this
    const lists = ['[]', '[DRAFT]', '[DRAFT, PUBLISHED]', '[PUBLISHED]', 'null', 'DRAFT']
    const list = chance.pick(lists)
    const isOther = this.fault('a field twice with other arguments')
    const other = isOther ? chance.pick(lists) : list
    const name = `t${chance.below(1000)}`
    const field = (statuses, tail) => `${name}: courses(filter: {statuses: ${statuses}, search: "x"}, first: 1) { ${tail} }`
    const reordered = `${name}: courses(first: 1, filter: {search: "x", statuses: ${other}}) { nodes { id } }`
    return [field(list, 'totalCount'), chance.is(0.5) ? field(other, 'nodes { title }') : reordered]
  }

  selection(type, level) {
    const { chance } = this
    this.budget -= 1
    if (chance.is(0.12) && this.budget > 0) return this.inline(type, level)
    if (chance.is(0.1) && this.budget > 0) return this.spread(type, level)
    if (this.fault('an unknown field')) return chance.pick(['nope', 'viewr', '__nope'])
    if (this.fault('an unknown fragment')) return '...Nowhere'
    if (chance.is(0.1) || !type.getFields) return this.named('__typename') + this.directives('FIELD')
    if (type === this.schema.getQueryType() && chance.is(0.03)) {
      return `__type(name: ${JSON.stringify(chance.pick(this.types).name)}) ${this.set(this.schema.getType('__Type'), 3)}`
    }
    let fields = Object.values(type.getFields()).filter((field) => !LEFT_OUT.test(field.name))
    if (this.budget <= 0 || level > 4) {
      const leaves = fields.filter((field) => isLeafType(getNamedType(field.type)) && !field.args.some(isRequiredArgument))
      if (leaves.length === 0) return '__typename'
      fields = leaves
    }
    return this.field(type, chance.pick(fields), level)
  }

  named(name) {
    const { chance } = this
    return chance.is(0.2) ? `${chance.pick(['a', 'b', 'title', 'id'])}${this.chance.below(100)}: ${name}` : name
  }

  field(type, field, level) {
    const { chance } = this
    const inner = getNamedType(field.type)
    // Mostly a name of its own, because arguments differ.
    let name = field.args.length > 0 && chance.is(0.8) ? `f${chance.below(100000)}: ${field.name}` : this.named(field.name)
    if (this.fault('a name that is another field')) name = `id: ${field.name}`
    let text = name + this.arguments(field.args) + this.directives('FIELD')
    if (isCompositeType(inner)) {
      if (!this.fault('no selection of an object')) text += ` ${this.set(inner, level + 1)}`
    } else if (this.fault('a selection of a leaf')) text += ' { id }'
    return text
  }

  condition(type) {
    const { chance, schema } = this
    if (this.fault('a fragment on a type that is none')) return 'Nope'
    if (this.fault('a fragment on what has no fields')) return chance.pick(['String', 'CourseFilter', 'CourseStatus'])
    if (this.fault('a fragment that never holds')) return chance.pick(this.types.filter((other) => isObjectType(other))).name
    if (isAbstractType(type)) return chance.pick([type, ...schema.getPossibleTypes(type)]).name
    return chance.pick([type, ...(type.getInterfaces?.() ?? [])]).name
  }

  inline(type, level) {
    if (this.chance.is(0.3)) return `...${this.directives('INLINE_FRAGMENT')} ${this.set(type, level + 1)}`
    const condition = this.condition(type)
    const inner = this.schema.getType(condition)
    return `... on ${condition}${this.directives('INLINE_FRAGMENT')} ${isCompositeType(inner) ? this.set(inner, level + 1) : '{ __typename }'}`
  }

  spread(type, level) {
    const { chance, schema } = this
    // One that is there already; its variables are those of the operation that made it.
    const known = [...this.fragments].filter(([, fragment]) => fragment.on === type.name && fragment.operation === this.defined)
    if (known.length > 0 && chance.is(0.4)) {
      const [name, fragment] = chance.pick(known)
      if (fragment.text || this.fault('a fragment that spreads itself')) return `...${name}${this.directives('FRAGMENT_SPREAD')}`
    }
    const name = chance.pick(['F', 'Part', 'on_', 'fragment_']) + this.fragments.size
    const condition = this.condition(type)
    const inner = schema.getType(condition)
    const fragment = { on: condition, operation: this.defined, text: '' }
    this.fragments.set(name, fragment)
    const description = chance.is(0.05) ? '"A fragment" ' : ''
    const set = isCompositeType(inner) ? this.set(inner, level + 1) : '{ __typename }'
    fragment.text = `${description}fragment ${name} on ${condition}${this.directives('FRAGMENT_DEFINITION')} ${set}`
    return `...${name}${this.directives('FRAGMENT_SPREAD')}`
  }

  directives(place) {
    const { chance } = this
    let text = ''
    const isAllowed = ['FIELD', 'INLINE_FRAGMENT', 'FRAGMENT_SPREAD'].includes(place)
    if (isAllowed && this.kind !== 'subscription' && chance.is(0.08)) {
      const name = chance.pick(['skip', 'include'])
      const definition = this.schema.getDirective(name)
      text += ` @${name}${this.arguments(definition.args)}`
      if (this.fault('a directive twice')) text += ` @${name}(if: true)`
    }
    if (this.fault('an unknown directive')) text += chance.pick([' @nope', ' @skp(if: true)', ' @nope(a: 1)'])
    if (this.fault('a directive in the wrong place')) text += chance.pick([' @deprecated', ' @deprecated(reason: "x")', ' @specifiedBy(url: "x")', ' @public', ...(isAllowed ? [] : [' @skip(if: true)'])])
    if (isAllowed && this.fault('a directive without its argument')) text += chance.pick([' @skip', ' @include', ' @skip(unless: true)', ' @include(if: null)'])
    return text
  }

  arguments(args) {
    const { chance } = this
    const given = []
    for (const arg of args) {
      const isNeeded = isRequiredArgument(arg)
      if (isNeeded ? this.fault('a required argument left out') : !chance.is(args.length > 3 ? 0.15 : 0.3)) continue
      given.push(`${arg.name}: ${this.value(arg.type, arg.defaultValue !== undefined, 0)}`)
    }
    if (this.fault('an unknown argument')) given.push(chance.pick(['nope: 1', 'frst: 1', 'iff: true']))
    if (given.length > 0 && this.fault('an argument twice')) given.push(given[0])
    if (given.length > 1 && chance.is(0.3)) given.reverse()
    return given.length > 0 ? `(${given.join(chance.pick([', ', ' ']))})` : ''
  }

  /** A value of a type: written out, with variables here and there. */
  value(type, hasDefault, level) {
    const { chance } = this
    if (this.fault('an undeclared variable')) return '$nobody'
    if (chance.is(level === 0 ? 0.25 : 0.12)) return this.variable(type, hasDefault)
    if (isNonNullType(type)) {
      if (this.fault('null where nothing is null')) return 'null'
      return this.value2(getNullableType(type), level)
    }
    if (chance.is(0.05)) return 'null'
    return this.value2(type, level)
  }

  value2(type, level) {
    const { chance } = this
    if (isListType(type)) {
      if (chance.is(0.1)) return this.value(type.ofType, false, level + 1)
      return `[${Array.from({ length: chance.below(3) }, () => this.value(type.ofType, false, level + 1)).join(', ')}]`
    }
    if (isInputObjectType(type)) {
      if (this.fault('no object where an input stands')) return wrongLiteral(chance, type)
      const fields = []
      for (const field of Object.values(type.getFields())) {
        const isNeeded = isRequiredInputField(field)
        if (isNeeded ? this.fault('a required field of an input left out') : !chance.is(0.25) || level > 3) continue
        fields.push(`${field.name}: ${this.value(field.type, field.defaultValue !== undefined, level + 1)}`)
      }
      if (this.fault('an unknown field of an input')) fields.push('nope: 1')
      if (fields.length > 0 && this.fault('a field of an input twice')) fields.push(fields[0])
      return `{${fields.join(', ')}}`
    }
    if (this.fault('a value of another kind')) return wrongLiteral(chance, type)
    return literal(chance, type)
  }

  /** A variable for a place; where its type does not fit, that is a fault. */
  variable(place, hasDefault) {
    const { chance } = this
    const fits = this.defined.filter((variable) => variable.place === String(place))
    if (fits.length > 0 && chance.is(0.3)) return `$${chance.pick(fits).name}`
    let type = place
    let fallback
    if (isNonNullType(place)) {
      if (this.fault('a variable that may be null where nothing is')) type = place.ofType
      else if (chance.is(0.15)) {
        type = place.ofType
        fallback = this.fault('null as the default') ? 'null' : this.constant(type)
      } else if (hasDefault && chance.is(0.3)) type = place.ofType
    }
    if (this.fault('a variable of another type')) type = this.schema.getType(chance.pick(['String', 'Int', 'ID', 'Boolean', 'DateTime', 'CourseStatus', 'CourseFilter'])) ?? type
    if (this.fault('a list for one of it')) type = `[${type}]`
    if (fallback === undefined && typeof type !== 'string' && !isNonNullType(type) && chance.is(0.2)) fallback = this.constant(type)
    if (typeof type !== 'string' && fallback !== undefined && this.fault('a default of another kind')) fallback = wrongLiteral(chance, getNamedType(type))
    const name = `v${this.defined.length}`
    const given = typeof type === 'string' ? '[]' : this.given(type, fallback)
    this.defined.push({ name, type: String(type), place: String(place), fallback, given })
    return `$${name}`
  }

  constant(type) {
    // Variables would be none of a default's business.
    const { defined } = this
    const text = this.value2(getNullableType(type), 2)
    if (!text.includes('$')) return text
    this.defined = defined
    return isListType(getNullableType(type)) ? '[]' : 'null'
  }

  /** The value of a variable as JSON, or none. */
  given(type, fallback) {
    const { chance } = this
    if (isNonNullType(type) && this.fault('a variable without a value')) return chance.pick([undefined, 'null'])
    if (!isNonNullType(type) && (chance.is(0.3) || (fallback !== undefined && chance.is(0.5)))) return undefined
    const fault = this.fault('a value of a variable of another kind')
    return json(chance, type, fault)
  }
}
