//! What passing time does to bookings: requests that wait too long are brought before those who answer them, and people are reminded of what comes.

use std::time::Duration;

use lectern_kernel::jobs::{JobKind, JobLane, Scope};

use super::sql;
use crate::domains::{
    mail::{Content, MailTemplate, Parameter, Texts},
    notifications::{Doer, EmailMode, Kind},
};

/// Marks requests that have waited for the school's `bookingEscalationHours`.
pub const ESCALATE: JobKind = JobKind::new("booking.escalate", JobLane::Default, |job| Box::pin(job.in_batches(sql::ESCALATE)))
    .every(Duration::from_secs(300), Scope::Schools);

/// Reminds learners and instructors of bookings that begin soon.
pub const REMIND: JobKind = JobKind::new("booking.remind", JobLane::Default, |job| Box::pin(job.in_batches(sql::REMIND)))
    .every(Duration::from_secs(60), Scope::Schools);

const COURSE: Parameter = Parameter { name: "course", content: Content::Plain, sample: "Introduction to Gliding" };
const FROM: Parameter = Parameter { name: "from", content: Content::Moment, sample: "2027-03-01T09:30:00Z" };
const UNTIL: Parameter = Parameter { name: "until", content: Content::Moment, sample: "2027-03-01T11:00:00Z" };

/// A booking begins soon.
pub const BOOKING_REMINDER: Kind = Kind {
    name: "BOOKING_REMINDER",
    description: "A booking of yours, or one that is assigned to you, begins soon: as long before as its type or the school says. Subject: the Booking.",
    events: &["notify.booking_reminder"],
    recipients: "SELECT p.id::uuid FROM jsonb_array_elements_text(note -> 'people') AS p(id)",
    doer: Doer::Nobody,
    email: EmailMode::Immediate,
    email_where: None,
    mail: MailTemplate {
        name: "booking_reminder",
        is_essential: false,
        parameters: &[COURSE, FROM, UNTIL],
        english: Texts {
            subject: "Soon: {{ from }}{% if course %}, {{ course }}{% endif %}",
            body: "A reminder: your booking begins on {{ from }} and ends on {{ until }}.",
            action: Some(("Open", "{{ app }}")),
        },
        german: Texts {
            subject: "Bald: {{ from }}{% if course %}, {{ course }}{% endif %}",
            body: "Zur Erinnerung: Ihre Buchung beginnt am {{ from }} und endet am {{ until }}.",
            action: Some(("Öffnen", "{{ app }}")),
        },
    },
};
