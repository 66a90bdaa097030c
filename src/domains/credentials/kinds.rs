//! What people are told of their own account. All of it is always mailed.

use crate::domains::{
    mail::{Content, MailTemplate, Parameter, Texts},
    notifications::{Doer, EmailMode, Kind},
};

const AT: Parameter = Parameter { name: "at", content: Content::Moment, sample: "2027-03-01T09:30:00Z" };
const PERSON: &str = "SELECT (note ->> 'person')::uuid";
const OPEN: Option<(&str, &str)> = Some(("Open", "{{ app }}"));
const OFFEN: Option<(&str, &str)> = Some(("Öffnen", "{{ app }}"));

/// A sign-in on a device that is new.
pub const NEW_SIGN_IN: Kind = Kind {
    name: "NEW_SIGN_IN",
    description: "Your account was signed in to on a device, or from a network, that it was not for 90 days. Always mailed. Subject: the SignIn.",
    events: &["notify.new_sign_in"],
    recipients: PERSON,
    doer: Doer::Told,
    email: EmailMode::Immediate,
    email_where: None,
    mail: MailTemplate {
        name: "new_sign_in",
        is_essential: true,
        parameters: &[
            AT,
            Parameter { name: "agent", content: Content::Plain, sample: "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0" },
            Parameter { name: "address", content: Content::Plain, sample: "203.0.113.7" },
        ],
        english: Texts {
            subject: "New sign-in to your account",
            body: "Your account was signed in to on {{ at }}{% if address %}, from {{ address }}{% endif %}{% if agent %}, with {{ agent }}{% endif %}.\n\n\
                   If that was you, all is well. If it was not, end that sign-in among your sign-ins, and change your password.",
            action: OPEN,
        },
        german: Texts {
            subject: "Neue Anmeldung mit Ihrem Konto",
            body: "Mit Ihrem Konto hat sich jemand angemeldet, am {{ at }}{% if address %}, von {{ address }}{% endif %}{% if agent %}, mit {{ agent }}{% endif %}.\n\n\
                   Waren Sie es, ist alles in Ordnung. Falls nicht, beenden Sie diese Anmeldung unter Ihren Anmeldungen, und ändern Sie Ihr Passwort.",
            action: OFFEN,
        },
    },
};

/// A password that was changed. The mail is asked for where it is changed, since no lapse of the subscription stops it.
pub const PASSWORD_CHANGED: Kind = Kind {
    name: "PASSWORD_CHANGED",
    description: "Your password was changed. Always mailed. Subject: the User, you.",
    events: &["notify.password_changed"],
    recipients: PERSON,
    doer: Doer::Told,
    email: EmailMode::Immediate,
    email_where: Some(("true", EmailMode::Off)),
    mail: MailTemplate {
        name: "password_changed",
        is_essential: true,
        parameters: &[AT, Parameter { name: "keys", content: Content::Plain, sample: "2" }],
        english: Texts {
            subject: "Your password at {{ school }} was changed",
            body: "The password of your account at {{ school }} was changed on {{ at }}. Every device was signed out.\
                   {% if keys %} API keys are not: {{ keys }} of yours go on.{% endif %}\n\n\
                   If that was you, all is well. If it was not, tell your school at once.",
            action: Some(("Sign in", "{{ app }}")),
        },
        german: Texts {
            subject: "Ihr Passwort bei {{ school }} wurde geändert",
            body: "Das Passwort Ihres Kontos bei {{ school }} wurde am {{ at }} geändert. Alle Geräte wurden abgemeldet.\
                   {% if keys %} API-Schlüssel nicht: {{ keys }} von Ihren gelten weiter.{% endif %}\n\n\
                   Waren Sie es selbst, ist alles in Ordnung. Falls nicht, sagen Sie bitte sofort Ihrer Schule Bescheid.",
            action: Some(("Anmelden", "{{ app }}")),
        },
    },
};

/// A second factor that was turned on or off.
pub const SECOND_FACTOR_CHANGED: Kind = Kind {
    name: "SECOND_FACTOR_CHANGED",
    description: "Your second factor was turned on or off, taken away by somebody above, or its recovery codes were renewed. Always mailed. Subject: the \
                  User, you.",
    events: &["notify.second_factor_changed"],
    recipients: PERSON,
    doer: Doer::Told,
    email: EmailMode::Immediate,
    email_where: None,
    mail: MailTemplate {
        name: "second_factor_changed",
        is_essential: true,
        parameters: &[AT, Parameter { name: "became", content: Content::Plain, sample: "ON" }],
        english: Texts {
            subject: "Your second factor: {% if became == 'ON' %}on{% elif became == 'CODES' %}new recovery codes{% else %}off{% endif %}",
            body: "{% if became == 'ON' %}A second factor was turned on for your account{% elif became == 'CODES' %}The recovery codes of your account were \
                   renewed{% elif became == 'RESET' %}Your school has taken the second factor of your account away, and every device was signed \
                   out{% else %}The second factor of your account was turned off{% endif %}, on {{ at }}.\n\n\
                   If you did not expect that, change your password, and tell your school.",
            action: OPEN,
        },
        german: Texts {
            subject: "Ihr zweiter Faktor: {% if became == 'ON' %}ein{% elif became == 'CODES' %}neue Notfallcodes{% else %}aus{% endif %}",
            body: "{% if became == 'ON' %}Für Ihr Konto wurde ein zweiter Faktor eingeschaltet{% elif became == 'CODES' %}Die Notfallcodes Ihres Kontos \
                   wurden erneuert{% elif became == 'RESET' %}Ihre Schule hat den zweiten Faktor Ihres Kontos entfernt, und alle Geräte wurden \
                   abgemeldet{% else %}Der zweite Faktor Ihres Kontos wurde ausgeschaltet{% endif %}, am {{ at }}.\n\n\
                   Haben Sie das nicht erwartet, ändern Sie Ihr Passwort, und sagen Sie Ihrer Schule Bescheid.",
            action: OFFEN,
        },
    },
};

