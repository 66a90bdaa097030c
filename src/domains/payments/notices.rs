//! What people are told of payments.

use crate::domains::{
    mail::{Content, MailTemplate, Parameter, Texts},
    notifications::{Doer, EmailMode, Kind},
};

const PROGRAM: Parameter = Parameter { name: "program", content: Content::Plain, sample: "Summer School" };
const REFERENCE: Parameter = Parameter { name: "reference", content: Content::Plain, sample: "K7QFM2XW" };
const TOTAL: Parameter = Parameter { name: "total", content: Content::Plain, sample: "120.00 EUR" };
const AMOUNT: Parameter = Parameter { name: "amount", content: Content::Plain, sample: "120.00 EUR" };
const WHY: Parameter = Parameter { name: "why", content: Content::Plain, sample: "LATE" };
const OPEN: Option<(&str, &str)> = Some(("Open", "{{ app }}"));
const OFFEN: Option<(&str, &str)> = Some(("Öffnen", "{{ app }}"));

/// An order is paid.
pub const ORDER_PAID: Kind = Kind {
    name: "ORDER_PAID",
    description: "An order of yours is paid, and its tickets are issued. Subject: the Order.",
    events: &["order.paid"],
    recipients: "SELECT (note ->> 'person')::uuid",
    doer: Doer::Told,
    email: EmailMode::Immediate,
    email_where: None,
    mail: MailTemplate {
        name: "order_paid",
        is_essential: false,
        parameters: &[PROGRAM, REFERENCE, TOTAL],
        english: Texts {
            subject: "Paid: {{ program }}",
            body: "Your order {{ reference }} for {{ program }} is paid: {{ total }}. Your tickets and your invoice are there.",
            action: OPEN,
        },
        german: Texts {
            subject: "Bezahlt: {{ program }}",
            body: "Ihre Bestellung {{ reference }} für {{ program }} ist bezahlt: {{ total }}. Ihre Tickets und Ihre Rechnung sind da.",
            action: OFFEN,
        },
    },
};

/// Something went back.
pub const REFUND_MADE: Kind = Kind {
    name: "REFUND_MADE",
    description: "Something of an order of yours was given back, as money or as credit. Subject: the Order.",
    events: &["notify.refund_made"],
    recipients: "SELECT (note ->> 'person')::uuid",
    doer: Doer::Told,
    email: EmailMode::Immediate,
    email_where: None,
    mail: MailTemplate {
        name: "refund_made",
        is_essential: false,
        parameters: &[AMOUNT, REFERENCE],
        english: Texts {
            subject: "Given back: {{ amount }}",
            body: "{{ amount }} of your order {{ reference }} was given back to you, the way that it came or as credit. Your order shows which.",
            action: OPEN,
        },
        german: Texts {
            subject: "Erstattet: {{ amount }}",
            body: "{{ amount }} Ihrer Bestellung {{ reference }} wurden Ihnen erstattet, auf dem Weg der Zahlung oder als Guthaben. Ihre Bestellung zeigt, wie.",
            action: OFFEN,
        },
    },
};

/// Money is not where it should be.
pub const PAYMENT_ATTENTION: Kind = Kind {
    name: "PAYMENT_ATTENTION",
    description: "A payment needs somebody to look at it, or could not be given back. Subject: the Payment.",
    events: &["payment.attention", "notify.refund_failed"],
    recipients: "SELECT app.holders_of('PAYMENT_MANAGE')",
    doer: Doer::Told,
    email: EmailMode::Immediate,
    email_where: None,
    mail: MailTemplate {
        name: "payment_attention",
        is_essential: false,
        parameters: &[AMOUNT, REFERENCE, WHY],
        english: Texts {
            subject: "A payment needs attention: {{ reference }}",
            body: "The payment of {{ amount }} for the order {{ reference }} needs somebody to look at it: {{ why }}.",
            action: OPEN,
        },
        german: Texts {
            subject: "Eine Zahlung braucht Aufmerksamkeit: {{ reference }}",
            body: "Die Zahlung von {{ amount }} zur Bestellung {{ reference }} sollte sich jemand ansehen: {{ why }}.",
            action: OFFEN,
        },
    },
};
