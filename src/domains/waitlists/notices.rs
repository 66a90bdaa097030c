//! What people are told of what they wait for.

use crate::domains::{
    mail::{Content, MailTemplate, Parameter, Texts},
    notifications::{Doer, EmailMode, Kind},
};

const FROM: Parameter = Parameter { name: "from", content: Content::Moment, sample: "2027-03-01T09:30:00Z" };
const UNTIL: Parameter = Parameter { name: "until", content: Content::Moment, sample: "2027-03-01T11:00:00Z" };
const EXPIRES: Parameter = Parameter { name: "expires", content: Content::Moment, sample: "2027-02-28T16:00:00Z" };

/// What one waits for has come free, and is held.
pub const WAITLIST_OFFERED: Kind = Kind {
    name: "WAITLIST_OFFERED",
    description: "What you wait for has come free, and is held for you until the offer expires. Subject: the WaitlistEntry.",
    events: &["waitlist.offered"],
    recipients: "SELECT (note ->> 'person')::uuid",
    doer: Doer::Nobody,
    email: EmailMode::Immediate,
    email_where: None,
    mail: MailTemplate {
        name: "waitlist_offered",
        is_essential: false,
        parameters: &[FROM, UNTIL, EXPIRES],
        english: Texts {
            subject: "Free for you: {{ from }}",
            body: "What you wait for has come free: from {{ from }} until {{ until }}. It is held for you until {{ expires }}. Whoever waits next is asked after that.",
            action: Some(("Book it", "{{ app }}")),
        },
        german: Texts {
            subject: "Für Sie frei: {{ from }}",
            body: "Worauf Sie warten, ist frei geworden: vom {{ from }}, bis zum {{ until }}. Es ist für Sie reserviert bis zum {{ expires }}. Danach wird gefragt, wer als Nächstes wartet.",
            action: Some(("Buchen", "{{ app }}")),
        },
    },
};

/// An offer was not accepted in time.
pub const WAITLIST_OFFER_EXPIRED: Kind = Kind {
    name: "WAITLIST_OFFER_EXPIRED",
    description: "What was held for you was not booked in time, and you wait no more. Subject: the WaitlistEntry.",
    events: &["notify.waitlist_offer_expired"],
    recipients: "SELECT (note ->> 'person')::uuid",
    doer: Doer::Nobody,
    email: EmailMode::Immediate,
    email_where: None,
    mail: MailTemplate {
        name: "waitlist_offer_expired",
        is_essential: false,
        parameters: &[FROM, UNTIL, EXPIRES],
        english: Texts {
            subject: "No longer held for you: {{ from }}",
            body: "What was held for you, from {{ from }} until {{ until }}, was not booked by {{ expires }}. You wait for it no more.",
            action: Some(("Look for another time", "{{ app }}")),
        },
        german: Texts {
            subject: "Nicht mehr für Sie reserviert: {{ from }}",
            body: "Was für Sie reserviert war, vom {{ from }}, bis zum {{ until }}, wurde bis zum {{ expires }} nicht gebucht. Sie warten nicht mehr darauf.",
            action: Some(("Andere Zeit suchen", "{{ app }}")),
        },
    },
};
