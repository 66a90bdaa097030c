//! What people are told of their keys.

use crate::domains::{
    mail::{Content, MailTemplate, Parameter, Texts},
    notifications::{Doer, EmailMode, Kind},
};

/// A key that ends soon.
pub const API_KEY_EXPIRING: Kind = Kind {
    name: "API_KEY_EXPIRING",
    description: "An API key of yours ends within 7 days. Subject: the ApiKey.",
    events: &["notify.api_key_expiring"],
    recipients: "SELECT (note ->> 'person')::uuid",
    doer: Doer::Nobody,
    email: EmailMode::Immediate,
    email_where: None,
    mail: MailTemplate {
        name: "api_key_expiring",
        is_essential: true,
        parameters: &[
            Parameter { name: "name", content: Content::Plain, sample: "Timetable on the wall" },
            Parameter { name: "hint", content: Content::Plain, sample: "x7Qk" },
            Parameter { name: "until", content: Content::Moment, sample: "2027-03-01T09:30:00Z" },
        ],
        english: Texts {
            subject: "API key ends soon: {{ name }}",
            body: "Your API key {{ name }} (…{{ hint }}) is good until {{ until }}. What uses it stops then: make another one before.",
            action: Some(("Open", "{{ app }}")),
        },
        german: Texts {
            subject: "API-Schlüssel läuft ab: {{ name }}",
            body: "Ihr API-Schlüssel {{ name }} (…{{ hint }}) gilt bis {{ until }}. Was ihn benutzt, hört dann auf: Legen Sie vorher einen neuen an.",
            action: Some(("Öffnen", "{{ app }}")),
        },
    },
};
