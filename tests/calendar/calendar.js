// Feeds of the demo schools, read by a calendar library that others wrote (ical.js, which Thunderbird reads calendars with):
//   node calendar.js http://127.0.0.1:8000
// The last line is "N passed, N failed".
import ICAL from 'ical.js'

const base = process.argv[2] ?? 'http://127.0.0.1:8000'
let passed = 0
const failures = []

function check(what, fine, seen) {
  if (fine) passed += 1
  else failures.push(`${what}: ${JSON.stringify(seen)}`)
}

async function ask(token, query, variables) {
  const headers = { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) }
  const answer = await (await fetch(`${base}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query, variables }) })).json()
  if (answer.errors) throw new Error(JSON.stringify(answer.errors))
  return answer.data
}

async function signIn(tenant, email) {
  const input = { tenant, email, password: 'lectern-demo' }
  const { login } = await ask(null, 'mutation ($i: LoginInput!) { login(input: $i) { accessToken viewer { user { id } } } }', { i: input })
  return { token: login.accessToken, id: login.viewer.user.id }
}

/** Every booking of somebody that a feed may show, by its id. */
async function bookings(person, from, to) {
  const query = `query ($after: String) { bookings(first: 100, after: $after) {
    nodes { id startsAt endsAt status ics student { id } instructor { id } course { title } } pageInfo { hasNextPage endCursor } } }`
  const found = new Map()
  for (let after = null; ; ) {
    const page = (await ask(person.token, query, { after })).bookings
    for (const booking of page.nodes) {
      const isOwn = booking.student?.id === person.id || booking.instructor?.id === person.id
      if (isOwn && booking.startsAt >= from && booking.startsAt < to) found.set(booking.id, booking)
    }
    if (!page.pageInfo.hasNextPage) return found
    after = page.pageInfo.endCursor
  }
}

const STATUS = { REQUESTED: 'TENTATIVE', APPROVED: 'TENTATIVE', ASSIGNED: 'CONFIRMED', COMPLETED: 'CONFIRMED', CANCELLED: 'CANCELLED' }

function events(text) {
  return new ICAL.Component(ICAL.parse(text)).getAllSubcomponents('vevent').map((component) => new ICAL.Event(component))
}

function same(what, event, booking) {
  const seen = {
    starts: event.startDate.toJSDate().toISOString(),
    ends: event.endDate.toJSDate().toISOString(),
    status: event.component.getFirstPropertyValue('status'),
    zone: event.startDate.zone.tzid,
  }
  const fine = Date.parse(seen.starts) === Date.parse(booking.startsAt) && Date.parse(seen.ends) === Date.parse(booking.endsAt)
  check(what, fine && seen.status === STATUS[booking.status] && seen.zone === 'UTC', { seen, booking })
}

async function school(tenant, domain) {
  for (const who of ['learner', 'instructor']) {
    const at = (what) => `${tenant}, ${who}: ${what}`
    const person = await signIn(tenant, `${who}@${domain}`)
    const create = 'mutation ($i: CreateCalendarFeedInput!) { createCalendarFeed(input: $i) { id url } }'
    const feeds = {}
    for (const detail of ['FULL', 'BUSY']) {
      feeds[detail] = (await ask(person.token, create, { i: { name: 'Read by others', detail } })).createCalendarFeed
    }
    const answer = await fetch(feeds.FULL.url)
    const text = await answer.text()
    check(at('is a calendar'), answer.status === 200 && answer.headers.get('content-type').startsWith('text/calendar'), answer.status)
    check(at('has lines of 75 octets at most'), text.split('\r\n').every((line) => Buffer.byteLength(line) <= 75), null)
    const root = new ICAL.Component(ICAL.parse(text))
    check(at('says its name'), root.getFirstPropertyValue('x-wr-calname').startsWith('Read by others · '), root.getFirstPropertyValue('x-wr-calname'))

    const day = 24 * 3600e3
    const expected = await bookings(person, new Date(Date.now() - 30 * day).toISOString(), new Date(Date.now() + 365 * day).toISOString())
    const found = events(text)
    check(at('shows every booking once, and no other'), found.length === expected.size && new Set(found.map((event) => event.uid)).size === found.length, [found.length, expected.size])
    for (const event of found) {
      const booking = expected.get(event.uid.replace(/@lectern$/, ''))
      check(at('shows what there is'), booking !== undefined, event.uid)
      if (booking === undefined) continue
      same(at(event.uid), event, booking)
      const [alone] = events(booking.ics)
      check(at('is one with the booking as a file'), alone.uid === event.uid && alone.sequence === event.sequence && alone.summary === event.summary, booking.ics)
    }
    check(at('is not empty'), found.length > 0, found.length)
    const again = await fetch(feeds.FULL.url, { headers: { 'if-none-match': answer.headers.get('etag') } })
    check(at('is not sent again'), again.status === 304, again.status)

    const busy = events(await (await fetch(feeds.BUSY.url)).text())
    check(at('says no more than that time is taken'), busy.length === found.length && busy.every((event) => event.summary === 'Busy' && !event.description && !event.location && event.attendees.length === 0), busy.length)
    for (const { id, url } of Object.values(feeds)) {
      await ask(person.token, 'mutation ($id: ID!) { deleteCalendarFeed(id: $id) }', { id })
      check(at('is gone'), (await fetch(url)).status === 404, url)
    }
  }
}

await school('alpha-flight-school', 'alpha.example')
await school('bravo-academy', 'bravo.example')
for (const failure of failures) console.log(`FAILED ${failure}`)
console.log(`${passed} passed, ${failures.length} failed`)
// A suite that saw no bookings must not look like a pass.
process.exit(failures.length > 0 || passed < 50 ? 1 : 0)
