//! What people are told of sign-ups: whoever may decide one, that it waits; an applicant who is in, that they are. Who is not let in is no person
//! of the school, and is written to (`mails.rs`).

use crate::domains::{
    mail::{Content, MailTemplate, Parameter, Texts},
    notifications::{Doer, EmailMode, Kind},
};

/// Somebody waits for a decision.
pub const SIGN_UP_REQUESTED: Kind = Kind {
    name: "SIGN_UP_REQUESTED",
    description: "Somebody has signed up, and you may decide whether they come in: twenty people at most are told. Subject: the SignUpRequest.",
    events: &["notify.sign_up_requested"],
    recipients: "SELECT app.deciders_of(note ->> 'role')",
    doer: Doer::Nobody,
    email: EmailMode::Digest,
    email_where: None,
    mail: MailTemplate {
        name: "sign_up_requested",
        is_essential: false,
        parameters: &[],
        english: Texts {
            subject: "Sign-up waits for a decision",
            body: "Somebody has signed up at your school, and waits for a decision.",
            action: Some(("Open", "{{ app }}")),
        },
        german: Texts {
            subject: "Anmeldung wartet auf Entscheidung",
            body: "Jemand hat sich an Ihrer Schule angemeldet und wartet auf eine Entscheidung.",
            action: Some(("Öffnen", "{{ app }}")),
        },
    },
};

/// An applicant is in.
pub const SIGN_UP_DECIDED: Kind = Kind {
    name: "SIGN_UP_DECIDED",
    description: "Your sign-up was approved. Always mailed. Subject: the User, you.",
    events: &["notify.sign_up_decided"],
    recipients: "SELECT (note ->> 'person')::uuid",
    doer: Doer::Told,
    email: EmailMode::Immediate,
    email_where: None,
    mail: MailTemplate {
        name: "sign_up_decided",
        is_essential: true,
        parameters: &[],
        english: Texts {
            subject: "Sign-up approved",
            body: "Your sign-up was approved. Sign in with your email address and the password that you have chosen.",
            action: Some(("Sign in", "{{ app }}")),
        },
        german: Texts {
            subject: "Anmeldung angenommen",
            body: "Ihre Anmeldung wurde angenommen. Melden Sie sich mit Ihrer E-Mail-Adresse und dem Passwort an, das Sie gewählt haben.",
            action: Some(("Anmelden", "{{ app }}")),
        },
    },
};

/// An address that was changed. That to which it belonged before is mailed a link (`FORMER_EMAIL`).
pub const EMAIL_CHANGED: Kind = Kind {
    name: "EMAIL_CHANGED",
    description: "Your email address was changed. Always mailed, to the new address; the one before gets a link that takes it back. Subject: the User, you.",
    events: &["notify.email_changed"],
    recipients: "SELECT (note ->> 'person')::uuid",
    doer: Doer::Told,
    email: EmailMode::Immediate,
    email_where: None,
    mail: MailTemplate {
        name: "email_changed",
        is_essential: true,
        parameters: &[Parameter { name: "at", content: Content::Moment, sample: "2027-03-01T09:30:00Z" }],
        english: Texts {
            subject: "Your email address at {{ school }} was changed",
            body: "The email address of your account at {{ school }} was changed on {{ at }}.\n\nIf that was not your doing, tell your school at once.",
            action: None,
        },
        german: Texts {
            subject: "Ihre E-Mail-Adresse bei {{ school }} wurde geändert",
            body: "Die E-Mail-Adresse Ihres Kontos bei {{ school }} wurde am {{ at }} geändert.\n\nHaben Sie das nicht veranlasst, sagen Sie bitte sofort Ihrer Schule Bescheid.",
            action: None,
        },
    },
};
