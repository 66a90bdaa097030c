//! The kinds of the core. A kind is one row here: its value, its texts in both languages, how it is mailed, who gets it. What another domain
//! adds stands in a file of its own, and is listed here.

use super::kind::{Doer, EmailMode, Kind};
use crate::domains::{
    admissions::{EMAIL_CHANGED, SIGN_UP_DECIDED, SIGN_UP_REQUESTED},
    credentials::{
        NEW_SIGN_IN, PASSWORD_CHANGE_DECIDED, PASSWORD_CHANGE_REQUESTED, PASSWORD_CHANGED, SECOND_FACTOR_CHANGED, SECOND_FACTOR_MISSED,
    },
    departures::TENANT_EXPORT_FINISHED,
    discussions::{ANNOUNCEMENT_PUBLISHED, THREAD_ANSWERED},
    enrollments::{ENROLLMENT_EXPIRED, ENROLLMENT_EXPIRES_SOON},
    identity::ROLE_EXPIRING,
    keys::API_KEY_EXPIRING,
    mail::{Content, MailTemplate, Parameter, Texts},
    rewards::{BADGE_AWARDED, COURSE_COMPLETED},
    viewings::VIEWED_AS,
};

/// Every kind of the product, in the order of the schema.
pub const KINDS: &[&Kind] = &[
    &ENROLLED,
    &COURSE_PUBLISHED,
    &BOOKING_REQUESTED,
    &BOOKING_APPROVED,
    &BOOKING_ASSIGNED,
    &BOOKING_CANCELLED,
    &BOOKING_RESCHEDULED,
    &BOOKING_ESCALATED,
    &ROLE_CHANGED,
    &IMPORT_FINISHED,
    &EXPORT_READY,
    &WEBHOOK_DISABLED,
    &SIGN_UP_REQUESTED,
    &SIGN_UP_DECIDED,
    &NEW_SIGN_IN,
    &PASSWORD_CHANGED,
    &EMAIL_CHANGED,
    &SECOND_FACTOR_CHANGED,
    &SECOND_FACTOR_MISSED,
    &PASSWORD_CHANGE_REQUESTED,
    &PASSWORD_CHANGE_DECIDED,
    &API_KEY_EXPIRING,
    &ROLE_EXPIRING,
    &crate::domains::tenants::SUBSCRIPTION_ENDING,
    &VIEWED_AS,
    &TENANT_EXPORT_FINISHED,
    &ENROLLMENT_EXPIRES_SOON,
    &ENROLLMENT_EXPIRED,
    &COURSE_COMPLETED,
    &BADGE_AWARDED,
    &ANNOUNCEMENT_PUBLISHED,
    &THREAD_ANSWERED,
    &crate::domains::assignments::ASSIGNMENT_GRADED,
    &crate::domains::assignments::SUBMISSION_RECEIVED,
    &crate::domains::assignments::SUBMISSION_RETURNED,
    &crate::domains::assignments::DEADLINE_SOON,
    &crate::domains::grades::EXTENSION_GRANTED,
    &crate::domains::quizzes::QUIZ_REGRADED,
    &crate::domains::paths::PATH_COURSE_UNLOCKED,
    &crate::domains::certificates::CERTIFICATE_ISSUED,
    &crate::domains::certificates::CERTIFICATE_EXPIRES_SOON,
    &crate::domains::busy_sources::BUSY_SOURCE_FAILED,
    &crate::domains::bookings::BOOKING_REMINDER,
    &crate::domains::group_sessions::GROUP_SESSION_CANCELLED,
    &crate::domains::waitlists::WAITLIST_OFFERED,
    &crate::domains::waitlists::WAITLIST_OFFER_EXPIRED,
    &crate::domains::answers::ASSISTANT_LIMIT_NEAR,
    &crate::domains::projects::PROJECT_MEMBER_ADDED,
    &crate::domains::conversations::CONVERSATION_SHARED,
    &crate::domains::knowledge::DOCUMENT_FAILED,
    &crate::domains::drafts::GENERATION_FINISHED,
    &crate::domains::applications::APPLICATION_SUBMITTED,
    &crate::domains::applications::APPLICATION_DECIDED,
    &crate::domains::applications::PLACE_OFFERED,
    &crate::domains::orders::ORDER_PLACED,
    &crate::domains::orders::ORDER_EXPIRED,
    &crate::domains::payments::ORDER_PAID,
    &crate::domains::payments::REFUND_MADE,
    &crate::domains::payments::PAYMENT_ATTENTION,
];

