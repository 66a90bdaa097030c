//! The mails of the core.

use super::template::{Content, MailTemplate, Parameter, Texts};
use crate::domains::admissions::{
    CONFIRM_SIGN_UP, FORMER_EMAIL, INVITATION, PASSWORD_RESET, SIGN_IN_CODE, SIGN_UP_KNOWN, SIGN_UP_REJECTED,
};
use crate::domains::notifications::KINDS;

/// What is mailed beside notifications.
const CORE: &[&MailTemplate] =
    &[&TEST, &DIGEST, &PASSWORD_RESET, &SIGN_IN_CODE, &CONFIRM_SIGN_UP, &SIGN_UP_KNOWN, &SIGN_UP_REJECTED, &INVITATION, &FORMER_EMAIL];

/// Every template of the product: those, and one for each kind of notifications.
pub const TEMPLATES: &[&MailTemplate] = &{
    let mut all = [&TEST; CORE.len() + KINDS.len()];
    let mut place = 0;
    while place < all.len() {
        all[place] = if place < CORE.len() { CORE[place] } else { &KINDS[place - CORE.len()].mail };
        place += 1;
    }
    all
};

const AT: Parameter = Parameter { name: "at", content: Content::Moment, sample: "2027-03-01T09:30:00Z" };

/// What an operator sends to see whether mail arrives.
pub const TEST: MailTemplate = MailTemplate {
    name: "test",
    is_essential: true,
    parameters: &[AT],
    english: Texts {
        subject: "Mail from {{ school }} arrives",
        body: "This is a test. It was asked for by whoever runs this service, on {{ at }}.\n\nYou need not do anything.",
        action: None,
    },
    german: Texts {
        subject: "Post von {{ school }} kommt an",
        body: "Das ist ein Test. Angefordert hat ihn, wer diesen Dienst betreibt, am {{ at }}.\n\nSie brauchen nichts zu tun.",
        action: None,
    },
};

/// What somebody has not read, once a day.
const DIGEST: MailTemplate = MailTemplate {
    name: "digest",
    is_essential: false,
    parameters: &[
        Parameter { name: "count", content: Content::Plain, sample: "2" },
        Parameter { name: "items", content: Content::Plain, sample: "New course: Introduction to Gliding\n\nNew course: Meteorology" },
    ],
    english: Texts {
        subject: "{{ school }}: {{ count }} unread",
        body: "This is what has happened at {{ school }}, and you have not read yet:\n\n{{ items }}",
        action: Some(("Open", "{{ app }}")),
    },
    german: Texts {
        subject: "{{ school }}: {{ count }} ungelesen",
        body: "Das ist bei {{ school }} geschehen, und Sie haben es noch nicht gelesen:\n\n{{ items }}",
        action: Some(("Öffnen", "{{ app }}")),
    },
};
