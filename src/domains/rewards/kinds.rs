//! What people are told of what they have earned.

use crate::domains::{
    mail::{Content, MailTemplate, Parameter, Texts},
    notifications::{Doer, EmailMode, Kind},
};

const COURSE: Parameter = Parameter { name: "course", content: Content::Plain, sample: "Introduction to Gliding" };
const BADGE: Parameter = Parameter { name: "badge", content: Content::Plain, sample: "First solo flight" };
const OPEN: Option<(&str, &str)> = Some(("Open", "{{ app }}"));
const OFFEN: Option<(&str, &str)> = Some(("Öffnen", "{{ app }}"));

/// A course is completed.
pub const COURSE_COMPLETED: Kind = Kind {
    name: "COURSE_COMPLETED",
    description: "You have completed a course. Subject: the Enrollment.",
    events: &["notify.course_completed"],
    recipients: "SELECT (note ->> 'person')::uuid",
    doer: Doer::Told,
    email: EmailMode::Digest,
    email_where: None,
    mail: MailTemplate {
        name: "course_completed",
        is_essential: false,
        parameters: &[COURSE],
        english: Texts {
            subject: "Completed: {% if course %}{{ course }}{% else %}a course{% endif %}",
            body: "You have completed {% if course %}{{ course }}{% else %}a course{% endif %}. Congratulations!",
            action: OPEN,
        },
        german: Texts {
            subject: "Abgeschlossen: {% if course %}{{ course }}{% else %}ein Kurs{% endif %}",
            body: "Sie haben {% if course %}{{ course }}{% else %}einen Kurs{% endif %} abgeschlossen. Herzlichen Glückwunsch!",
            action: OFFEN,
        },
    },
};

/// Somebody has a badge.
pub const BADGE_AWARDED: Kind = Kind {
    name: "BADGE_AWARDED",
    description: "You have earned a badge, or were given one. Subject: the Badge.",
    events: &["notify.badge_awarded"],
    recipients: "SELECT p.id::uuid FROM jsonb_array_elements_text(note -> 'people') AS p(id)",
    doer: Doer::Told,
    email: EmailMode::Off,
    email_where: None,
    mail: MailTemplate {
        name: "badge_awarded",
        is_essential: false,
        parameters: &[BADGE],
        english: Texts { subject: "New badge: {{ badge }}", body: "You have a new badge: {{ badge }}.", action: OPEN },
        german: Texts { subject: "Neue Auszeichnung: {{ badge }}", body: "Sie haben eine neue Auszeichnung: {{ badge }}.", action: OFFEN },
    },
};
