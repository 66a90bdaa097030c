//! The mails of admissions. A token or a code stands once in a mail's text; a link on a line of its own.

use crate::domains::mail::{Content, MailTemplate, Parameter, Texts};

const TOKEN: Parameter = Parameter {
    name: "token",
    content: Content::Secret,
    sample: "link_01jp97wgybf3x8gas9cb13vw0x.kXb3gUZk1lVt0cJ2yq8mZr5nWd7pQs4hTf6aEe9oLiA",
};
const AT: Parameter = Parameter { name: "at", content: Content::Moment, sample: "2027-03-01T09:30:00Z" };

/// A link that resets a password.
pub const PASSWORD_RESET: MailTemplate = MailTemplate {
    name: "password_reset",
    is_essential: true,
    parameters: &[TOKEN],
    english: Texts {
        subject: "Set a new password at {{ school }}",
        body: "Somebody has asked for a new password for your account at {{ school }}. If that was you, set one within 30 minutes.\n\n\
               If it was not, you need not do anything: your password stays as it is.",
        action: Some(("Set a new password", "{{ app }}/reset-password?token={{ token }}")),
    },
    german: Texts {
        subject: "Neues Passwort bei {{ school }}",
        body: "Jemand hat für Ihr Konto bei {{ school }} ein neues Passwort verlangt. Waren Sie es, setzen Sie es innerhalb von 30 Minuten.\n\n\
               Falls nicht, brauchen Sie nichts zu tun: Ihr Passwort bleibt, wie es ist.",
        action: Some(("Neues Passwort setzen", "{{ app }}/reset-password?token={{ token }}")),
    },
};

/// A code to sign in with.
pub const SIGN_IN_CODE: MailTemplate = MailTemplate {
    name: "sign_in_code",
    is_essential: true,
    parameters: &[Parameter { name: "code", content: Content::Code, sample: "123456" }],
    english: Texts {
        subject: "Your code for {{ school }}",
        body: "Sign in at {{ school }} with this code, within 15 minutes:\n\n{{ code }}\n\n\
               Tell it to nobody. If you did not ask for it, you need not do anything.",
        action: None,
    },
    german: Texts {
        subject: "Ihr Code für {{ school }}",
        body: "Melden Sie sich bei {{ school }} mit diesem Code an, innerhalb von 15 Minuten:\n\n{{ code }}\n\n\
               Sagen Sie ihn niemandem. Haben Sie ihn nicht verlangt, brauchen Sie nichts zu tun.",
        action: None,
    },
};

/// A link that confirms a sign-up.
pub const CONFIRM_SIGN_UP: MailTemplate = MailTemplate {
    name: "confirm_sign_up",
    is_essential: true,
    parameters: &[TOKEN],
    english: Texts {
        subject: "Confirm your sign-up at {{ school }}",
        body: "Somebody wants to join {{ school }} with this email address. If that was you, confirm it within 24 hours.\n\n\
               If it was not, you need not do anything: nothing is kept.",
        action: Some(("Confirm", "{{ app }}/confirm-sign-up?token={{ token }}")),
    },
    german: Texts {
        subject: "Bestätigen Sie Ihre Anmeldung bei {{ school }}",
        body: "Jemand möchte mit dieser E-Mail-Adresse zu {{ school }}. Waren Sie es, bestätigen Sie es innerhalb von 24 Stunden.\n\n\
               Falls nicht, brauchen Sie nichts zu tun: Es wird nichts aufbewahrt.",
        action: Some(("Bestätigen", "{{ app }}/confirm-sign-up?token={{ token }}")),
    },
};

/// To somebody who has an account already.
pub const SIGN_UP_KNOWN: MailTemplate = MailTemplate {
    name: "sign_up_known",
    is_essential: true,
    parameters: &[],
    english: Texts {
        subject: "You have an account at {{ school }}",
        body: "Somebody wanted to join {{ school }} with this email address, which has an account there already. If that was you, sign in; a forgotten \
               password can be reset there.\n\nIf it was not, you need not do anything.",
        action: Some(("Sign in", "{{ app }}")),
    },
    german: Texts {
        subject: "Sie haben ein Konto bei {{ school }}",
        body: "Jemand wollte mit dieser E-Mail-Adresse zu {{ school }}; sie hat dort schon ein Konto. Waren Sie es, melden Sie sich an; ein vergessenes \
               Passwort lässt sich dort neu setzen.\n\nFalls nicht, brauchen Sie nichts zu tun.",
        action: Some(("Anmelden", "{{ app }}")),
    },
};

/// To an applicant who is not.
pub const SIGN_UP_REJECTED: MailTemplate = MailTemplate {
    name: "sign_up_rejected",
    is_essential: true,
    // What somebody wrote about somebody else: kept no longer than until it is sent.
    parameters: &[Parameter { name: "note", content: Content::Secret, sample: "This course is full." }],
    english: Texts {
        subject: "Your sign-up at {{ school }}",
        body: "{{ school }} has not approved your sign-up.\n\n{% if note %}They write: {{ note }}{% else %}They gave no reason.{% endif %}\n\n\
               You may sign up again.",
        action: None,
    },
    german: Texts {
        subject: "Ihre Anmeldung bei {{ school }}",
        body: "{{ school }} hat Ihre Anmeldung nicht angenommen.\n\n{% if note %}Dort schreibt man: {{ note }}{% else %}Ein Grund wurde nicht genannt.{% endif %}\n\n\
               Sie können sich noch einmal anmelden.",
        action: None,
    },
};

/// To somebody who is asked in.
pub const INVITATION: MailTemplate = MailTemplate {
    name: "invitation",
    is_essential: true,
    parameters: &[
        TOKEN,
        Parameter { name: "roles", content: Content::Plain, sample: "Learner" },
        Parameter { name: "until", content: Content::Moment, sample: "2027-03-01T09:30:00Z" },
    ],
    english: Texts {
        subject: "You are invited to {{ school }}",
        body: "{{ school }} invites you to join ({{ roles }}). The invitation is good until {{ until }}.\n\n\
               If you do not want to, you need not do anything.",
        action: Some(("Accept", "{{ app }}/accept-invitation?token={{ token }}")),
    },
    german: Texts {
        subject: "Einladung zu {{ school }}",
        body: "{{ school }} lädt Sie ein ({{ roles }}). Die Einladung gilt bis {{ until }}.\n\nMöchten Sie nicht, brauchen Sie nichts zu tun.",
        action: Some(("Annehmen", "{{ app }}/accept-invitation?token={{ token }}")),
    },
};

/// To the address that an account had before.
pub const FORMER_EMAIL: MailTemplate = MailTemplate {
    name: "former_email",
    is_essential: true,
    parameters: &[AT, TOKEN],
    english: Texts {
        subject: "Your email address at {{ school }} was changed",
        body: "Your account at {{ school }} has had another email address since {{ at }}. This is the last mail to this one.\n\n\
               If that was your doing, all is well. If it was not, take the address back within 7 days; then set a new password.",
        action: Some(("Take it back", "{{ app }}/revert-email?token={{ token }}")),
    },
    german: Texts {
        subject: "Ihre E-Mail-Adresse bei {{ school }} wurde geändert",
        body: "Ihr Konto bei {{ school }} hat seit {{ at }} eine andere E-Mail-Adresse. Dies ist die letzte Mail an diese.\n\n\
               Haben Sie das veranlasst, ist alles in Ordnung. Falls nicht, holen Sie sie innerhalb von 7 Tagen zurück; setzen Sie danach ein neues Passwort.",
        action: Some(("Zurückholen", "{{ app }}/revert-email?token={{ token }}")),
    },
};
