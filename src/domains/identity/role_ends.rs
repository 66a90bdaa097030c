//! Roles until a date: they end by themselves, in the next request. Here their rows are removed, and their holders are told a week before.

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use lectern_kernel::jobs::{Done, Failure, Job, JobKind, JobLane};
use serde::Deserialize;

use super::sql;
use crate::domains::{
    mail::{Content, MailTemplate, Parameter, Texts},
    notifications::{Doer, EmailMode, Kind},
};

/// Removes the rows of roles that have ended: asked for at the moment of each end.
pub const EXPIRE: JobKind =
    JobKind { is_spared: true, ..JobKind::new("roles.expire", JobLane::Default, |job| Box::pin(job.in_batches(sql::EXPIRE_ROLES))) };

/// Tells people of roles of theirs that end in a week.
pub const REMIND: JobKind = JobKind::new("roles.remind", JobLane::Default, remind);

#[derive(Deserialize)]
struct Ending {
    ends_at: Timestamp,
}

fn remind(mut job: Job) -> BoxFuture<'static, Result<Done, Failure>> {
    Box::pin(async move {
        let Ending { ends_at } = job.payload()?;
        let tx = job.begin().await?;
        tx.query(sql::REMIND_OF_ROLES, &[&ends_at]).await?;
        job.finish(tx).await
    })
}

/// A role ends in a week.
pub const ROLE_EXPIRING: Kind = Kind {
    name: "ROLE_EXPIRING",
    description: "A role of yours ends in a week. Always mailed. Subject: the User, you.",
    events: &["notify.role_expiring"],
    recipients: "SELECT (note ->> 'person')::uuid",
    doer: Doer::Nobody,
    email: EmailMode::Immediate,
    email_where: None,
    mail: MailTemplate {
        name: "role_expiring",
        is_essential: true,
        parameters: &[
            Parameter { name: "role", content: Content::Plain, sample: "Instructor" },
            Parameter { name: "until", content: Content::Moment, sample: "2027-03-01T11:00:00Z" },
        ],
        english: Texts {
            subject: "Your role {{ role }} ends on {{ until }}",
            body: "You hold the role {{ role }} until {{ until }}. It ends by itself then.\n\nIf you need it for longer, ask your school.",
            action: Some(("Sign in", "{{ app }}")),
        },
        german: Texts {
            subject: "Ihre Rolle {{ role }} endet am {{ until }}",
            body: "Sie haben die Rolle {{ role }} bis {{ until }}. Dann endet sie von selbst.\n\nBrauchen Sie sie länger, fragen Sie bitte Ihre Schule.",
            action: Some(("Anmelden", "{{ app }}")),
        },
    },
};
