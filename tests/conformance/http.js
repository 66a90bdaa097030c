// Every audit of the suite that belongs to the specification of GraphQL over HTTP, against a running service:
//   node http.js http://127.0.0.1:8000
// MUST, SHOULD and MAY alike. The last line is "N passed, N failed".
import { serverAudits } from 'graphql-http'

const url = `${process.argv[2] ?? 'http://127.0.0.1:8000'}/graphql`
const audits = serverAudits({ url, fetchFn: fetch })
const failures = []

for (const audit of audits) {
  const result = await audit.fn()
  if (result.status !== 'ok') {
    const { status, headers } = result.response ?? {}
    failures.push(`${audit.id} ${audit.name}: ${result.reason} (${status} ${headers?.get('content-type')})`)
  }
}

for (const failure of failures) console.log(`FAILED ${failure}`)
console.log(`${audits.length - failures.length} passed, ${failures.length} failed`)
// A suite that lost its audits must not look like a pass.
process.exit(failures.length > 0 || audits.length < 60 ? 1 : 0)
