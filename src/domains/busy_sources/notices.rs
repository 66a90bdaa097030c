//! What people are told of calendars that are kept elsewhere.

use crate::domains::{
    mail::{Content, MailTemplate, Parameter, Texts},
    notifications::{Doer, EmailMode, Kind},
};

/// A calendar could not be read for a day.
pub const BUSY_SOURCE_FAILED: Kind = Kind {
    name: "BUSY_SOURCE_FAILED",
    description: "A calendar that you keep elsewhere could not be read for a day: what it blocks is no longer up to date. Once, until it is read again. \
                  Subject: the BusySource.",
    events: &["notify.busy_source_failed"],
    recipients: "SELECT (note ->> 'person')::uuid",
    doer: Doer::Nobody,
    email: EmailMode::Immediate,
    email_where: None,
    mail: MailTemplate {
        name: "busy_source_failed",
        is_essential: false,
        parameters: &[
            Parameter { name: "name", content: Content::Plain, sample: "Private" },
            Parameter { name: "since", content: Content::Moment, sample: "2027-03-01T09:30:00Z" },
            Parameter { name: "reason", content: Content::Plain, sample: "UNREACHABLE" },
        ],
        english: Texts {
            subject: "Your calendar can't be read: {{ name }}",
            body: "The calendar {{ name }} can't be read since {{ since }}: {% if reason == 'UNREACHABLE' %}its server does not answer as it \
                   should{% elif reason == 'NOT_ALLOWED' %}its address is not allowed{% elif reason == 'TOO_BIG' %}it is too big{% elif reason == 'GONE' %}its server \
                   says that it is gone{% else %}what is there is no calendar{% endif %}.\n\nWhat it said before still blocks your time. Look whether its \
                   address is still the right one; if not, delete it and add it anew.",
            action: Some(("Open", "{{ app }}")),
        },
        german: Texts {
            subject: "Ihr Kalender kann nicht gelesen werden: {{ name }}",
            body: "Der Kalender {{ name }} kann seit {{ since }} nicht gelesen werden: {% if reason == 'UNREACHABLE' %}sein Server antwortet nicht, wie er \
                   soll{% elif reason == 'NOT_ALLOWED' %}seine Adresse ist nicht erlaubt{% elif reason == 'TOO_BIG' %}er ist zu groß{% elif reason == 'GONE' %}sein \
                   Server sagt, er sei fort{% else %}was dort liegt, ist kein Kalender{% endif %}.\n\nWas er zuvor sagte, sperrt Ihre Zeit weiterhin. Sehen Sie \
                   nach, ob seine Adresse noch stimmt; wenn nicht, löschen Sie ihn und fügen ihn neu hinzu.",
            action: Some(("Öffnen", "{{ app }}")),
        },
    },
};
