//! Sending a mail, and forgetting it after a while.

use std::{sync::Arc, time::Duration};

use lectern_kernel::{
    error::Error,
    jobs::{Done, Failure, Job, JobKind, JobLane, Scope},
    sealing::{Place, Sealer},
    seen::counted,
    store::Store,
};
use serde::Deserialize;
use serde_json::{Map, Value};
use tokio_postgres::Row;
use uuid::Uuid;

use super::{
    delivery::{Attachment, Postman, Undelivered},
    sql,
    template::MailTemplate,
    unsubscribe::Unsubscribing,
    writing::{Letterhead, REDACTED, Written},
};
use crate::domains::feeds::{Invite, Party};

/// Sends one mail.
pub const SEND: JobKind =
    JobKind { limit: Duration::from_secs(400), ..JobKind::new("mail.send", JobLane::Mail, |job| Box::pin(send(job))) };

/// Sends one that no lapse of the subscription stops: without it nobody could sign in to renew that.
pub const SEND_SPARED: JobKind = JobKind { name: "mail.send_spared", is_spared: true, ..SEND };

/// Deletes mails after 30 days.
pub const PURGE: JobKind = JobKind::new("purge.mail", JobLane::Default, |job| Box::pin(job.in_batches(sql::PURGE)))
    .every(Duration::from_secs(24 * 3600), Scope::Everywhere);

/// What such a job is asked for with.
#[derive(Deserialize)]
struct Asked {
    mail: Uuid,
}

/// What the database keeps of what goes along.
#[derive(Deserialize)]
#[serde(untagged)]
enum Kept {
    /// A booking, as it was when the mail was asked for.
    Booking { name: String, event: Invite },
    /// Those of a series, likewise: one file.
    Bookings { name: String, events: Vec<Invite> },
    /// A text.
    Text(Attachment),
}

impl Kept {
    /// The file that goes along, from whom to whom.
    fn file(self, from: Party<'_>, to: &str, locale: &str) -> Option<Attachment> {
        match self {
            Kept::Text(attachment) => Some(attachment),
            Kept::Booking { name, event } => entered(name, &[event], from, to, locale),
            Kept::Bookings { name, events } => entered(name, &events, from, to, locale),
        }
    }
}

/// Bookings as a file of calendar entries.
fn entered(name: String, bookings: &[Invite], from: Party<'_>, to: &str, locale: &str) -> Option<Attachment> {
    let media_type = format!("text/calendar; charset=utf-8; method={}", Invite::method(bookings));
    Some(Attachment { name, media_type, text: Invite::write(bookings, from, Party { name: None, email: to }, locale)? })
}

/// What mails are written and sent with.
struct Means {
    postman: Arc<Postman>,
    sealer: Arc<Sealer>,
    /// Where a mail of a kind is ended.
    unsubscribing: Option<Arc<Unsubscribing>>,
    /// Where a school's picture is fetched from.
    store: Option<Arc<Store>>,
}

/// A mail that waits.
struct Waiting {
    template: &'static MailTemplate,
    to: String,
    written: Written,
    head: Letterhead,
    attachments: Vec<Attachment>,
    /// Whether its person can be written to.
    standing: String,
}

/// The secrets of a mail; none where they are sealed for another place, or by a key that is gone.
pub(super) fn open(sealer: &Sealer, tenant: Uuid, sealed: Option<&[u8]>) -> Option<Map<String, Value>> {
    let place = Place { tenant, table: "mail", column: "secrets" };
    let opened = sealer.open(place, sealed?).ok()?;
    serde_json::from_slice(&opened).ok()
}

impl Waiting {
    fn read(row: &Row, tenant: Uuid, Means { postman, sealer, unsubscribing, store }: &Means) -> Result<Self, Failure> {
        let name: String = row.try_get("template")?;
        let template =
            postman.template(&name).ok_or_else(|| Failure::Dead(Error::internal(format!("there is no template {name} of mails"))))?;
        let head = Letterhead::read(row.try_get("letterhead")?, store.as_deref());
        let mut filling: Map<String, Value> = serde_json::from_value(row.try_get("parameters")?).unwrap_or_default();
        filling.extend(open(sealer, tenant, row.try_get("secrets")?).unwrap_or_default());
        let kept: Vec<Kept> = serde_json::from_value(row.try_get("attachments")?)
            .map_err(|error| Failure::Dead(Error::internal(format!("the attachments of a mail: {error}"))))?;
        let (locale, to): (String, String) = (row.try_get("locale")?, row.try_get("address")?);
        let address = postman.address();
        let from = Party { name: Some(head.sender()), email: &address };
        let attachments = kept.into_iter().filter_map(|kept| kept.file(from, &to, &locale)).collect();
        let person: Option<Uuid> = row.try_get("person")?;
        let unsubscribe =
            person.zip(unsubscribing.as_deref()).and_then(|(person, unsubscribing)| unsubscribing.url(template, tenant, person));
        let written = postman.writer().write(template, &locale, &filling, &head, unsubscribe.as_deref()).map_err(Failure::Dead)?;
        Ok(Waiting { template, to, written, head, attachments, standing: row.try_get("standing")? })
    }

