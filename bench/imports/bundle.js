// A bundle of OneRoster 1.1 of so many lines, as a school's own system would write it.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from '../lib/shell.js'

const SHEETS = ['orgs', 'academicSessions', 'courses', 'users', 'classes', 'enrollments']

/** A quarter of the lines are people, one in a hundred a class; one person in twenty teaches. The others are who is in which class. */
function sheets(lines) {
  const people = Math.floor(lines / 4)
  const teachers = Math.floor(people / 20)
  const classes = Math.floor(lines / 100)
  const courses = Math.max(1, Math.floor(classes / 10))
  const seats = lines - 2 - people - classes * 2 - courses
  const rows = (count, row) => Array.from({ length: count }, (_, n) => row(n))
  return {
    orgs: ['sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId', 'o1,,,The School,school,,'],
    academicSessions: ['sourcedId,status,dateLastModified,title,type,startDate,endDate,parentSourcedId,schoolYear', 't1,,,Autumn,term,2026-08-01,2026-12-31,,2026'],
    courses: [
      'sourcedId,status,dateLastModified,schoolYearSourcedId,title,courseCode,grades,orgSourcedId,subjects,subjectCodes',
      ...rows(courses, (n) => `c${n},,,t1,Subject ${n},S${n},,o1,,`),
    ],
    users: [
      'sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,userIds,givenName,familyName,middleName,identifier,email,sms,phone,agentSourcedIds,grades,password',
      ...rows(people, (n) => `u${n},,,true,o1,${n < teachers ? 'teacher' : 'student'},person${n},,Given${n % 997},Family${n},,,person${n}@import.example,,,,,`),
    ],
    classes: [
      'sourcedId,status,dateLastModified,title,grades,courseSourcedId,classCode,classType,location,schoolSourcedId,termSourcedIds,subjects,subjectCodes,periods',
      ...rows(classes, (n) => `k${n},,,Class ${n},,c${n % courses},,scheduled,,o1,t1,,,`),
    ],
    enrollments: [
      'sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate,endDate',
      ...rows(classes, (n) => `et${n},,,k${n},o1,u${n % teachers},teacher,true,,`),
      // Nobody stands in one class twice: the learners of a class follow one another.
      ...rows(seats, (n) => `es${n},,,k${n % classes},o1,u${teachers + ((Math.floor(n / classes) + (n % classes) * 61) % (people - teachers))},student,false,,`),
    ],
  }
}

/** The bytes of its ZIP. */
export function bundle(lines) {
  const folder = mkdtempSync(join(tmpdir(), 'lectern-bundle-'))
  try {
    const manifest = ['propertyName,value', 'manifest.version,1.0', 'oneroster.version,1.1', ...SHEETS.map((name) => `file.${name},bulk`)]
    const files = Object.entries({ manifest, ...sheets(lines) }).map(([name, rows]) => {
      writeFileSync(join(folder, `${name}.csv`), rows.join('\r\n') + '\r\n')
      return `${name}.csv`
    })
    run('python3', ['-m', 'zipfile', '-c', 'roster.zip', ...files], { cwd: folder })
    return readFileSync(join(folder, 'roster.zip'))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
