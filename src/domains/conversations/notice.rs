//! What people are told of conversations.

use crate::domains::{
    mail::{Content, MailTemplate, Parameter, Texts},
    notifications::{Doer, EmailMode, Kind},
};

/// Somebody has shared a conversation with a project.
pub const CONVERSATION_SHARED: Kind = Kind {
    name: "CONVERSATION_SHARED",
    description: "Somebody has shared a conversation with a project that you are a member of. Subject: the Conversation.",
    events: &["notify.conversation_shared"],
    recipients: "SELECT m.user_id FROM project_member m WHERE m.tenant_id = app.tenant_id() AND m.project_id = (note ->> 'project')::uuid",
    doer: Doer::LeftOut,
    email: EmailMode::Digest,
    email_where: None,
    mail: MailTemplate {
        name: "conversation_shared",
        is_essential: false,
        parameters: &[Parameter { name: "project", content: Content::Plain, sample: "Winter syllabus" }],
        english: Texts {
            subject: "A conversation in {{ project }}",
            body: "Somebody has shared a conversation with the members of the project {{ project }}.",
            action: Some(("Open", "{{ app }}")),
        },
        german: Texts {
            subject: "Ein Gespräch in {{ project }}",
            body: "Jemand hat ein Gespräch mit den Mitgliedern des Projekts {{ project }} geteilt.",
            action: Some(("Öffnen", "{{ app }}")),
        },
    },
};
