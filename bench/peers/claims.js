// How the other servers learn who asks: from a signed token, into the settings that the policies read.

import jwt from 'jsonwebtoken'

const SECRET = process.env.PEER_SECRET

export function settingsOf(authorization) {
  if (!authorization?.startsWith('Bearer ')) return { 'app.tenant_id': '00000000-0000-0000-0000-000000000000', 'app.user_id': '00000000-0000-0000-0000-000000000000', 'app.permissions': '' }
  const claims = jwt.verify(authorization.slice(7), SECRET, { algorithms: ['HS256'] })
  return { 'app.tenant_id': claims.tenant, 'app.user_id': claims.sub, 'app.permissions': claims.permissions }
}
