//! The roster as a file: a bundle of OneRoster, or people alone. Everything is named by the ids of the school's own.

use std::{
    fs::File,
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
};

use lectern_kernel::{
    db::ColumnReader,
    error::Error,
    ids::{Kind as _, encode},
    jobs::{Failure, Job},
};
use uuid::Uuid;
use zip::{ZipWriter, write::SimpleFileOptions};

use super::{archive::nameless, sql};
use crate::domains::{
    courses,
    enrollments::Enrollment,
    exports::{Output, RosterExportFormat, Sheet},
    identity::User,
    tenants::Tenant,
};

/// Rows that are read at once.
const PAGE: i64 = 2000;
/// Bytes that are handed on at once.
const CHUNK: usize = 64 << 10;

/// A role of the school as one of OneRoster; the highest comes first.
const ROLES: [(&str, &str); 3] = [("ADMIN", "administrator"), ("INSTRUCTOR", "teacher"), ("LEARNER", "student")];

fn failed(error: impl std::fmt::Display) -> Failure {
    Error::unavailable(format!("a bundle can't be written: {error}")).into()
}

/// Somebody who stands in a roster.
struct Person {
    id: Uuid,
    name: String,
    email: String,
    is_suspended: bool,
    roles: Vec<String>,
}

impl Person {
    fn role(&self) -> Option<&'static str> {
        ROLES.iter().find(|(key, _)| self.roles.iter().any(|role| role == key)).map(|(_, role)| *role)
    }

    /// As it is put together again when it is read; a name of one word has a dash before it, and so has one that begins with a dash of its own.
    fn names(&self) -> (&str, &str) {
        self.name.rsplit_once(' ').filter(|(given, _)| given.trim() != "-").unwrap_or(("-", &self.name))
    }
}

/// The people of the school after `after`, as far as the asker sees them.
async fn people(job: &mut Job, after: Uuid) -> Result<(Vec<Person>, Option<Uuid>), Failure> {
    let tx = job.begin().await?;
    let rows = tx.query(sql::ROSTER_USERS, &[&after, &PAGE]).await?;
    tx.end_read();
    let mut people = Vec::with_capacity(rows.len());
    for row in &rows {
        let mut reader = ColumnReader::new(row);
        let (id, name, email): (Uuid, String, Option<String>) = (reader.next()?, reader.next()?, reader.next()?);
        let (is_suspended, roles): (bool, Vec<String>) = (reader.next()?, reader.next()?);
        people.push(Person { id, name, email: email.unwrap_or_default(), is_suspended, roles });
    }
    let last = people.last().map(|person| person.id).filter(|_| i64::try_from(rows.len()).unwrap_or(0) == PAGE);
    Ok((people, last))
}

/// Writes the roster, and answers how many lines it has.
///
/// # Errors
/// Where database, machine or store fail.
pub async fn write(job: &mut Job, format: RosterExportFormat, output: &mut Output) -> Result<i32, Failure> {
    if format == RosterExportFormat::UsersCsv {
        return write_people(job, output).await;
    }
    let mut bundle = Bundle { zip: ZipWriter::new(nameless()?), is_1_2: format == RosterExportFormat::OneRoster12, rows: 0 };
    let school = encode(Tenant::PREFIX, job.tenant());
    bundle.school(job, &school).await?;
    bundle.people(job, &school).await?;
    bundle.classes(job, &school).await?;
    let Bundle { zip, rows, .. } = bundle;
    let mut file = zip.finish().map_err(failed)?;
    file.seek(SeekFrom::Start(0)).map_err(failed)?;
    loop {
        let mut chunk = vec![0; CHUNK];
        let read = file.read(&mut chunk).map_err(failed)?;
        if read == 0 {
            return Ok(rows);
        }
        chunk.truncate(read);
        output.push(chunk).await?;
    }
}

async fn write_people(job: &mut Job, output: &mut Output) -> Result<i32, Failure> {
    // Machines read it: nothing stands before a cell that would be a formula.
    let mut sheet = Sheet::new(&["email", "name", "roles", "status", "sourcedId"], false)?;
    let mut after = Some(Uuid::nil());
    while let Some(last) = after {
        let (people, next) = people(job, last).await?;
        for person in people.iter().filter(|person| person.role().is_some()) {
            let status = if person.is_suspended { "SUSPENDED" } else { "ACTIVE" };
            let roles = person.roles.join(";");
            sheet.line(&[&person.email, &person.name, &roles, status, &encode(User::PREFIX, person.id)])?;
        }
        if let Some(bytes) = sheet.take(next.is_none())? {
            output.push(bytes).await?;
        }
        after = next;
    }
    Ok(sheet.rows())
}

