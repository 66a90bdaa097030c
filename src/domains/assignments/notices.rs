//! Whom the service tells of work: its author of grades and deadlines, those who grade of what was handed in.

use std::time::Duration;

use lectern_kernel::jobs::{JobKind, JobLane, Scope};

use super::sql;
use crate::domains::{
    mail::{Content, MailTemplate, Parameter, Texts},
    notifications::{Doer, EmailMode, Kind},
};

/// Tells people of work that is due within 24 hours, by their own date, and that is not handed in.
pub const REMIND: JobKind = JobKind::new("assignment.remind", JobLane::Default, |job| Box::pin(job.in_batches(sql::REMIND)))
    .every(Duration::from_secs(3600), Scope::Schools);

const COURSE: Parameter = Parameter { name: "course", content: Content::Plain, sample: "Introduction to Gliding" };
const LESSON: Parameter = Parameter { name: "lesson", content: Content::Plain, sample: "A flight plan" };
const UNTIL: Parameter = Parameter { name: "until", content: Content::Moment, sample: "2027-03-01T11:00:00Z" };
const OPEN: Option<(&str, &str)> = Some(("Open", "{{ app }}"));
const OFFEN: Option<(&str, &str)> = Some(("Öffnen", "{{ app }}"));

/// A grade is there to be seen.
pub const ASSIGNMENT_GRADED: Kind = Kind {
    name: "ASSIGNMENT_GRADED",
    description: "Something that you have handed in was graded; where grades are held, not before they are released. Subject: the Submission.",
    events: &["submission.graded"],
    recipients: "SELECT (note ->> 'person')::uuid",
    doer: Doer::LeftOut,
    email: EmailMode::Immediate,
    email_where: None,
    mail: MailTemplate {
        name: "assignment_graded",
        is_essential: false,
        parameters: &[COURSE, LESSON],
        english: Texts {
            subject: "Graded: {{ lesson }}",
            body: "What you handed in for {{ lesson }}{% if course %} in {{ course }}{% endif %} was graded.",
            action: OPEN,
        },
        german: Texts {
            subject: "Bewertet: {{ lesson }}",
            body: "Was Sie für {{ lesson }}{% if course %} in {{ course }}{% endif %} abgegeben haben, ist bewertet.",
            action: OFFEN,
        },
    },
};

/// Something waits to be graded.
pub const SUBMISSION_RECEIVED: Kind = Kind {
    name: "SUBMISSION_RECEIVED",
    description: "Somebody has handed something in in a course that you teach, and you grade. Subject: the Submission.",
    events: &["submission.submitted"],
    recipients: "SELECT p.id::uuid FROM jsonb_array_elements_text(note -> 'staff') AS p(id)",
    doer: Doer::LeftOut,
    email: EmailMode::Digest,
    email_where: None,
    mail: MailTemplate {
        name: "submission_received",
        is_essential: false,
        parameters: &[COURSE, LESSON],
        english: Texts {
            subject: "Handed in: {{ lesson }}",
            body: "Somebody has handed something in for {{ lesson }}{% if course %} in {{ course }}{% endif %}. It waits to be graded.",
            action: OPEN,
        },
        german: Texts {
            subject: "Abgegeben: {{ lesson }}",
            body: "Für {{ lesson }}{% if course %} in {{ course }}{% endif %} wurde etwas abgegeben. Es wartet auf Ihre Bewertung.",
            action: OFFEN,
        },
    },
};

/// Something was given back.
pub const SUBMISSION_RETURNED: Kind = Kind {
    name: "SUBMISSION_RETURNED",
    description: "Something that you have handed in was given back: you may hand in again. Subject: the Submission.",
    events: &["submission.returned"],
    recipients: "SELECT (note ->> 'person')::uuid",
    doer: Doer::LeftOut,
    email: EmailMode::Immediate,
    email_where: None,
    mail: MailTemplate {
        name: "submission_returned",
        is_essential: false,
        parameters: &[COURSE, LESSON],
        english: Texts {
            subject: "Given back: {{ lesson }}",
            body: "What you handed in for {{ lesson }}{% if course %} in {{ course }}{% endif %} was given back. Read what was said about it, and hand in again.",
            action: OPEN,
        },
        german: Texts {
            subject: "Zurückgegeben: {{ lesson }}",
            body: "Was Sie für {{ lesson }}{% if course %} in {{ course }}{% endif %} abgegeben haben, kam zurück. Lesen Sie, was dazu gesagt wurde, und geben Sie erneut ab.",
            action: OFFEN,
        },
    },
};

/// Something is due soon.
pub const DEADLINE_SOON: Kind = Kind {
    name: "DEADLINE_SOON",
    description: "Work of yours is due within 24 hours, by your own date, and is not handed in. Subject: the Lesson.",
    events: &["notify.deadline_soon"],
    recipients: "SELECT (note ->> 'person')::uuid",
    doer: Doer::Nobody,
    email: EmailMode::Immediate,
    email_where: None,
    mail: MailTemplate {
        name: "deadline_soon",
        is_essential: false,
        parameters: &[COURSE, LESSON, UNTIL],
        english: Texts {
            subject: "Due soon: {{ lesson }}",
            body: "{{ lesson }}{% if course %} in {{ course }}{% endif %} is due on {{ until }}, and you have not handed in yet.",
            action: OPEN,
        },
        german: Texts {
            subject: "Bald fällig: {{ lesson }}",
            body: "{{ lesson }}{% if course %} in {{ course }}{% endif %} ist am {{ until }} fällig, und Sie haben noch nichts abgegeben.",
            action: OFFEN,
        },
    },
};