const COURSE: Parameter = Parameter { name: "course", content: Content::Plain, sample: "Introduction to Gliding" };
const FROM: Parameter = Parameter { name: "from", content: Content::Moment, sample: "2027-03-01T09:30:00Z" };
const UNTIL: Parameter = Parameter { name: "until", content: Content::Moment, sample: "2027-03-01T11:00:00Z" };
/// What is known of a booking.
const BOOKING: &[Parameter] = &[COURSE, FROM, UNTIL];

const HOLDERS: &str = "SELECT app.holders_of('BOOKING_MANAGE')";
const OPEN: Option<(&str, &str)> = Some(("Open", "{{ app }}"));
const OFFEN: Option<(&str, &str)> = Some(("Öffnen", "{{ app }}"));

const ENROLLED: Kind = Kind {
    name: "ENROLLED",
    description: "Somebody else, or a group, has enrolled you in a course. Subject: the Course.",
    events: &["notify.enrolled"],
    recipients: "SELECT p.id::uuid FROM jsonb_array_elements_text(note -> 'people') AS p(id)",
    doer: Doer::LeftOut,
    email: EmailMode::Immediate,
    email_where: None,
    mail: MailTemplate {
        name: "enrolled",
        is_essential: false,
        parameters: &[COURSE],
        english: Texts {
            subject: "Enrolled: {% if course %}{{ course }}{% else %}a course{% endif %}",
            body: "You were enrolled in {% if course %}{{ course }}{% else %}a course{% endif %}.",
            action: OPEN,
        },
        german: Texts {
            subject: "Eingeschrieben: {% if course %}{{ course }}{% else %}ein Kurs{% endif %}",
            body: "Sie wurden in {% if course %}{{ course }}{% else %}einen Kurs{% endif %} eingeschrieben.",
            action: OFFEN,
        },
    },
};

const COURSE_PUBLISHED: Kind = Kind {
    name: "COURSE_PUBLISHED",
    description: "A course of a group of yours was published, or a published course was given to a group of yours. Subject: the Course.",
    events: &["course.published", "notify.course_given"],
    // Of a course that is published, the members of the groups that had it then; of one that is given, those who gain it.
    recipients: "SELECT m.user_id FROM jsonb_array_elements_text(note -> 'groups') AS w(id)
            JOIN user_group g ON g.tenant_id = app.tenant_id() AND g.id = w.id::uuid AND g.deleted_at IS NULL
            JOIN group_member m ON m.tenant_id = g.tenant_id AND m.group_id = g.id
            UNION
            SELECT p.id::uuid FROM jsonb_array_elements_text(note -> 'people') AS p(id)",
    doer: Doer::LeftOut,
    email: EmailMode::Digest,
    email_where: None,
    mail: MailTemplate {
        name: "course_published",
        is_essential: false,
        parameters: &[COURSE],
        english: Texts {
            subject: "New course: {% if course %}{{ course }}{% else %}no longer there{% endif %}",
            body: "{% if course %}{{ course }}{% else %}A course{% endif %} is now among the courses of a group that you are in.",
            action: OPEN,
        },
        german: Texts {
            subject: "Neuer Kurs: {% if course %}{{ course }}{% else %}nicht mehr vorhanden{% endif %}",
            body: "{% if course %}{{ course }}{% else %}Ein Kurs{% endif %} gehört jetzt zu den Kursen einer Gruppe, in der Sie sind.",
            action: OFFEN,
        },
    },
};