    /// Why it is not to be sent.
    fn refusal(&self) -> Option<&'static str> {
        match self.standing.as_str() {
            "DELETED" => Some("The person was deleted."),
            "SUSPENDED" => Some("The person is suspended."),
            "BOUNCED" if !self.template.is_essential => Some("An earlier mail to this address came back."),
            "COMPLAINED" if !self.template.is_essential => Some("Its reader complained about an earlier mail."),
            _ => None,
        }
    }
}

/// What a server said, without whom it speaks of: a job is kept when its person is gone.
fn without_addresses(said: &str) -> String {
    let is_end = |letter: char| letter.is_whitespace() || "<>()[]{},;:\"'".contains(letter);
    let mut kept = String::with_capacity(said.len());
    for part in said.split_inclusive(is_end) {
        let word = part.trim_end_matches(is_end);
        kept.push_str(if word.contains('@') { REDACTED } else { word });
        kept.push_str(&part[word.len()..]);
    }
    kept
}

/// Delivers a mail in between two transactions, so that none is open while a server is waited for.
async fn send(mut job: Job) -> Result<Done, Failure> {
    let Asked { mail } = job.payload()?;
    let (tenant, postman) = (job.tenant(), job.outside::<Postman>()?);
    let means =
        Means { postman: Arc::clone(&postman), sealer: job.outside()?, unsubscribing: job.outside().ok(), store: job.outside().ok() };
    let tx = job.begin().await?;
    let rows = tx.query(sql::BEGIN, &[&mail]).await?;
    let Some(row) = rows.first() else {
        return job.finish(tx).await; // it was called off, or is not kept any more
    };
    let waiting = Waiting::read(row, tenant, &means)?;
    let subject = &waiting.written.subject;
    if let Some(reason) = waiting.refusal() {
        counted("lectern_mails_total", "state", "SUPPRESSED");
        tx.query(sql::SETTLE, &[&mail, &"SUPPRESSED", subject, &Some(reason), &false]).await?;
        return job.finish(tx).await;
    }
    job.step(tx).await?;
    let delivered = postman.deliver((tenant, mail), &waiting.to, &waiting.written, &waiting.head, &waiting.attachments).await;
    let (state, reason) = match &delivered {
        Ok(()) => ("SENT", None),
        Err(Undelivered::ForGood(reason)) => ("BOUNCED", Some(reason)),
        Err(Undelivered::ForNow(reason)) => ("QUEUED", Some(reason)),
    };
    counted("lectern_mails_total", "state", state);
    let tx = job.begin().await?;
    tx.query(sql::SETTLE, &[&mail, &state, subject, &reason, &postman.shows_secrets()]).await?;
    match delivered {
        Err(Undelivered::ForNow(reason)) => {
            job.step(tx).await?;
            let said = format!("It was not taken: {}", without_addresses(&reason));
            Err(Failure::Again(Error::unavailable(reason).saying(said).reason("MAIL_NOT_TAKEN"), None))
        }
        _ => job.finish(tx).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_said_names_nobody() {
        for (said, kept) in [
            ("transient error (451): 4.7.1 try again later", "transient error (451): 4.7.1 try again later"),
            ("450 4.2.1 <ada@x.example>: mailbox busy", "450 4.2.1 <[redacted]>: mailbox busy"),
            ("no such user: Ada.L+a@x.example, really", "no such user: [redacted], really"),
            ("ädä@bücher.example", "[redacted]"),
            ("to=ada@x.example;from=<b@y.example>", "[redacted];from=<[redacted]>"),
        ] {
            assert_eq!(without_addresses(said), kept);
        }
    }
}
