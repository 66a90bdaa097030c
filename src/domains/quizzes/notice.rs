//! What people are told of quizzes.

use crate::domains::{
    mail::{Content, MailTemplate, Parameter, Texts},
    notifications::{Doer, EmailMode, Kind},
};

/// A question was graded anew.
pub const QUIZ_REGRADED: Kind = Kind {
    name: "QUIZ_REGRADED",
    description: "A question was graded anew, and the score of an attempt of yours has changed. Subject: the Quiz.",
    events: &["notify.quiz_regraded"],
    recipients: "SELECT p.id::uuid FROM jsonb_array_elements_text(note -> 'people') AS p(id)",
    doer: Doer::LeftOut,
    email: EmailMode::Digest,
    email_where: None,
    mail: MailTemplate {
        name: "quiz_regraded",
        is_essential: false,
        parameters: &[Parameter { name: "course", content: Content::Plain, sample: "Introduction to Gliding" }],
        english: Texts {
            subject: "Graded anew: {% if course %}{{ course }}{% else %}a quiz{% endif %}",
            body: "A question of a quiz{% if course %} in {{ course }}{% endif %} was graded anew, and your score has changed.",
            action: Some(("Open", "{{ app }}")),
        },
        german: Texts {
            subject: "Neu bewertet: {% if course %}{{ course }}{% else %}ein Quiz{% endif %}",
            body: "Eine Frage eines Quiz{% if course %} in {{ course }}{% endif %} wurde neu bewertet, und Ihre Punktzahl hat sich geändert.",
            action: Some(("Öffnen", "{{ app }}")),
        },
    },
};
