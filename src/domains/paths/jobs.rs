//! What paths do by themselves, and what people are told of them.

use std::time::Duration;

use lectern_kernel::jobs::{JobKind, JobLane, Scope};

use super::sql;
use crate::domains::{
    mail::{Content, MailTemplate, Parameter, Texts},
    notifications::{Doer, EmailMode, Kind},
};

/// Tries again to enroll people in courses of their paths that could not take them.
pub const RETRY: JobKind = JobKind::new("path.retry", JobLane::Default, |job| Box::pin(job.in_batches(sql::RETRY)))
    .every(Duration::from_secs(3600), Scope::Schools);

/// A course of a path has opened.
pub const PATH_COURSE_UNLOCKED: Kind = Kind {
    name: "PATH_COURSE_UNLOCKED",
    description: "A course of a learning path of yours has opened, and you are enrolled in it. Subject: the Course.",
    events: &["notify.path_course_unlocked"],
    recipients: "SELECT (note ->> 'person')::uuid",
    doer: Doer::Told,
    email: EmailMode::Immediate,
    email_where: None,
    mail: MailTemplate {
        name: "path_course_unlocked",
        is_essential: false,
        parameters: &[Parameter { name: "course", content: Content::Plain, sample: "Introduction to Gliding" }],
        english: Texts {
            subject: "Open to you: {% if course %}{{ course }}{% else %}the next course{% endif %}",
            body: "The next course of your learning path is open to you: {% if course %}{{ course }}{% else %}no longer there{% endif %}. You are enrolled in it.",
            action: Some(("Open", "{{ app }}")),
        },
        german: Texts {
            subject: "Für Sie offen: {% if course %}{{ course }}{% else %}der nächste Kurs{% endif %}",
            body: "Der nächste Kurs Ihres Lernpfads steht Ihnen offen: {% if course %}{{ course }}{% else %}nicht mehr vorhanden{% endif %}. Sie sind eingeschrieben.",
            action: Some(("Öffnen", "{{ app }}")),
        },
    },
};
