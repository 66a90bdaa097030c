//! Mail: what is sent to people, and what became of it. Table: `mail`. What a school puts around its mails stands in `tenant_settings`
//! (domain tenants), whether somebody's address takes mail in `app_user.email_state` (domain identity).
//!
//! Permission: OUTBOX_READ. Other domains ask for a mail by the function `app.send_mail`, or, where it holds a secret, by [`Letter`].
//! Invariants, kept by the database: a mail exists exactly when the change that asked for it was committed, and once for each key; a mail
//! leaves QUEUED once, unless its job is run anew; its secrets are sealed, and dropped once it is sent; nothing names where a deleted person
//! was written to. Kept by the code: a mail has one Message-ID however often it is tried; nothing that a person wrote makes a
//! header, but the address in `Reply-To`, which is one.

mod delivery;
mod feedback;
mod jobs;
mod letter;
mod outbox_mail;
mod queries;
mod smtp;
mod sql;
mod template;
mod templates;
mod unsubscribe;
mod writing;

use lectern_kernel::resolve::registry::Domain;

pub use self::{
    delivery::{Attachment, Postman, Undelivered, Way},
    feedback::{Outcome, Report, take},
    letter::Letter,
    outbox_mail::{MailState, OutboxMail, letterhead, unsubscribe_url},
    smtp::SmtpServer,
    template::{Content, Language, MailTemplate, Parameter, Texts},
    templates::{TEMPLATES, TEST},
    unsubscribe::{Unsubscribing, Unwanted},
    writing::{Letterhead, Written},
};

/// What it is made of.
pub const DOMAIN: Domain = Domain {
    objects: &[OutboxMail::object],
    operations: &[queries::MailQueries::OPERATIONS],
    jobs: &[jobs::SEND, jobs::SEND_SPARED, jobs::PURGE],
    ..Domain::new("mail")
};
