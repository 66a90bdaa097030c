// Values of the schema's types, as documents write them and as JSON brings them; and values of other kinds.
import { isEnumType, isInputObjectType, isListType, isNonNullType, isRequiredInputField } from 'graphql'

const ID = 'course_01h455vb4pex5vsknk084sn02q'

const LITERALS = {
  Int: ['0', '1', '5', '-3', '2147483647', '-0'],
  Float: ['0', '1.5', '-2.25e1', '100', '1e2'],
  String: ['"text"', '""', '"""\nblock {[(\n  text\n"""', '"\\u00e4\\n"', '"\\uD83D\\uDE00"', '"\\u{1F600}"', '"{[("', '"ENUM"'],
  Boolean: ['true', 'false'],
  ID: [`"${ID}"`, '"x"', '7', '99999999999999'],
  DateTime: ['"2026-11-20T09:30:00Z"', '"2026-11-20T09:30:00.5+02:00"'],
  Date: ['"2026-11-20"'],
  LocalTime: ['"09:30"', '"24:00"'],
  JSON: ['1', '{a: [1, "x"]}'],
}

const ALL = ['1', '"text"', 'true', '1.5', 'ENUM', '[]', '{}', '[1]', '{a: 1}', '""', '2147483648', '-2147483649', '1.0']

export function literal(chance, type) {
  if (isEnumType(type)) return chance.pick(type.getValues()).name
  return chance.pick(LITERALS[type.name] ?? ['"text"'])
}

/** Of another kind, more often than not. */
export function wrongLiteral(chance, type) {
  if (isEnumType(type) && chance.is(0.5)) return chance.pick([`"${type.getValues()[0].name}"`, 'NOPE', type.getValues()[0].name.toLowerCase()])
  if (type.name === 'DateTime') return chance.pick(['"2026-11-20"', '"tomorrow"', '5', 'true', '"2030-02-30T00:00:00Z"', '[]', '{}', 'NOW'])
  return chance.pick(ALL)
}

const JSONS = {
  Int: ['0', '5', '-3', '2.0', '1e1', '2147483647', '1.0e2'],
  Float: ['0', '1.5', '2.0', '1e1', '-7'],
  String: ['"text"', '""', '"\\u00e4"', '"\\ud83d\\ude00"'],
  Boolean: ['true', 'false'],
  ID: [`"${ID}"`, '"x"', '7', '2.0'],
  DateTime: ['"2026-11-20T09:30:00Z"'],
  Date: ['"2026-11-20"'],
  LocalTime: ['"09:30"'],
  JSON: ['1', '{"a":[1]}'],
}

const ALL_JSON = ['1', '"text"', 'true', '2.5', 'null', '[]', '{}', '[1]', '{"a":1}', '2147483648', '-2147483649', '1e10', '1e1', '"1"', '"true"']

/** A value as JSON text; with a fault, one of another kind somewhere in it. */
export function json(chance, type, fault, level = 0) {
  if (isNonNullType(type)) return fault && chance.is(0.2) ? 'null' : json(chance, type.ofType, fault, level)
  if (!fault && chance.is(0.05)) return 'null'
  if (fault && chance.is(level > 2 ? 1 : 0.4)) return chance.pick(ALL_JSON)
  if (isListType(type)) {
    if (chance.is(0.15)) return json(chance, type.ofType, fault, level + 1)
    return `[${Array.from({ length: chance.below(3) }, () => json(chance, type.ofType, fault, level + 1)).join(',')}]`
  }
  if (isInputObjectType(type)) {
    const fields = []
    for (const field of Object.values(type.getFields())) {
      if (isRequiredInputField(field) ? fault && chance.is(0.1) : level > 3 || !chance.is(0.3)) continue
      fields.push(`${JSON.stringify(field.name)}:${json(chance, field.type, fault && chance.is(0.5), level + 1)}`)
    }
    if (fault && chance.is(0.2)) fields.push('"nope":1')
    return `{${fields.join(',')}}`
  }
  if (fault) return chance.pick(ALL_JSON)
  if (isEnumType(type)) return JSON.stringify(chance.pick(type.getValues()).name)
  return chance.pick(JSONS[type.name] ?? ['"text"'])
}
