//! What people are told of drafts.

use crate::domains::{
    mail::{Content, MailTemplate, Parameter, Texts},
    notifications::{Doer, EmailMode, Kind},
};

/// What one asked for is there, or can't be had.
pub const GENERATION_FINISHED: Kind = Kind {
    name: "GENERATION_FINISHED",
    description: "A draft that you asked for is there, or can't be had. Subject: the Generation.",
    events: &["notify.generation_finished"],
    recipients: "SELECT (note ->> 'person')::uuid",
    doer: Doer::Told,
    email: EmailMode::Off,
    email_where: None,
    mail: MailTemplate {
        name: "generation_finished",
        is_essential: false,
        parameters: &[Parameter { name: "outcome", content: Content::Plain, sample: "COMPLETED" }],
        english: Texts {
            subject: "{% if outcome == 'COMPLETED' %}Your draft is there{% else %}Your draft could not be made{% endif %}",
            body: "{% if outcome == 'COMPLETED' %}The draft that you asked for is there. Read it before others do: a model has written it.{% else %}The draft that you asked for could not be made. Nothing of it was kept.{% endif %}",
            action: Some(("Look at it", "{{ app }}")),
        },
        german: Texts {
            subject: "{% if outcome == 'COMPLETED' %}Ihr Entwurf ist da{% else %}Ihr Entwurf konnte nicht erstellt werden{% endif %}",
            body: "{% if outcome == 'COMPLETED' %}Der gewünschte Entwurf ist da. Lesen Sie ihn, bevor andere es tun: Ein Modell hat ihn geschrieben.{% else %}Der gewünschte Entwurf konnte nicht erstellt werden. Nichts davon wurde behalten.{% endif %}",
            action: Some(("Ansehen", "{{ app }}")),
        },
    },
};
