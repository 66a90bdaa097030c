// Which requests are made: chosen once, the same for every system.

import { MIX, OPERATIONS } from './operations.js'

/** Different requests of each operation; a run goes round and round through them. */
export const VARIANTS = 2000
const PAGE = 20
const PAGES = 49

/** A generator of numbers that gives the same ones on every run (mulberry32). */
function chance(seed) {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let bits = Math.imul(state ^ (state >>> 15), 1 | state)
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits
    return ((bits ^ (bits >>> 14)) >>> 0) / 4294967296
  }
}

export class Questions {
  constructor(people, schools) {
    this.next = chance(20260101)
    this.people = groupBy(people, (one) => one.role)
    this.schools = schools
  }

  static async load(cluster, people) {
    const rows = await cluster.query(`
      SELECT t.tenant_id AS tenant,
             ARRAY(SELECT c.id FROM course c WHERE c.tenant_id = t.tenant_id AND c.status = 'PUBLISHED' AND c.deleted_at IS NULL ORDER BY c.id) AS courses,
             ARRAY(SELECT e.id FROM enrollment e WHERE e.tenant_id = t.tenant_id AND e.status = 'IN_PROGRESS' AND e.lessons_total = 0 ORDER BY e.id LIMIT 400) AS enrollments,
             (SELECT json_build_object('course', l.course_id, 'open', json_agg(l.id ORDER BY s.position, l.position) FILTER (WHERE s.drip_kind = 'NONE'))
              FROM course c JOIN lesson l ON l.tenant_id = c.tenant_id AND l.course_id = c.id JOIN section s ON s.tenant_id = l.tenant_id AND s.id = l.section_id
              WHERE c.tenant_id = t.tenant_id AND c.title = 'Zoology, Lesson by Lesson' GROUP BY l.course_id) AS lessons,
             (SELECT c.id FROM course c WHERE c.tenant_id = t.tenant_id AND c.title = 'Zoology, Graded') AS graded,
             (SELECT json_build_object('id', z.id, 'questions', json_agg(json_build_object('id', q.id, 'kind', q.kind, 'options', (
                  SELECT json_agg(o.id ORDER BY o.position) FROM question_option o WHERE o.tenant_id = q.tenant_id AND o.question_id = q.id)) ORDER BY q.position))
              FROM course c JOIN quiz z ON z.tenant_id = c.tenant_id AND z.course_id = c.id JOIN question q ON q.tenant_id = z.tenant_id AND q.quiz_id = z.id
              WHERE c.tenant_id = t.tenant_id AND c.title = 'Zoology, Questioned' GROUP BY z.id) AS quiz,
             (SELECT json_build_object('type', y.id, 'first', date_trunc('day', min(b.starts_at) AT TIME ZONE 'UTC') AT TIME ZONE 'UTC')
              FROM booking_type y JOIN booking b ON b.tenant_id = y.tenant_id AND b.booking_type_id = y.id
              WHERE y.tenant_id = t.tenant_id AND y.name = 'Measured, of 200' GROUP BY y.id) AS slots,
             (SELECT json_build_object('program', g.id,
                  'products', (SELECT json_agg(d.id ORDER BY d.position) FROM product d WHERE d.tenant_id = g.tenant_id AND d.program_id = g.id),
                  'applications', (SELECT json_agg(json_build_object('id', a.application_id, 'attendees', a.ids) ORDER BY a.application_id)
                                   FROM (SELECT t.application_id, json_agg(t.id ORDER BY t.kind, t.id) AS ids FROM attendee t
                                         WHERE t.tenant_id = g.tenant_id AND t.program_id = g.id GROUP BY t.application_id) AS a))
              FROM program g WHERE g.tenant_id = t.tenant_id AND g.slug = 'measured') AS shop,
             p.enrolled_at::text AS "enrolledAt", p.id
      FROM tenant t CROSS JOIN LATERAL (
          SELECT e.enrolled_at, e.id FROM enrollment e WHERE e.tenant_id = t.tenant_id ORDER BY e.enrolled_at DESC, e.id DESC
          OFFSET ${PAGES * PAGE - 1} LIMIT 1) AS p
      ORDER BY t.tenant_id`)
    const schools = rows.map(({ enrolledAt, id, ...school }) => [school.tenant, { ...school, page: { enrolledAt, id, cursors: {} } }])
    return new Questions(people, new Map(schools))
  }

  /** Where page 50 begins, in the words of each server. */
  async findPages(servers) {
    for (const viewer of this.people.get('VIEWER')) {
      const { page } = this.schools.get(viewer.tenant)
      for (const server of servers) page.cursors[server.name] = await server.cursorAt(viewer, PAGES * PAGE)
    }
  }

  whole = (below) => Math.floor(this.next() * below)
  any = (list) => list[this.whole(list.length)]

  one(operation) {
    const { role, pick, isAskedIn = () => true } = OPERATIONS[operation]
    const person = this.any(this.people.get(role).filter(({ tenant }) => isAskedIn(this.schools.get(tenant))))
    const school = this.schools.get(person.tenant)
    const today = Math.floor(Date.now() / 86_400_000) * 86_400_000
    return { ...person, ...pick({ school, today, any: this.any, whole: this.whole }) }
  }

  /** Pairs of an operation and what it asks for. */
  many(operation, count = VARIANTS) {
    const names = operation === 'mix' ? this.mixed(count) : Array(count).fill(operation)
    return names.map((name) => [name, this.one(name)])
  }

  mixed(count) {
    const names = Object.entries(MIX).flatMap(([name, share]) => Array(Math.round((share * count) / 100)).fill(name))
    for (let at = names.length - 1; at > 0; at--) {
      const other = this.whole(at + 1)
      ;[names[at], names[other]] = [names[other], names[at]]
    }
    return names
  }
}

function groupBy(list, key) {
  const groups = new Map()
  for (const one of list) groups.set(key(one), [...(groups.get(key(one)) ?? []), one])
  return groups
}
