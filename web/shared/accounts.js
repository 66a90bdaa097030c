// The people whom `lectern seed` puts into the two demo schools. Shown only where the server says that it carries them.

export const PASSWORD = 'lectern-demo'

/** @type {{ name: string, tenant: string, domain: string }[]} */
const SCHOOLS = [
  { name: 'Alpha Flight School', tenant: 'alpha-flight-school', domain: 'alpha.example' },
  { name: 'Bravo Academy', tenant: 'bravo-academy', domain: 'bravo.example' },
]
const ROLES = ['Admin', 'Instructor', 'Learner', 'Viewer', 'Participant']

export const schools = SCHOOLS.map(({ name, tenant, domain }) => ({
  name,
  accounts: ROLES.map((role) => ({ role, tenant, email: `${role.toLowerCase()}@${domain}` })),
}))