/// Wrong codes after a right password.
pub const SECOND_FACTOR_MISSED: Kind = Kind {
    name: "SECOND_FACTOR_MISSED",
    description: "Three wrong codes of your second factor were given after your right password, within an hour: somebody may know it. Always mailed. Subject: \
                  the User, you.",
    events: &["notify.second_factor_missed"],
    recipients: PERSON,
    doer: Doer::Told,
    email: EmailMode::Immediate,
    email_where: None,
    mail: MailTemplate {
        name: "second_factor_missed",
        is_essential: true,
        parameters: &[AT],
        english: Texts {
            subject: "Somebody may know your password",
            body: "Your right password was given, and then three wrong codes of your second factor, the last on {{ at }}. Nobody was signed in.\n\n\
                   If that was you, all is well. If it was not, somebody knows your password: change it.",
            action: OPEN,
        },
        german: Texts {
            subject: "Jemand kennt vielleicht Ihr Passwort",
            body: "Ihr richtiges Passwort wurde angegeben und danach drei falsche Codes Ihres zweiten Faktors, der letzte am {{ at }}. Angemeldet wurde \
                   niemand.\n\nWaren Sie es, ist alles in Ordnung. Falls nicht, kennt jemand Ihr Passwort: Ändern Sie es.",
            action: OFFEN,
        },
    },
};

/// Somebody below wants another password.
pub const PASSWORD_CHANGE_REQUESTED: Kind = Kind {
    name: "PASSWORD_CHANGE_REQUESTED",
    description: "Somebody below has asked for another password, and you may decide; twenty people are told at most. Subject: the PasswordChangeRequest.",
    events: &["notify.password_change_requested"],
    recipients: "SELECT app.deciders_of_password((note ->> 'person')::uuid)",
    doer: Doer::LeftOut,
    email: EmailMode::Immediate,
    email_where: None,
    mail: MailTemplate {
        name: "password_change_requested",
        is_essential: false,
        parameters: &[],
        english: Texts {
            subject: "Another password was asked for",
            body: "Somebody has asked for another password, and you may decide about it within 7 days.",
            action: OPEN,
        },
        german: Texts {
            subject: "Ein neues Passwort wurde beantragt",
            body: "Jemand hat ein neues Passwort beantragt, und Sie können innerhalb von 7 Tagen darüber entscheiden.",
            action: OFFEN,
        },
    },
};

/// What came of a request.
pub const PASSWORD_CHANGE_DECIDED: Kind = Kind {
    name: "PASSWORD_CHANGE_DECIDED",
    description: "Your request for another password was decided. Always mailed. Subject: the PasswordChangeRequest.",
    events: &["notify.password_change_decided"],
    recipients: PERSON,
    doer: Doer::Told,
    email: EmailMode::Immediate,
    email_where: None,
    mail: MailTemplate {
        name: "password_change_decided",
        is_essential: true,
        parameters: &[Parameter { name: "state", content: Content::Plain, sample: "APPROVED" }],
        english: Texts {
            subject: "Your request for another password was {% if state == 'APPROVED' %}approved{% else %}rejected{% endif %}",
            body: "{% if state == 'APPROVED' %}The password that you have asked for is good from now on. Every device was signed out.{% else %}Your \
                   password stays as it is.{% endif %}\n\nIf you have not asked for one, tell your school at once.",
            action: OPEN,
        },
        german: Texts {
            subject: "Ihr Antrag auf ein neues Passwort wurde {% if state == 'APPROVED' %}angenommen{% else %}abgelehnt{% endif %}",
            body: "{% if state == 'APPROVED' %}Ab jetzt gilt das Passwort, das Sie beantragt haben. Alle Geräte wurden abgemeldet.{% else %}Ihr Passwort \
                   bleibt, wie es ist.{% endif %}\n\nHaben Sie keines beantragt, sagen Sie bitte sofort Ihrer Schule Bescheid.",
            action: OFFEN,
        },
    },
};
