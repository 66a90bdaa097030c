//! What buyers are told of their orders.

use crate::domains::{
    mail::{Content, MailTemplate, Parameter, Texts},
    notifications::{Doer, EmailMode, Kind},
};

const PROGRAM: Parameter = Parameter { name: "program", content: Content::Plain, sample: "Summer camp" };
const REFERENCE: Parameter = Parameter { name: "reference", content: Content::Plain, sample: "K7PM2WQX" };
const TOTAL: Parameter = Parameter { name: "total", content: Content::Plain, sample: "120.00 EUR" };
const INSTRUCTIONS: Parameter =
    Parameter { name: "instructions", content: Content::Plain, sample: "IBAN DE02 1203 0000 0000 2020 51, Oak School" };
const EXPIRES: Parameter = Parameter { name: "expires", content: Content::Moment, sample: "2027-03-08T12:00:00Z" };

/// An order waits to be paid.
pub const ORDER_PLACED: Kind = Kind {
    name: "ORDER_PLACED",
    description: "Your order is placed, and waits to be paid. Subject: the Order.",
    events: &["order.placed"],
    recipients: "SELECT (note ->> 'person')::uuid",
    doer: Doer::Told,
    email: EmailMode::Immediate,
    email_where: None,
    mail: MailTemplate {
        name: "order_placed",
        is_essential: false,
        parameters: &[PROGRAM, REFERENCE, TOTAL, INSTRUCTIONS, EXPIRES],
        english: Texts {
            subject: "Your order {{ reference }}: {{ total }} to pay",
            body: "Your order for {{ program }} comes to {{ total }}. What you have ordered is held for you until {{ expires }}.\n\n\
                   {% if instructions %}Please transfer the amount with the reference {{ reference }}. {{ instructions }}\
                   {% else %}Its reference is {{ reference }}.{% endif %}",
            action: Some(("See the order", "{{ app }}")),
        },
        german: Texts {
            subject: "Ihre Bestellung {{ reference }}: {{ total }} zu zahlen",
            body: "Ihre Bestellung für {{ program }} beträgt {{ total }}. Was Sie bestellt haben, ist für Sie reserviert bis zum {{ expires }}.\n\n\
                   {% if instructions %}Bitte überweisen Sie den Betrag mit dem Verwendungszweck {{ reference }}. {{ instructions }}\
                   {% else %}Die Bestellnummer ist {{ reference }}.{% endif %}",
            action: Some(("Zur Bestellung", "{{ app }}")),
        },
    },
};

/// An order was not paid in time.
pub const ORDER_EXPIRED: Kind = Kind {
    name: "ORDER_EXPIRED",
    description: "Your order was not paid in time, and what it held is free again. Subject: the Order.",
    events: &["order.expired"],
    recipients: "SELECT (note ->> 'person')::uuid",
    doer: Doer::Told,
    email: EmailMode::Immediate,
    email_where: None,
    mail: MailTemplate {
        name: "order_expired",
        is_essential: false,
        parameters: &[PROGRAM, REFERENCE, TOTAL],
        english: Texts {
            subject: "Your order {{ reference }} has expired",
            body: "Your order for {{ program }} over {{ total }} was not paid in time. What it held for you is free again.\n\n\
                   If you have paid meanwhile, you need do nothing: you get what you ordered if it is still there, and otherwise your money back.",
            action: Some(("Order again", "{{ app }}")),
        },
        german: Texts {
            subject: "Ihre Bestellung {{ reference }} ist verfallen",
            body: "Ihre Bestellung für {{ program }} über {{ total }} wurde nicht rechtzeitig bezahlt. Was für Sie reserviert war, ist wieder frei.\n\n\
                   Falls Sie inzwischen gezahlt haben, müssen Sie nichts tun: Sie bekommen das Bestellte, wenn es noch da ist, und sonst Ihr Geld zurück.",
            action: Some(("Neu bestellen", "{{ app }}")),
        },
    },
};