const BOOKING_REQUESTED: Kind = Kind {
    name: "BOOKING_REQUESTED",
    description: "A booking was requested: with you, or you manage bookings. Subject: the Booking, or the BookingSeries.",
    events: &["booking.requested", "notify.series_requested"],
    recipients: "SELECT (note ->> 'wished')::uuid UNION SELECT app.holders_of('BOOKING_MANAGE')",
    doer: Doer::LeftOut,
    email: EmailMode::Digest,
    email_where: None,
    mail: MailTemplate {
        name: "booking_requested",
        is_essential: false,
        parameters: BOOKING,
        english: Texts {
            subject: "Booking requested: {{ from }}{% if course %}, {{ course }}{% endif %}",
            body: "A booking was requested from {{ from }} until {{ until }}.",
            action: OPEN,
        },
        german: Texts {
            subject: "Buchung angefragt: {{ from }}{% if course %}, {{ course }}{% endif %}",
            body: "Eine Buchung wurde angefragt, vom {{ from }}, bis zum {{ until }}.",
            action: OFFEN,
        },
    },
};

const BOOKING_APPROVED: Kind = Kind {
    name: "BOOKING_APPROVED",
    description: "A booking of yours was approved. Subject: the Booking.",
    events: &["booking.approved"],
    recipients: "SELECT (note ->> 'student')::uuid",
    doer: Doer::LeftOut,
    email: EmailMode::Immediate,
    email_where: None,
    mail: MailTemplate {
        name: "booking_approved",
        is_essential: false,
        parameters: BOOKING,
        english: Texts {
            subject: "Booking approved: {{ from }}{% if course %}, {{ course }}{% endif %}",
            body: "Your booking from {{ from }} until {{ until }} is approved. An instructor will be assigned to it.",
            action: OPEN,
        },
        german: Texts {
            subject: "Buchung bestätigt: {{ from }}{% if course %}, {{ course }}{% endif %}",
            body: "Ihre Buchung vom {{ from }} bis zum {{ until }} ist bestätigt. Eine Lehrkraft wird ihr noch zugeteilt.",
            action: OFFEN,
        },
    },
};

const BOOKING_ASSIGNED: Kind = Kind {
    name: "BOOKING_ASSIGNED",
    description: "A booking of yours was given to an instructor, or a booking was given to you. Whoever books a slot is told as well: it is their confirmation. Subject: the Booking, or the BookingSeries.",
    events: &["booking.assigned", "notify.series_booked"],
    recipients: "SELECT r.id FROM (SELECT (note ->> 'student')::uuid, note ? 'is_booked' UNION SELECT (note ->> 'instructor')::uuid, false) AS r(id, is_told) \
                 WHERE r.is_told OR who IS NULL OR r.id <> who",
    doer: Doer::Told,
    email: EmailMode::Immediate,
    email_where: None,
    mail: MailTemplate {
        name: "booking_assigned",
        is_essential: false,
        parameters: BOOKING,
        english: Texts {
            subject: "Booking assigned: {{ from }}{% if course %}, {{ course }}{% endif %}",
            body: "The booking from {{ from }} until {{ until }} takes place: its instructor is assigned.",
            action: OPEN,
        },
        german: Texts {
            subject: "Buchung zugeteilt: {{ from }}{% if course %}, {{ course }}{% endif %}",
            body: "Die Buchung vom {{ from }} bis zum {{ until }} findet statt: eine Lehrkraft ist zugeteilt.",
            action: OFFEN,
        },
    },
};

