//! `lectern jobs`: what waits, runs and is dead, of all schools; jobs are run anew and called off. What is changed stands in the school's audit
//! log as `system:jobs-…`.

use std::fmt::Write as _;

use anyhow::{Context as _, bail};
use jiff::Timestamp;
use lectern_kernel::ids::{self, Kind as _};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::{platform, tenant};
use crate::{
    config::{JobIds, JobsCommand, JobsList},
    domains::jobs::Job,
};

/// Runs one of the commands.
#[allow(clippy::print_stdout, reason = "what was asked for")]
pub async fn jobs(platform_url: &str, command: &JobsCommand) -> anyhow::Result<()> {
    let mut connection = platform::connect(platform_url).await?;
    match command {
        JobsCommand::List(wanted) => print!("{}", list(&mut connection, wanted).await?),
        JobsCommand::Retry(JobIds { ids }) => {
            for id in ids {
                let name = moved(&mut connection, id, "system:jobs-retry", "SELECT app.retry_job($1)").await?;
                println!("{name} is to run now.");
            }
        }
        JobsCommand::Cancel(JobIds { ids }) => {
            for id in ids {
                let name = moved(&mut connection, id, "system:jobs-cancel", "SELECT app.cancel_job($1)").await?;
                println!("{name} is called off.");
            }
        }
    }
    Ok(())
}

/// What there is of a lane.
#[derive(FromRow)]
struct Lane {
    lane: String,
    waiting: i64,
    running: i64,
    dead: i64,
    oldest: Option<i64>,
}

/// A job as the table has it.
#[derive(FromRow)]
struct Row {
    id: Uuid,
    school: String,
    kind: String,
    state: String,
    attempts: i32,
    max_attempts: i32,
    run_at: i64,
    last_error: Option<String>,
}

/// Figures of the lanes, then the jobs.
async fn list(connection: &mut PgConnection, wanted: &JobsList) -> anyhow::Result<String> {
    if let Some(slug) = &wanted.tenant {
        tenant::find(connection, slug).await?;
    }
    let lanes: Vec<Lane> = sqlx::query_as(
        "SELECT l.lane, count(*) FILTER (WHERE j.state = 'QUEUED' AND j.run_at <= now()) AS waiting, count(*) FILTER (WHERE j.state = 'RUNNING') AS running, \
                count(*) FILTER (WHERE j.state = 'DEAD') AS dead, \
                extract(epoch FROM now() - min(j.run_at) FILTER (WHERE j.state = 'QUEUED' AND j.run_at <= now()))::bigint AS oldest \
         FROM unnest(ARRAY['DEFAULT', 'MAIL', 'DELIVERY', 'BULK']) WITH ORDINALITY AS l(lane, place) \
         LEFT JOIN (job j LEFT JOIN tenant t ON t.tenant_id = j.tenant_id) ON j.lane = l.lane AND ($1::text IS NULL OR t.slug = $1) \
         GROUP BY l.lane, l.place ORDER BY l.place",
    )
    .bind(&wanted.tenant)
    .fetch_all(&mut *connection)
    .await?;
    let jobs: Vec<Row> = sqlx::query_as(
        "SELECT j.id, coalesce(t.slug, '-') AS school, j.kind, j.state, j.attempts, j.max_attempts, extract(epoch FROM j.run_at)::bigint AS run_at, j.last_error \
         FROM job j LEFT JOIN tenant t ON t.tenant_id = j.tenant_id \
         WHERE ($1::text IS NULL OR t.slug = $1) AND ($2::text IS NULL OR j.state = upper($2)) AND ($3::text IS NULL OR j.kind = $3) \
         ORDER BY j.created_at DESC, j.id DESC LIMIT $4",
    )
    .bind(&wanted.tenant)
    .bind(&wanted.state)
    .bind(&wanted.kind)
    .bind(wanted.first)
    .fetch_all(connection)
    .await?;
    let mut text = String::from("LANE      WAITING  RUNNING  DEAD  OLDEST WAITS\n");
    for Lane { lane, waiting, running, dead, oldest } in lanes {
        let oldest = oldest.map_or_else(|| "-".to_owned(), |seconds| format!("{seconds} s"));
        let _ = writeln!(text, "{lane:<8}  {waiting:>7}  {running:>7}  {dead:>4}  {oldest}");
    }
    if jobs.is_empty() {
        text.push_str("\nThere is no such job.\n");
        return Ok(text);
    }
    let widest = |of: fn(&Row) -> &str, head: &str| jobs.iter().map(|job| of(job).chars().count()).max().unwrap_or(0).max(head.len());
    let (school, kind) = (widest(|job| &job.school, "SCHOOL"), widest(|job| &job.kind, "KIND"));
    let _ =
        writeln!(text, "\n{:<30}  {:<school$}  {:<kind$}  {:<9}  TRIED  {:<20}  LAST ERROR", "ID", "SCHOOL", "KIND", "STATE", "RUNS AT");
    for job in jobs {
        let id = ids::encode(Job::PREFIX, job.id);
        let at = Timestamp::from_second(job.run_at).map_or_else(|_| "?".to_owned(), |at| at.to_string());
        let tried = format!("{}/{}", job.attempts, job.max_attempts);
        let line = format!(
            "{id:<30}  {:<school$}  {:<kind$}  {:<9}  {tried:<5}  {at:<20}  {}",
            job.school,
            job.kind,
            job.state,
            job.last_error.unwrap_or_default()
        );
        let _ = writeln!(text, "{}", line.trim_end());
    }
    Ok(text)
}

/// Moves a job, in its school; answers what it is called.
async fn moved(connection: &mut PgConnection, text: &str, operation: &str, sql: &'static str) -> anyhow::Result<String> {
    let id = ids::decode(text).filter(|(prefix, _)| *prefix == Job::PREFIX).map(|(_, id)| id);
    let id = id.with_context(|| format!("{text} is no id of a job: `lectern jobs list` shows them"))?;
    let known: Option<(Uuid, String)> =
        sqlx::query_as("SELECT tenant_id, kind FROM job WHERE id = $1").bind(id).fetch_optional(&mut *connection).await?;
    let Some((school, kind)) = known else { bail!("there is no job {text}: `lectern jobs list` shows those that there are") };
    let mut tx = tenant::begin(connection, operation, school).await?;
    let moved: Result<bool, sqlx::Error> = sqlx::query_scalar(sql).bind(id).fetch_one(&mut *tx).await;
    match moved {
        Ok(true) => tx.commit().await?,
        Ok(false) => bail!("there is no job {text} any more"),
        Err(error) if error.as_database_error().is_some_and(|error| error.constraint() == Some("job_transition")) => {
            bail!("{kind} ({text}) can't take this step: what is DEAD, or QUEUED for later, is run anew; what is QUEUED is called off")
        }
        Err(error) => return Err(error.into()),
    }
    Ok(format!("{kind} ({text})"))
}
