//! What people are told of documents.

use crate::domains::{
    mail::{Content, MailTemplate, Parameter, Texts},
    notifications::{Doer, EmailMode, Kind},
};

/// A document that one added can't be read.
pub const DOCUMENT_FAILED: Kind = Kind {
    name: "DOCUMENT_FAILED",
    description: "A document that you added can't be read. Subject: the Document.",
    events: &["notify.document_failed"],
    recipients: "SELECT (note ->> 'person')::uuid",
    doer: Doer::Told,
    email: EmailMode::Off,
    email_where: None,
    mail: MailTemplate {
        name: "document_failed",
        is_essential: false,
        parameters: &[
            Parameter { name: "title", content: Content::Plain, sample: "Operations manual" },
            Parameter { name: "reason", content: Content::Plain, sample: "NO_TEXT" },
        ],
        english: Texts {
            subject: "Can't be read: {{ title }}",
            body: "The document \"{{ title }}\" can't be read ({{ reason }}). Nothing in it is found, and no assistant goes by it.",
            action: Some(("Look at it", "{{ app }}")),
        },
        german: Texts {
            subject: "Nicht lesbar: {{ title }}",
            body: "Das Dokument „{{ title }}“ kann nicht gelesen werden ({{ reason }}). Nichts darin wird gefunden, und kein Assistent richtet sich danach.",
            action: Some(("Ansehen", "{{ app }}")),
        },
    },
};
