//! Letters with links that follow from changes: an invitation, an address that was changed.

use jiff::Timestamp;
use lectern_kernel::{
    auth::LinkToken,
    ids::Id,
    jobs::{Done, Failure, Job, JobKind, JobLane},
    sealing::Sealer,
};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::{FORMER_EMAIL, INVITATION, requests::holding, sql};
use crate::domains::mail::Letter;

/// Mails an invitation, or mails it again.
pub const INVITATION_LETTER: JobKind = JobKind::new("account.invitation", JobLane::Default, |job| Box::pin(invite(job)));

/// Tells the address that somebody had that it was changed, with a link that takes it back.
pub const FORMER_EMAIL_LETTER: JobKind = JobKind::new("account.revert", JobLane::Default, |job| Box::pin(tell_former_address(job)));

#[derive(Deserialize)]
struct Invited {
    invitation: Uuid,
    /// As of which sending: one that was sent again since has a job of its own.
    sent: Timestamp,
}

async fn invite(mut job: Job) -> Result<Done, Failure> {
    let Invited { invitation, sent } = job.payload()?;
    let (sealer, token) = (job.outside::<Sealer>()?, LinkToken::generate(job.tenant())?);
    let tx = job.begin().await?;
    let rows = tx.query(sql::BEGIN_INVITATION, &[&invitation, &sent, &token.hash()]).await?;
    if let Some(row) = rows.first() {
        let (email, roles, until): (String, Option<String>, Timestamp) =
            (row.try_get("email")?, row.try_get("role_names")?, row.try_get("expires_at")?);
        let mut parameters = holding("token", token.to_text());
        parameters.insert("roles".to_owned(), Value::from(roles.unwrap_or_default()));
        parameters.insert("until".to_owned(), Value::from(until.to_string()));
        Letter { address: Some(email), parameters, ..Letter::of(&INVITATION) }.send(&tx, &sealer).await?;
    }
    job.finish(tx).await
}

#[derive(Deserialize)]
struct Changed {
    link: Uuid,
}

async fn tell_former_address(mut job: Job) -> Result<Done, Failure> {
    let Changed { link } = job.payload()?;
    let (sealer, token) = (job.outside::<Sealer>()?, LinkToken::generate(job.tenant())?);
    let tx = job.begin().await?;
    let rows = tx.query(sql::BEGIN_REVERT, &[&link, &token.hash()]).await?;
    if let Some(row) = rows.first() {
        let (person, email, at): (Uuid, String, Timestamp) = (row.try_get("user_id")?, row.try_get("email")?, row.try_get("changed_at")?);
        let mut parameters = holding("token", token.to_text());
        parameters.insert("at".to_owned(), Value::from(at.to_string()));
        let letter = Letter { person: Some(Id::from_uuid(person)), address: Some(email), parameters, ..Letter::of(&FORMER_EMAIL) };
        letter.send(&tx, &sealer).await?;
    }
    job.finish(tx).await
}