/// A bundle under way: a file of this machine, so that memory does not grow with it.
struct Bundle {
    zip: ZipWriter<File>,
    is_1_2: bool,
    rows: i32,
}

impl Bundle {
    fn begin(&mut self, name: &str) -> Result<(), Failure> {
        self.zip.start_file(name, SimpleFileOptions::default()).map_err(failed)
    }

    fn put(&mut self, sheet: &mut Sheet, is_last: bool) -> Result<(), Failure> {
        if let Some(bytes) = sheet.take(is_last)? {
            self.zip.write_all(&bytes).map_err(|error: io::Error| failed(error))?;
        }
        if is_last {
            self.rows += sheet.rows();
        }
        Ok(())
    }

    fn whole(&mut self, name: &str, header: &[&str], lines: &[Vec<&str>]) -> Result<(), Failure> {
        let mut sheet = Sheet::new(header, false)?;
        for line in lines {
            sheet.line(line)?;
        }
        self.begin(name)?;
        self.put(&mut sheet, true)
    }

    async fn school(&mut self, job: &mut Job, school: &str) -> Result<(), Failure> {
        let tx = job.begin().await?;
        let name: String = tx.value(sql::SCHOOL, &[]).await?.unwrap_or_default();
        tx.end_read();
        let version = if self.is_1_2 { "1.2" } else { "1.1" };
        let mut manifest = vec![vec!["manifest.version", "1.0"], vec!["oneroster.version", version]];
        for property in PRESENT {
            manifest.push(vec![property, "bulk"]);
        }
        for property in ABSENT {
            manifest.push(vec![property, "absent"]);
        }
        manifest.push(vec!["file.roles", if self.is_1_2 { "bulk" } else { "absent" }]);
        manifest.push(vec!["source.systemName", "Lectern"]);
        let before = self.rows;
        self.whole("manifest.csv", &["propertyName", "value"], &manifest)?;
        self.rows = before; // it says how to read, and nothing of the school
        let org = ["sourcedId", "status", "dateLastModified", "name", "type", "identifier", "parentSourcedId"];
        self.whole("orgs.csv", &org, &[vec![school, "", "", &name, "school", "", ""]])?;
        let session = ["sourcedId", "status", "dateLastModified", "title", "type", "startDate", "endDate", "parentSourcedId", "schoolYear"];
        self.whole("academicSessions.csv", &session, &[vec![school, "", "", &name, "schoolYear", "2000-01-01", "2099-12-31", "", "2099"]])
    }

    async fn people(&mut self, job: &mut Job, school: &str) -> Result<(), Failure> {
        let header: &[&str] = if self.is_1_2 {
            &[
                "sourcedId",
                "status",
                "dateLastModified",
                "enabledUser",
                "username",
                "userIds",
                "givenName",
                "familyName",
                "middleName",
                "identifier",
                "email",
                "sms",
                "phone",
                "agentSourcedIds",
                "grades",
                "password",
                "primaryOrgSourcedId",
            ]
        } else {
            &[
                "sourcedId",
                "status",
                "dateLastModified",
                "enabledUser",
                "orgSourcedIds",
                "role",
                "username",
                "userIds",
                "givenName",
                "familyName",
                "middleName",
                "identifier",
                "email",
                "sms",
                "phone",
                "agentSourcedIds",
                "grades",
                "password",
            ]
        };
        let mut sheet = Sheet::new(header, false)?;
        self.begin("users.csv")?;
        let mut after = Some(Uuid::nil());
        while let Some(last) = after {
            let (people, next) = people(job, last).await?;
            for person in &people {
                let Some(role) = person.role() else { continue };
                let (id, (given, family)) = (encode(User::PREFIX, person.id), person.names());
                let enabled = if person.is_suspended { "false" } else { "true" };
                let email = person.email.as_str();
                if self.is_1_2 {
                    sheet.line(&[&id, "", "", enabled, email, "", given, family, "", "", email, "", "", "", "", "", school])?;
                } else {
                    sheet.line(&[&id, "", "", enabled, school, role, email, "", given, family, "", "", email, "", "", "", "", ""])?;
                }
            }
            self.put(&mut sheet, next.is_none())?;
            after = next;
        }
        if !self.is_1_2 {
            return Ok(());
        }
        let mut sheet = Sheet::new(
            &[
                "sourcedId",
                "status",
                "dateLastModified",
                "userSourcedId",
                "roleType",
                "role",
                "beginDate",
                "endDate",
                "orgSourcedId",
                "userProfileSourcedId",
            ],
            false,
        )?;
        self.begin("roles.csv")?;
        let mut after = Some(Uuid::nil());
        while let Some(last) = after {
            let (people, next) = people(job, last).await?;
            for person in &people {
                let Some(role) = person.role() else { continue };
                let role = if role == "administrator" { "siteAdministrator" } else { role };
                let id = encode(User::PREFIX, person.id);
                sheet.line(&[&id, "", "", &id, "primary", role, "", "", school, ""])?;
            }
            self.put(&mut sheet, next.is_none())?;
            after = next;
        }
        Ok(())
    }

