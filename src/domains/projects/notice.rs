//! What people are told of projects.

use crate::domains::{
    mail::{Content, MailTemplate, Parameter, Texts},
    notifications::{Doer, EmailMode, Kind},
};

/// Somebody was added to a project.
pub const PROJECT_MEMBER_ADDED: Kind = Kind {
    name: "PROJECT_MEMBER_ADDED",
    description: "Somebody has added you to a project. Subject: the Project.",
    events: &["notify.project_member_added"],
    recipients: "SELECT p.id::uuid FROM jsonb_array_elements_text(note -> 'people') AS p(id)",
    doer: Doer::LeftOut,
    email: EmailMode::Digest,
    email_where: None,
    mail: MailTemplate {
        name: "project_member_added",
        is_essential: false,
        parameters: &[Parameter { name: "project", content: Content::Plain, sample: "Winter syllabus" }],
        english: Texts {
            subject: "Added to the project {{ project }}",
            body: "You are a member of the project {{ project }} from now on.",
            action: Some(("Open", "{{ app }}")),
        },
        german: Texts {
            subject: "Zum Projekt {{ project }} hinzugefügt",
            body: "Sie gehören von jetzt an zum Projekt {{ project }}.",
            action: Some(("Öffnen", "{{ app }}")),
        },
    },
};
