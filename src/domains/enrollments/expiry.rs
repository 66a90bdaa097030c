//! Enrollments end: by a job, and the people are told, before it and when it is so.

use std::time::Duration;

use lectern_kernel::jobs::{JobKind, JobLane, Scope};

use super::sql;
use crate::domains::{
    mail::{Content, MailTemplate, Parameter, Texts},
    notifications::{Doer, EmailMode, Kind},
};

/// Marks those as EXPIRED whose access is over. It is asked for where access is given an end, for a moment soon after that.
pub const EXPIRE: JobKind = JobKind::new("enrollment.expire", JobLane::Default, |job| Box::pin(job.in_batches(sql::EXPIRE)));

/// Tells people that their access ends: within 7 days, and again within 1 day.
pub const REMIND: JobKind = JobKind::new("enrollment.remind", JobLane::Default, |job| Box::pin(job.in_batches(sql::REMIND)))
    .every(Duration::from_secs(3600), Scope::Schools);

const COURSE: Parameter = Parameter { name: "course", content: Content::Plain, sample: "Introduction to Gliding" };
const UNTIL: Parameter = Parameter { name: "until", content: Content::Moment, sample: "2027-03-01T11:00:00Z" };
const OPEN: Option<(&str, &str)> = Some(("Open", "{{ app }}"));
const OFFEN: Option<(&str, &str)> = Some(("Öffnen", "{{ app }}"));

/// Access ends soon.
pub const ENROLLMENT_EXPIRES_SOON: Kind = Kind {
    name: "ENROLLMENT_EXPIRES_SOON",
    description: "Your access to a course ends within 7 days, or within 1 day. Subject: the Enrollment.",
    events: &["notify.enrollment_expires_soon"],
    recipients: "SELECT (note ->> 'person')::uuid",
    doer: Doer::Nobody,
    email: EmailMode::Immediate,
    email_where: None,
    mail: MailTemplate {
        name: "enrollment_expires_soon",
        is_essential: false,
        parameters: &[COURSE, UNTIL],
        english: Texts {
            subject: "Ends soon: {% if course %}{{ course }}{% else %}a course{% endif %}",
            body: "Your access to {% if course %}{{ course }}{% else %}a course{% endif %} ends on {{ until }}.",
            action: OPEN,
        },
        german: Texts {
            subject: "Endet bald: {% if course %}{{ course }}{% else %}ein Kurs{% endif %}",
            body: "Ihr Zugang zu {% if course %}{{ course }}{% else %}einem Kurs{% endif %} endet am {{ until }}.",
            action: OFFEN,
        },
    },
};

/// Access has ended.
pub const ENROLLMENT_EXPIRED: Kind = Kind {
    name: "ENROLLMENT_EXPIRED",
    description: "Your access to a course has ended. Subject: the Enrollment.",
    events: &["notify.enrollment_expired"],
    recipients: "SELECT (note ->> 'person')::uuid",
    doer: Doer::Nobody,
    email: EmailMode::Digest,
    email_where: None,
    mail: MailTemplate {
        name: "enrollment_expired",
        is_essential: false,
        parameters: &[COURSE],
        english: Texts {
            subject: "Ended: {% if course %}{{ course }}{% else %}a course{% endif %}",
            body: "Your access to {% if course %}{{ course }}{% else %}a course{% endif %} has ended. What you have done stays yours to read.",
            action: OPEN,
        },
        german: Texts {
            subject: "Beendet: {% if course %}{{ course }}{% else %}ein Kurs{% endif %}",
            body: "Ihr Zugang zu {% if course %}{{ course }}{% else %}einem Kurs{% endif %} ist beendet. Was Sie getan haben, bleibt für Sie lesbar.",
            action: OFFEN,
        },
    },
};
