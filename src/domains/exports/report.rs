//! What stands in reports: lists page by page, and the figures of `reports`.

use jiff::{Timestamp, tz::TimeZone};
use lectern_kernel::{
    db::ColumnReader,
    ids::{Id, Kind, encode},
    jobs::{Failure, Job},
};
use tokio_postgres::Row;
use uuid::Uuid;

use super::{
    columns::ReportDataset,
    output::{Output, Sheet},
    sql,
};
use crate::domains::{
    bookings::{Booking, Span},
    courses::Course,
    enrollments::Enrollment,
    identity::User,
    reports,
};

/// Lines that are read at once.
const PAGE: i64 = 2000;

/// A report that is to be written.
pub struct Report {
    pub dataset: ReportDataset,
    pub span: Span,
    pub zone: TimeZone,
}

fn id<T: Kind>(id: Option<Id<T>>) -> String {
    id.map(|id| encode(T::PREFIX, id.0)).unwrap_or_default()
}

fn moment(at: Option<Timestamp>) -> String {
    at.map(|at| at.to_string()).unwrap_or_default()
}

impl Report {
    /// Writes it, and answers how many lines it has.
    ///
    /// # Errors
    /// Where database or store don't answer.
    pub async fn write(&self, job: &mut Job, output: &mut Output) -> Result<i32, Failure> {
        let mut sheet = Sheet::new(self.dataset.header(), true)?;
        match self.dataset {
            ReportDataset::Enrollments => self.enrollments(job, &mut sheet, output).await?,
            ReportDataset::Bookings => self.bookings(job, &mut sheet, output).await?,
            // As many lines as the school has courses, instructors or days.
            ReportDataset::CourseProgress | ReportDataset::InstructorUtilisation | ReportDataset::Activity => {
                let tx = job.begin().await?;
                let lines = match self.dataset {
                    ReportDataset::CourseProgress => reports::course_progress_lines(&tx, self.span).await?,
                    ReportDataset::Activity => reports::activity_lines(&tx, self.span, &self.zone).await?,
                    _ => reports::utilisation_lines(&tx, self.span).await?,
                };
                tx.end_read();
                for line in lines {
                    sheet.line(&line)?;
                }
            }
        }
        if let Some(bytes) = sheet.take(true)? {
            output.push(bytes).await?;
        }
        Ok(sheet.rows())
    }

    async fn enrollments(&self, job: &mut Job, sheet: &mut Sheet, output: &mut Output) -> Result<(), Failure> {
        let mut after = Uuid::nil();
        loop {
            let tx = job.begin().await?;
            let rows = tx.query(sql::ENROLLMENTS, &[&after, &self.span.start, &self.span.end, &PAGE]).await?;
            tx.end_read();
            for row in &rows {
                let mut reader = ColumnReader::new(row);
                after = reader.next()?;
                let (course, title): (Option<Id<Course>>, Option<String>) = (reader.next()?, reader.next()?);
                let (user, name): (Option<Id<User>>, Option<String>) = (reader.next()?, reader.next()?);
                let (status, progress): (String, f64) = (reader.next()?, reader.next()?);
                sheet.line(&[
                    encode(Enrollment::PREFIX, after),
                    id(course),
                    title.unwrap_or_default(),
                    id(user),
                    name.unwrap_or_default(),
                    status,
                    progress.to_string(),
                    moment(reader.next()?),
                    moment(reader.next()?),
                ])?;
            }
            if hand_on(&rows, sheet, output).await? {
                return Ok(());
            }
        }
    }

    async fn bookings(&self, job: &mut Job, sheet: &mut Sheet, output: &mut Output) -> Result<(), Failure> {
        let mut after = (self.span.start, Uuid::nil());
        loop {
            let tx = job.begin().await?;
            let rows = tx.query(sql::BOOKINGS, &[&after.0, &after.1, &self.span.end, &PAGE]).await?;
            tx.end_read();
            for row in &rows {
                let mut reader = ColumnReader::new(row);
                let (booking, starts_at, ends_at): (Uuid, Timestamp, Timestamp) = (reader.next()?, reader.next()?, reader.next()?);
                after = (starts_at, booking);
                let status: String = reader.next()?;
                let (student, student_name): (Option<Id<User>>, Option<String>) = (reader.next()?, reader.next()?);
                let (instructor, instructor_name): (Option<Id<User>>, Option<String>) = (reader.next()?, reader.next()?);
                sheet.line(&[
                    encode(Booking::PREFIX, booking),
                    starts_at.to_string(),
                    ends_at.to_string(),
                    status,
                    id(student),
                    student_name.unwrap_or_default(),
                    id(instructor),
                    instructor_name.unwrap_or_default(),
                    id::<Course>(reader.next()?),
                ])?;
            }
            if hand_on(&rows, sheet, output).await? {
                return Ok(());
            }
        }
    }
}

/// Hands on what there is; answers whether that page was the last.
async fn hand_on(rows: &[Row], sheet: &mut Sheet, output: &mut Output) -> Result<bool, Failure> {
    if let Some(bytes) = sheet.take(false)? {
        output.push(bytes).await?;
    }
    Ok(i64::try_from(rows.len()).unwrap_or(i64::MAX) < PAGE)
}