const BOOKING_CANCELLED: Kind = Kind {
    name: "BOOKING_CANCELLED",
    description: "A booking was cancelled: yours, one that was assigned to you, or one that was wished to be with you. Subject: the Booking, or the BookingSeries.",
    events: &["booking.cancelled", "notify.series_cancelled"],
    recipients: "SELECT (note ->> 'student')::uuid UNION SELECT coalesce(note ->> 'instructor', note ->> 'wished')::uuid",
    doer: Doer::LeftOut,
    email: EmailMode::Immediate,
    email_where: None,
    mail: MailTemplate {
        name: "booking_cancelled",
        is_essential: false,
        parameters: BOOKING,
        english: Texts {
            subject: "Booking cancelled: {{ from }}{% if course %}, {{ course }}{% endif %}",
            body: "The booking from {{ from }} until {{ until }} was cancelled.",
            action: OPEN,
        },
        german: Texts {
            subject: "Buchung abgesagt: {{ from }}{% if course %}, {{ course }}{% endif %}",
            body: "Die Buchung vom {{ from }} bis zum {{ until }} wurde abgesagt.",
            action: OFFEN,
        },
    },
};

const BOOKING_RESCHEDULED: Kind = Kind {
    name: "BOOKING_RESCHEDULED",
    description: "A booking was moved to another time: yours, one that was assigned to you, or, where the learner moved it, any while you manage \
                  bookings. Subject: the Booking, or the BookingSeries or GroupSession that it is part of.",
    events: &["booking.rescheduled", "notify.series_moved", "notify.session_changed"],
    recipients: "SELECT (note ->> 'student')::uuid UNION SELECT (note ->> 'instructor')::uuid UNION SELECT (note ->> 'former')::uuid
            UNION SELECT app.holders_of('BOOKING_MANAGE') WHERE who = (note ->> 'student')::uuid",
    doer: Doer::LeftOut,
    email: EmailMode::Immediate,
    email_where: None,
    mail: MailTemplate {
        name: "booking_rescheduled",
        is_essential: false,
        parameters: BOOKING,
        english: Texts {
            subject: "Booking moved: {{ from }}{% if course %}, {{ course }}{% endif %}",
            body: "The booking was moved. It is now from {{ from }} until {{ until }}.",
            action: OPEN,
        },
        german: Texts {
            subject: "Buchung verschoben: {{ from }}{% if course %}, {{ course }}{% endif %}",
            body: "Die Buchung wurde verschoben. Sie geht jetzt vom {{ from }} bis zum {{ until }}.",
            action: OFFEN,
        },
    },
};

const BOOKING_ESCALATED: Kind = Kind {
    name: "BOOKING_ESCALATED",
    description: "A request has waited too long for its answer, and you manage bookings. Subject: the Booking.",
    events: &["booking.escalated"],
    recipients: HOLDERS,
    doer: Doer::Nobody,
    email: EmailMode::Immediate,
    email_where: None,
    mail: MailTemplate {
        name: "booking_escalated",
        is_essential: false,
        parameters: BOOKING,
        english: Texts {
            subject: "Booking waits: {{ from }}{% if course %}, {{ course }}{% endif %}",
            body: "A booking from {{ from }} until {{ until }} was requested, and nobody has answered yet.",
            action: OPEN,
        },
        german: Texts {
            subject: "Buchung wartet: {{ from }}{% if course %}, {{ course }}{% endif %}",
            body: "Eine Buchung vom {{ from }} bis zum {{ until }} wurde angefragt, und noch hat niemand geantwortet.",
            action: OFFEN,
        },
    },
};

const ROLE_CHANGED: Kind = Kind {
    name: "ROLE_CHANGED",
    description: "Somebody has set your roles. Always mailed. Subject: the User, you.",
    events: &["notify.roles_changed"],
    recipients: "SELECT (note ->> 'person')::uuid",
    doer: Doer::Told,
    email: EmailMode::Immediate,
    email_where: None,
    mail: MailTemplate {
        name: "role_changed",
        is_essential: true,
        parameters: &[],
        english: Texts {
            subject: "Your roles were changed",
            body: "What you may do at your school was changed.\n\nIf you did not expect that, ask your school.",
            action: Some(("Sign in", "{{ app }}")),
        },
        german: Texts {
            subject: "Ihre Rollen wurden geändert",
            body: "Was Sie an Ihrer Schule dürfen, wurde geändert.\n\nHaben Sie das nicht erwartet, fragen Sie bitte Ihre Schule.",
            action: Some(("Anmelden", "{{ app }}")),
        },
    },
};

