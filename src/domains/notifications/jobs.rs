//! The digest, and that notifications are not kept for ever.

use std::time::Duration;

use jiff::Timestamp;
use lectern_kernel::jobs::{Done, Failure, Job, JobKind, JobLane, Scope};
use serde_json::{Value, json};
use tokio_postgres::Row;
use uuid::Uuid;

use super::{notification::written, sql};
use crate::domains::mail::{Language, Postman};

/// People whose digests are made in one transaction.
const AT_ONCE: i32 = 100;

/// Mails people what they have not read, at their hour: asked every hour.
pub const DIGEST: JobKind =
    JobKind::new("mail.digest", JobLane::Mail, |job| Box::pin(digest(job))).every(Duration::from_secs(3600), Scope::Schools);

/// Deletes notifications after 30 days.
pub const PURGE: JobKind = JobKind::new("purge.notifications", JobLane::Default, |job| Box::pin(job.in_batches(sql::PURGE)))
    .every(Duration::from_secs(24 * 3600), Scope::Schools);

/// Somebody's digest.
struct Due {
    person: Uuid,
    day: String,
    up_to: Timestamp,
    locale: String,
    filling: Value,
}

impl Due {
    fn read(row: &Row, postman: &Postman) -> Result<Due, Failure> {
        let (locale, zone): (String, String) = (row.try_get("locale")?, row.try_get("time_zone")?);
        let kinds: Vec<String> = row.try_get("kinds")?;
        let courses: Vec<Option<String>> = row.try_get("courses")?;
        let facts: Vec<Value> = row.try_get("facts")?;
        let waiting: i64 = row.try_get("waiting")?;
        let mut titles = Vec::new();
        for ((kind, course), facts) in kinds.iter().zip(courses).zip(&facts) {
            titles.push(written(postman, kind, facts, course, Some(&locale), &zone).map_err(Failure::Dead)?.subject);
        }
        let more = waiting - i64::try_from(titles.len()).unwrap_or(i64::MAX);
        if more > 0 {
            titles.push(match Language::of(&locale) {
                Language::English => format!("And {more} more."),
                Language::German => format!("Und {more} weitere."),
            });
        }
        let filling = json!({ "count": waiting, "items": titles.join("\n\n") });
        Ok(Due { person: row.try_get("person")?, day: row.try_get("day")?, up_to: row.try_get("up_to")?, locale, filling })
    }
}

async fn digest(mut job: Job) -> Result<Done, Failure> {
    let postman = job.outside::<Postman>()?;
    loop {
        let tx = job.begin().await?;
        let rows = tx.query(sql::DUE_DIGESTS, &[&AT_ONCE]).await?;
        if rows.is_empty() {
            return job.finish(tx).await;
        }
        let due = rows.iter().map(|row| Due::read(row, &postman)).collect::<Result<Vec<Due>, Failure>>()?;
        let people: Vec<Uuid> = due.iter().map(|due| due.person).collect();
        let days: Vec<&str> = due.iter().map(|due| due.day.as_str()).collect();
        let up_to: Vec<Timestamp> = due.iter().map(|due| due.up_to).collect();
        let locales: Vec<&str> = due.iter().map(|due| due.locale.as_str()).collect();
        let fillings: Vec<&Value> = due.iter().map(|due| &due.filling).collect();
        tx.query(sql::SEND_DIGESTS, &[&people, &days, &up_to, &locales, &fillings]).await?;
        job.step(tx).await?;
    }
}
