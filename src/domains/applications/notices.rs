//! What people are told of applications.

use crate::domains::{
    mail::{Content, MailTemplate, Parameter, Texts},
    notifications::{Doer, EmailMode, Kind},
};

const PROGRAM: Parameter = Parameter { name: "program", content: Content::Plain, sample: "Summer Camp" };
const STATE: Parameter = Parameter { name: "state", content: Content::Plain, sample: "ACCEPTED" };
const EXPIRES: Parameter = Parameter { name: "expires", content: Content::Moment, sample: "2027-03-01T16:00:00Z" };
const OPEN: Option<(&str, &str)> = Some(("Open", "{{ app }}"));
const OFFEN: Option<(&str, &str)> = Some(("Öffnen", "{{ app }}"));

/// An application was handed in.
pub const APPLICATION_SUBMITTED: Kind = Kind {
    name: "APPLICATION_SUBMITTED",
    description: "An application was handed in to a program whose required reviewer you are; where there are none, you manage applications. Subject: the Application.",
    events: &["application.submitted"],
    recipients: "SELECT app.told_of_submission((note ->> 'program')::uuid, (note ->> 'person')::uuid)",
    doer: Doer::LeftOut,
    email: EmailMode::Digest,
    email_where: None,
    mail: MailTemplate {
        name: "application_submitted",
        is_essential: false,
        parameters: &[PROGRAM],
        english: Texts { subject: "New application: {{ program }}", body: "An application to {{ program }} was handed in.", action: OPEN },
        german: Texts {
            subject: "Neue Bewerbung: {{ program }}",
            body: "Für {{ program }} ist eine Bewerbung eingegangen.",
            action: OFFEN,
        },
    },
};

/// An application was decided.
pub const APPLICATION_DECIDED: Kind = Kind {
    name: "APPLICATION_DECIDED",
    description: "Your application was accepted, rejected, or put on the waiting list. Subject: the Application.",
    events: &["application.accepted", "application.rejected", "application.waitlisted"],
    recipients: "SELECT (note ->> 'person')::uuid",
    doer: Doer::Nobody,
    email: EmailMode::Immediate,
    email_where: None,
    mail: MailTemplate {
        name: "application_decided",
        is_essential: false,
        parameters: &[PROGRAM, STATE],
        english: Texts {
            subject: "Your application to {{ program }}",
            body: "{% if state == \"ACCEPTED\" %}Your application to {{ program }} was accepted. We look forward to seeing you.\
                   {% elif state == \"WAITLISTED\" %}All places of {{ program }} are taken at present. You are on the waiting list, and hear from us as soon as there are places for all of you.\
                   {% else %}Your application to {{ program }} was not accepted.{% endif %}",
            action: OPEN,
        },
        german: Texts {
            subject: "Ihre Bewerbung für {{ program }}",
            body: "{% if state == \"ACCEPTED\" %}Ihre Bewerbung für {{ program }} wurde angenommen. Wir freuen uns auf Sie.\
                   {% elif state == \"WAITLISTED\" %}Für {{ program }} sind zurzeit alle Plätze vergeben. Sie stehen auf der Warteliste und hören von uns, sobald es Plätze für Sie alle gibt.\
                   {% else %}Ihre Bewerbung für {{ program }} wurde nicht angenommen.{% endif %}",
            action: OFFEN,
        },
    },
};

/// Places are held for an application.
pub const PLACE_OFFERED: Kind = Kind {
    name: "PLACE_OFFERED",
    description: "You are on a waiting list, and places are held for you and all who come with you, until the offer expires. Subject: the Application.",
    events: &["application.offered"],
    recipients: "SELECT (note ->> 'person')::uuid",
    doer: Doer::Nobody,
    email: EmailMode::Immediate,
    email_where: None,
    mail: MailTemplate {
        name: "place_offered",
        is_essential: false,
        parameters: &[PROGRAM, EXPIRES],
        english: Texts {
            subject: "Places for you: {{ program }}",
            body: "There are places for all of you at {{ program }}. They are held until {{ expires }}; after that they are offered to who waits next.",
            action: Some(("Accept", "{{ app }}")),
        },
        german: Texts {
            subject: "Plätze für Sie: {{ program }}",
            body: "Bei {{ program }} gibt es Plätze für Sie alle. Sie sind für Sie reserviert bis zum {{ expires }}; danach werden sie denen angeboten, die als Nächste warten.",
            action: Some(("Annehmen", "{{ app }}")),
        },
    },
};
