//! What people are told of what is said.

use crate::domains::{
    mail::{Content, MailTemplate, Parameter, Texts},
    notifications::{Doer, EmailMode, Kind},
};

const COURSE: Parameter = Parameter { name: "course", content: Content::Plain, sample: "Introduction to Gliding" };
const THREAD: Parameter = Parameter { name: "thread", content: Content::Plain, sample: "Which weather is good enough?" };
const OPEN: Option<(&str, &str)> = Some(("Open", "{{ app }}"));
const OFFEN: Option<(&str, &str)> = Some(("Öffnen", "{{ app }}"));

/// An announcement is out.
pub const ANNOUNCEMENT_PUBLISHED: Kind = Kind {
    name: "ANNOUNCEMENT_PUBLISHED",
    description: "There is an announcement in a course in which your enrollment gives access. Subject: the Announcement.",
    events: &["announcement.published"],
    recipients: "SELECT e.user_id FROM enrollment e WHERE e.tenant_id = app.tenant_id() AND e.course_id = (note ->> 'course')::uuid AND app.is_live(e.status, e.expires_at)",
    doer: Doer::LeftOut,
    email: EmailMode::Immediate,
    email_where: None,
    mail: MailTemplate {
        name: "announcement_published",
        is_essential: false,
        parameters: &[COURSE],
        english: Texts {
            subject: "Announcement: {% if course %}{{ course }}{% else %}a course{% endif %}",
            body: "There is an announcement in {% if course %}{{ course }}{% else %}a course{% endif %}.",
            action: OPEN,
        },
        german: Texts {
            subject: "Ankündigung: {% if course %}{{ course }}{% else %}ein Kurs{% endif %}",
            body: "Es gibt eine Ankündigung in {% if course %}{{ course }}{% else %}einem Kurs{% endif %}.",
            action: OFFEN,
        },
    },
};

/// Somebody has written in one's thread.
pub const THREAD_ANSWERED: Kind = Kind {
    name: "THREAD_ANSWERED",
    description: "Somebody has written in a thread of yours. Subject: the Thread.",
    events: &["notify.thread_answered"],
    recipients: "SELECT (note ->> 'person')::uuid",
    doer: Doer::LeftOut,
    email: EmailMode::Digest,
    email_where: None,
    mail: MailTemplate {
        name: "thread_answered",
        is_essential: false,
        parameters: &[COURSE, THREAD],
        english: Texts {
            subject: "Answered: {{ thread }}",
            body: "Somebody has written in your thread {{ thread }}{% if course %}, in {{ course }}{% endif %}.",
            action: OPEN,
        },
        german: Texts {
            subject: "Beantwortet: {{ thread }}",
            body: "Jemand hat in Ihrem Thema {{ thread }} geschrieben{% if course %}, in {{ course }}{% endif %}.",
            action: OFFEN,
        },
    },
};