const IMPORT_FINISHED: Kind = Kind {
    name: "IMPORT_FINISHED",
    description: "An import that you started has ended. Subject: the run.",
    events: &["import.finished"],
    recipients: "SELECT (note ->> 'person')::uuid",
    doer: Doer::Told,
    email: EmailMode::Off,
    email_where: None,
    mail: MailTemplate {
        name: "import_finished",
        is_essential: false,
        parameters: &[Parameter { name: "state", content: Content::Plain, sample: "SUCCEEDED" }],
        english: Texts {
            subject: "Import finished",
            body: "The import that you started {% if state == 'SUCCEEDED' %}has succeeded{% elif state == 'FAILED' %}has failed{% else %}was \
                   cancelled{% endif %}. Its report is there to be read.",
            action: OPEN,
        },
        german: Texts {
            subject: "Import beendet",
            body: "Der Import, den Sie gestartet haben, {% if state == 'SUCCEEDED' %}ist gelungen{% elif state == 'FAILED' %}ist \
                   fehlgeschlagen{% else %}wurde abgebrochen{% endif %}. Sein Bericht steht bereit.",
            action: OFFEN,
        },
    },
};

const EXPORT_READY: Kind = Kind {
    name: "EXPORT_READY",
    description: "An export that you asked for, or that a schedule of yours has made, is there to be fetched. Subject: the run.",
    events: &["notify.export_ready"],
    recipients: "SELECT (note ->> 'person')::uuid",
    doer: Doer::Told,
    email: EmailMode::Off,
    email_where: Some(("(note ->> 'isScheduled')::boolean", EmailMode::Immediate)),
    mail: MailTemplate {
        name: "export_ready",
        is_essential: false,
        parameters: &[Parameter { name: "name", content: Content::Plain, sample: "Bookings" }],
        english: Texts {
            subject: "Export ready: {{ name }}",
            body: "The export {{ name }} is there to be fetched, for seven days.",
            action: OPEN,
        },
        german: Texts {
            subject: "Export fertig: {{ name }}",
            body: "Der Export {{ name }} steht bereit, sieben Tage lang.",
            action: OFFEN,
        },
    },
};

const WEBHOOK_DISABLED: Kind = Kind {
    name: "WEBHOOK_DISABLED",
    description: "The service has switched off an endpoint whose receiver is gone or has failed for days, and you manage webhooks. Subject: the \
                  WebhookEndpoint.",
    events: &["notify.webhook_disabled"],
    recipients: "SELECT app.holders_of('WEBHOOK_MANAGE')",
    doer: Doer::Nobody,
    email: EmailMode::Immediate,
    email_where: None,
    mail: MailTemplate {
        name: "webhook_disabled",
        is_essential: false,
        parameters: &[Parameter { name: "reason", content: Content::Plain, sample: "FAILING" }],
        english: Texts {
            subject: "Webhook disabled: {% if reason == 'GONE' %}its receiver is gone{% else %}its receiver fails{% endif %}",
            body: "An endpoint was switched off, because its receiver {% if reason == 'GONE' %}is gone{% else %}has failed for days{% endif %}. It is \
                   sent no events any more. Switch it on once its receiver works, and replay what it has missed within 7 days.",
            action: OPEN,
        },
        german: Texts {
            subject: "Webhook abgeschaltet: {% if reason == 'GONE' %}der Empfänger ist fort{% else %}der Empfänger versagt{% endif %}",
            body: "Ein Endpunkt wurde abgeschaltet, weil sein Empfänger {% if reason == 'GONE' %}nicht mehr da ist{% else %}seit Tagen \
                   versagt{% endif %}. Er bekommt keine Ereignisse mehr. Schalten Sie ihn ein, sobald sein Empfänger arbeitet, und lassen Sie innerhalb \
                   von 7 Tagen nachsenden, was er verpasst hat.",
            action: OFFEN,
        },
    },
};
