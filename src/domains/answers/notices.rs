//! What people are told of what assistants take.

use crate::domains::{
    mail::{Content, MailTemplate, Parameter, Texts},
    notifications::{Doer, EmailMode, Kind},
};

/// Four fifths of the month's tokens are used.
pub const ASSISTANT_LIMIT_NEAR: Kind = Kind {
    name: "ASSISTANT_LIMIT_NEAR",
    description: "The school has used 80 % of the tokens that its assistants may use this month, and you manage assistants. Once a month. Subject: the Tenant.",
    events: &["notify.assistant_limit_near"],
    recipients: "SELECT app.holders_of('ASSISTANT_MANAGE')",
    doer: Doer::Nobody,
    email: EmailMode::Immediate,
    email_where: None,
    mail: MailTemplate {
        name: "assistant_limit_near",
        is_essential: false,
        parameters: &[
            Parameter { name: "used", content: Content::Plain, sample: "4000000" },
            Parameter { name: "limit", content: Content::Plain, sample: "5000000" },
            Parameter { name: "until", content: Content::Moment, sample: "2027-04-01T00:00:00Z" },
        ],
        english: Texts {
            subject: "Assistants have used most of this month's tokens",
            body: "The assistants of your school have used {{ used }} of {{ limit }} tokens of this month. Once they have used all, they answer nobody until {{ until }}.",
            action: Some(("Open", "{{ app }}")),
        },
        german: Texts {
            subject: "Die Assistenten haben die meisten Token dieses Monats verbraucht",
            body: "Die Assistenten Ihrer Schule haben {{ used }} von {{ limit }} Token dieses Monats verbraucht. Sind alle verbraucht, antworten sie bis {{ until }} niemandem.",
            action: Some(("Öffnen", "{{ app }}")),
        },
    },
};