    async fn classes(&mut self, job: &mut Job, school: &str) -> Result<(), Failure> {
        let course = [
            "sourcedId",
            "status",
            "dateLastModified",
            "schoolYearSourcedId",
            "title",
            "courseCode",
            "grades",
            "orgSourcedId",
            "subjects",
            "subjectCodes",
        ];
        let mut sheet = Sheet::new(&course, false)?;
        self.begin("courses.csv")?;
        let mut after = Some(Uuid::nil());
        while let Some(last) = after {
            let (courses, next) = published(job, last).await?;
            for (id, title, _) in &courses {
                sheet.line(&[id, "", "", school, title, "", "", school, "", ""])?;
            }
            self.put(&mut sheet, next.is_none())?;
            after = next;
        }
        let class = [
            "sourcedId",
            "status",
            "dateLastModified",
            "title",
            "grades",
            "courseSourcedId",
            "classCode",
            "classType",
            "location",
            "schoolSourcedId",
            "termSourcedIds",
            "subjects",
            "subjectCodes",
            "periods",
        ];
        let mut sheet = Sheet::new(&class, false)?;
        self.begin("classes.csv")?;
        let mut after = Some(Uuid::nil());
        while let Some(last) = after {
            let (courses, next) = published(job, last).await?;
            for (id, title, _) in &courses {
                sheet.line(&[id, "", "", title, "", id, "", "scheduled", "", school, school, "", "", ""])?;
            }
            self.put(&mut sheet, next.is_none())?;
            after = next;
        }
        let seat = [
            "sourcedId",
            "status",
            "dateLastModified",
            "classSourcedId",
            "schoolSourcedId",
            "userSourcedId",
            "role",
            "primary",
            "beginDate",
            "endDate",
        ];
        let mut sheet = Sheet::new(&seat, false)?;
        self.begin("enrollments.csv")?;
        let mut after = Some(Uuid::nil());
        while let Some(last) = after {
            let (courses, next) = published(job, last).await?;
            for (id, _, instructor) in &courses {
                // A teacher has no enrollment: the line is named by the course.
                let Some(instructor) = instructor else { continue };
                sheet.line(&[id, "", "", id, school, instructor, "teacher", "true", "", ""])?;
            }
            self.put(&mut sheet, false)?;
            after = next;
        }
        let mut after = Uuid::nil();
        loop {
            let tx = job.begin().await?;
            let rows = tx.query(sql::ROSTER_ENROLLMENTS, &[&after, &PAGE]).await?;
            tx.end_read();
            for row in &rows {
                let mut reader = ColumnReader::new(row);
                let (id, course, user): (Uuid, Uuid, Uuid) = (reader.next()?, reader.next()?, reader.next()?);
                after = id;
                let (id, course, user) =
                    (encode(Enrollment::PREFIX, id), encode(courses::Course::PREFIX, course), encode(User::PREFIX, user));
                sheet.line(&[&id, "", "", &course, school, &user, "student", "false", "", ""])?;
            }
            let is_last = i64::try_from(rows.len()).unwrap_or(0) < PAGE;
            self.put(&mut sheet, is_last)?;
            if is_last {
                return Ok(());
            }
        }
    }
}

type Taught = (String, String, Option<String>);

async fn published(job: &mut Job, after: Uuid) -> Result<(Vec<Taught>, Option<Uuid>), Failure> {
    let tx = job.begin().await?;
    let rows = tx.query(sql::ROSTER_COURSES, &[&after, &PAGE]).await?;
    tx.end_read();
    let (mut courses, mut last) = (Vec::with_capacity(rows.len()), None);
    for row in &rows {
        let mut reader = ColumnReader::new(row);
        let (id, title, instructor): (Uuid, String, Option<Uuid>) = (reader.next()?, reader.next()?, reader.next()?);
        last = Some(id);
        courses.push((encode(courses::Course::PREFIX, id), title, instructor.map(|id| encode(User::PREFIX, id))));
    }
    Ok((courses, last.filter(|_| i64::try_from(rows.len()).unwrap_or(0) == PAGE)))
}

/// What the manifest calls the sheets that a bundle has.
const PRESENT: [&str; 6] = ["file.academicSessions", "file.classes", "file.courses", "file.enrollments", "file.orgs", "file.users"];
/// And those that it has not.
const ABSENT: [&str; 7] = [
    "file.categories",
    "file.classResources",
    "file.courseResources",
    "file.demographics",
    "file.lineItems",
    "file.resources",
    "file.results",
];
