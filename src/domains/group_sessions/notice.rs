//! What people are told of group sessions.

use crate::domains::{
    mail::{Content, MailTemplate, Parameter, Texts},
    notifications::{Doer, EmailMode, Kind},
};

/// A session that one has a seat in, or takes, was called off.
pub const GROUP_SESSION_CANCELLED: Kind = Kind {
    name: "GROUP_SESSION_CANCELLED",
    description: "A group session that you have a seat in, or take, was cancelled. Subject: the GroupSession.",
    events: &["group_session.cancelled"],
    recipients: "SELECT p.id::uuid FROM jsonb_array_elements_text(note -> 'people') AS p(id)",
    doer: Doer::LeftOut,
    email: EmailMode::Immediate,
    email_where: None,
    mail: MailTemplate {
        name: "group_session_cancelled",
        is_essential: false,
        parameters: &[
            Parameter { name: "from", content: Content::Moment, sample: "2027-03-01T09:30:00Z" },
            Parameter { name: "until", content: Content::Moment, sample: "2027-03-01T11:00:00Z" },
        ],
        english: Texts {
            subject: "Cancelled for everybody: {{ from }}",
            body: "The session from {{ from }} until {{ until }} does not take place. Your seat in it was cancelled, too.",
            action: Some(("Open", "{{ app }}")),
        },
        german: Texts {
            subject: "Für alle abgesagt: {{ from }}",
            body: "Der Termin vom {{ from }}, bis zum {{ until }}, findet nicht statt. Auch Ihr Platz darin wurde abgesagt.",
            action: Some(("Öffnen", "{{ app }}")),
        },
    },
};
