//! Tells the administrators of a school that its subscription ends.

use std::time::Duration;

use lectern_kernel::jobs::{Done, Failure, Job, JobKind, JobLane, Scope};

use crate::domains::{
    mail::{Content, MailTemplate, Parameter, Texts},
    notifications::{Doer, EmailMode, Kind},
};

/// Looks every day; the schools lie spread over it.
pub const ENDING: JobKind =
    JobKind::new("tenant.ending", JobLane::Default, |job| Box::pin(tell(job))).every(Duration::from_secs(86_400), Scope::Schools);

async fn tell(mut job: Job) -> Result<Done, Failure> {
    let tx = job.begin().await?;
    tx.query("SELECT app.tell_of_ending() WHERE app.tenant_id() = $1", &[]).await?;
    job.finish(tx).await
}

/// Told 30, 7 and 1 days before.
pub const SUBSCRIPTION_ENDING: Kind = Kind {
    name: "SUBSCRIPTION_ENDING",
    description: "The school's subscription ends in 30, 7 or 1 days, and you are one of its administrators. Subject: the Tenant.",
    events: &["notify.subscription_ending"],
    recipients: "SELECT app.administrators()",
    doer: Doer::Nobody,
    email: EmailMode::Immediate,
    email_where: None,
    mail: MailTemplate {
        name: "subscription_ending",
        is_essential: false,
        parameters: &[Parameter { name: "at", content: Content::Moment, sample: "2027-03-01T09:30:00Z" }],
        english: Texts {
            subject: "The subscription ends: {{ at }}",
            body: "The subscription of your school ends at {{ at }}. From then on nobody works there; its data is kept.\n\nWhoever runs Lectern for you renews it.",
            action: Some(("Open", "{{ app }}")),
        },
        german: Texts {
            subject: "Das Abonnement endet: {{ at }}",
            body: "Das Abonnement Ihrer Schule endet am {{ at }}. Danach arbeitet dort niemand mehr; ihre Daten bleiben erhalten.\n\nWer Lectern für Sie betreibt, verlängert es.",
            action: Some(("Öffnen", "{{ app }}")),
        },
    },
};
