//! What somebody is told whose place was taken.

use crate::domains::{
    mail::{Content, MailTemplate, Parameter, Texts},
    notifications::{Doer, EmailMode, Kind},
};

/// Somebody has looked in one's place.
pub const VIEWED_AS: Kind = Kind {
    name: "VIEWED_AS",
    description: "Somebody has seen the school as you see it, and changed nothing. The text says who it was, and why. Always mailed. Subject: the \
                  viewing.",
    events: &["notify.viewed_as"],
    recipients: "SELECT (note ->> 'person')::uuid",
    doer: Doer::Told,
    email: EmailMode::Immediate,
    email_where: None,
    mail: MailTemplate {
        name: "viewed_as",
        is_essential: true,
        parameters: &[
            Parameter { name: "name", content: Content::Plain, sample: "Ada Lovelace" },
            Parameter { name: "reason", content: Content::Plain, sample: "A course is missing from the list" },
        ],
        english: Texts {
            subject: "Your view of the school was looked at",
            body: "{{ name }} has seen the school as you see it, for 15 minutes at most, and could change nothing.\n\nThe reason given: {{ reason }}",
            action: Some(("Open", "{{ app }}")),
        },
        german: Texts {
            subject: "Ihre Ansicht der Schule wurde eingesehen",
            body: "{{ name }} hat die Schule so gesehen, wie Sie sie sehen, höchstens 15 Minuten lang, und konnte nichts ändern.\n\nDer angegebene Grund: \
                   {{ reason }}",
            action: Some(("Öffnen", "{{ app }}")),
        },
    },
};
