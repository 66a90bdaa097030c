//! What people are told of their certificates.

use crate::domains::{
    mail::{Content, MailTemplate, Parameter, Texts},
    notifications::{Doer, EmailMode, Kind},
};

const TITLE: Parameter = Parameter { name: "title", content: Content::Plain, sample: "Introduction to Gliding" };
const UNTIL: Parameter = Parameter { name: "until", content: Content::Moment, sample: "2027-03-01T11:00:00Z" };
const OPEN: Option<(&str, &str)> = Some(("Open", "{{ app }}"));
const OFFEN: Option<(&str, &str)> = Some(("Öffnen", "{{ app }}"));

/// A certificate is there.
pub const CERTIFICATE_ISSUED: Kind = Kind {
    name: "CERTIFICATE_ISSUED",
    description: "You were given a certificate. Subject: the Certificate.",
    events: &["certificate.issued"],
    recipients: "SELECT (note ->> 'person')::uuid",
    doer: Doer::Told,
    email: EmailMode::Immediate,
    email_where: None,
    mail: MailTemplate {
        name: "certificate_issued",
        is_essential: false,
        parameters: &[TITLE],
        english: Texts {
            subject: "Your certificate: {{ title }}",
            body: "You have completed {{ title }}, and your certificate is there: as a page to print and as a picture, to be verified by anybody who has its code.",
            action: OPEN,
        },
        german: Texts {
            subject: "Ihr Zertifikat: {{ title }}",
            body: "Sie haben {{ title }} abgeschlossen, und Ihr Zertifikat ist da: als Seite zum Drucken und als Bild, von jedem zu prüfen, der seinen Code hat.",
            action: OFFEN,
        },
    },
};

/// A certificate expires soon.
pub const CERTIFICATE_EXPIRES_SOON: Kind = Kind {
    name: "CERTIFICATE_EXPIRES_SOON",
    description: "A certificate of yours expires within 30 days. Subject: the Certificate.",
    events: &["notify.certificate_expires_soon"],
    recipients: "SELECT (note ->> 'person')::uuid",
    doer: Doer::Nobody,
    email: EmailMode::Immediate,
    email_where: None,
    mail: MailTemplate {
        name: "certificate_expires_soon",
        is_essential: false,
        parameters: &[TITLE, UNTIL],
        english: Texts {
            subject: "Expires soon: your certificate {{ title }}",
            body: "Your certificate {{ title }} expires on {{ until }}.",
            action: OPEN,
        },
        german: Texts {
            subject: "Läuft bald ab: Ihr Zertifikat {{ title }}",
            body: "Ihr Zertifikat {{ title }} gilt noch bis zum {{ until }}.",
            action: OFFEN,
        },
    },
};
