//! What whoever asked for an export is told of it.

use crate::domains::{
    mail::{Content, MailTemplate, Parameter, Texts},
    notifications::{Doer, EmailMode, Kind},
};

/// An export has ended.
pub const TENANT_EXPORT_FINISHED: Kind = Kind {
    name: "TENANT_EXPORT_FINISHED",
    description: "The export of your school that you asked for is there to be fetched, or has failed. Subject: the TenantExport.",
    events: &["notify.tenant_export_finished"],
    recipients: "SELECT (note ->> 'person')::uuid",
    doer: Doer::Told,
    email: EmailMode::Immediate,
    email_where: None,
    mail: MailTemplate {
        name: "tenant_export_finished",
        is_essential: false,
        parameters: &[Parameter { name: "state", content: Content::Plain, sample: "DONE" }],
        english: Texts {
            subject: "Export of your school: {% if state == 'DONE' %}ready{% else %}failed{% endif %}",
            body: "{% if state == 'DONE' %}The export of all that your school has is there to be fetched, for seven days.{% else %}The export of all that \
                   your school has has failed. Ask for it again.{% endif %}",
            action: Some(("Open", "{{ app }}")),
        },
        german: Texts {
            subject: "Export Ihrer Schule: {% if state == 'DONE' %}fertig{% else %}misslungen{% endif %}",
            body: "{% if state == 'DONE' %}Der Export von allem, was Ihre Schule hat, steht bereit, sieben Tage lang.{% else %}Der Export von allem, was \
                   Ihre Schule hat, ist misslungen. Fordern Sie ihn noch einmal an.{% endif %}",
            action: Some(("Öffnen", "{{ app }}")),
        },
    },
};
