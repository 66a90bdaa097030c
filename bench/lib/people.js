// Who asks: people of every school, signed in, with the tokens that each server takes.

import { createHash, createPrivateKey, createPublicKey, randomUUID, sign } from 'node:crypto'
import jwt from 'jsonwebtoken'

/** Signs the tokens of the other servers. */
export const PEER_SECRET = 'a secret of the benchmark alone'
const HOURS = 12
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'

/** A UUID as Lectern shows it: `course_01h455vb4pex5vsknk084sn02q`. */
export function typeId(kind, uuid) {
  let number = BigInt(`0x${uuid.replaceAll('-', '')}`)
  let text = ''
  for (let digit = 0; digit < 26; digit++, number >>= 5n) text = ALPHABET[Number(number & 31n)] + text
  return `${kind}_${text}`
}

/** And back; anything else stays as it is. */
export function bare(id) {
  const suffix = /^[a-z]+_([0-9a-hjkmnp-tv-z]{26})$/.exec(id)?.[1]
  if (!suffix) return id
  let number = 0n
  for (const letter of suffix) number = (number << 5n) | BigInt(ALPHABET.indexOf(letter))
  const hex = number.toString(16).padStart(32, '0')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}

const base64url = (value) => Buffer.from(value).toString('base64url')

/** Makes access tokens as Lectern does, with the key that it is given. */
export class Signer {
  constructor(key) {
    // The key comes with its public half (RFC 5958), which OpenSSL does not read: the private half is taken out.
    const whole = Buffer.from(key, 'base64')
    const at = whole.indexOf(Buffer.from('04220420', 'hex')) + 4
    const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), whole.subarray(at, at + 32)])
    this.key = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })
    const raw = Buffer.from(createPublicKey(this.key).export({ format: 'jwk' }).x, 'base64url')
    this.kid = createHash('sha256').update(raw).digest().subarray(0, 12).toString('base64url')
  }

  token({ tenant, user, session, version }) {
    const now = Math.floor(Date.now() / 1000)
    const header = { typ: 'JWT', alg: 'EdDSA', kid: this.kid }
    const claims = {
      iss: 'lectern', aud: 'lectern', sub: typeId('user', user), tenant: typeId('tenant', tenant), sid: typeId('session', session),
      ver: version, iat: now, exp: now + HOURS * 3600,
    }
    const body = `${base64url(JSON.stringify(header))}.${base64url(JSON.stringify(claims))}`
    return `${body}.${sign(null, Buffer.from(body), this.key).toString('base64url')}`
  }
}

/**
 * Signs in, in every school, its administrator, its viewer and some learners: the sessions are in the database, as after
 * `login` (which takes a deliberate 20 ms of hashing for each).
 */
export async function signIn(cluster, signer) {
  const client = await cluster.client()
  await client.query("SET app.audit = 'off'")
  await client.query('DELETE FROM session') // those of earlier runs
  const { rows } = await client.query(`
    SELECT u.tenant_id AS tenant, u.id AS user, u.token_version AS version, r.key AS role,
           ',' || array_to_string(app.permissions_of(r.key, r.is_system, r.permissions), ',') || ',' AS permissions
    FROM app_user u
    JOIN user_role ur ON ur.tenant_id = u.tenant_id AND ur.user_id = u.id
    JOIN role r ON r.tenant_id = u.tenant_id AND r.id = ur.role_id
    WHERE u.email ~ '^(admin|viewer|learner|person(100|300|500|700|900))@scale-'
    ORDER BY u.tenant_id, u.id`)
  const people = rows.map((row) => ({ ...row, session: randomUUID() }))
  await client.query(
    'INSERT INTO session (tenant_id, id, user_id) SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[])',
    [people.map((one) => one.tenant), people.map((one) => one.session), people.map((one) => one.user)],
  )
  await client.end()
  for (const one of people) {
    one.token = signer.token(one)
    one.peerToken = jwt.sign({ sub: one.user, tenant: one.tenant, permissions: one.permissions }, PEER_SECRET, { expiresIn: `${HOURS}h` })
  }
  return people
}
