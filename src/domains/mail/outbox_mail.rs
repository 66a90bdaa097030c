//! A mail, as those see it who read the outbox.

use lectern_kernel::{
    error::Result,
    ids::Id,
    resolve::{DateTime, Open, Request},
    sealing::Sealer,
    store::Store,
    text_enum,
};
use lectern_macros::{object, resolvers};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{
    delivery::Postman,
    jobs,
    template::MailTemplate,
    unsubscribe::Unsubscribing,
    writing::{Letterhead, REDACTED, Written},
};
use crate::domains::{
    identity::User,
    notifications::{KINDS, NotificationKind},
};

text_enum! {
    /// What became of a mail. A mail that could not be handed over for now is QUEUED again, and FAILED after its last attempt.
    pub enum MailState {
        /// It waits to be sent.
        Queued = "QUEUED",
        /// It was handed over to the server of mail, or written into the local outbox.
        Sent = "SENT",
        /// It could not be handed over: `error` says why. Its job is DEAD, and `retryJob` tries it anew.
        Failed = "FAILED",
        /// Its address took none, or it came back.
        Bounced = "BOUNCED",
        /// It was not sent: its person is suspended or deleted, or their address takes none but essential mail, or it was called off.
        Suppressed = "SUPPRESSED",
    }
}

/// A mail that the school has sent, or is about to. Kept for 30 days.
#[object(table = "mail", alias = "ml", id = "mail", node(OutboxRead), resolvers)]
#[derive(Clone, Debug)]
pub struct OutboxMail {
    /// Its id.
    pub id: Id<OutboxMail>,
    /// The address it goes to; empty once its person was deleted.
    #[column("{}.address")]
    pub to: String,
    /// Which of the product's texts it is: `password_changed`.
    pub template: String,
    /// The language it was asked for in, as a tag of BCP 47. There are texts in `en` and `de`; whoever wants another gets English.
    pub locale: String,
    /// Whom it is to, or about; null when it is to an address alone, or when you may not see them.
    #[one]
    pub user_id: Option<Id<User>>,
    /// What became of it.
    pub state: MailState,
    /// How often it was tried.
    pub attempts: i32,
    /// Why it was not sent, or came back; null when neither is so. At most 500 characters.
    pub error: Option<String>,
    /// When it was asked for.
    pub created_at: DateTime,
    /// When it was handed over; null until then.
    pub sent_at: Option<DateTime>,
    #[hidden]
    #[wide]
    #[column("{}.user_id")]
    pub person: Option<Uuid>,
    #[hidden]
    #[wide]
    pub subject: Option<String>,
    #[hidden]
    #[wide]
    pub parameters: Value,
    #[hidden]
    #[wide]
    pub secrets: Option<Vec<u8>>,
    #[hidden]
    #[wide]
    pub letterhead: Value,
}

/// What of a mail its texts are made of.
struct Kept<'a> {
    template: &'a str,
    locale: &'a str,
    parameters: Value,
    secrets: Option<&'a [u8]>,
    letterhead: Value,
    person: Option<Uuid>,
}

impl Kept<'_> {
    /// As it was sent, or will be; secrets only where the outbox is the mailbox. None where its template is no part of the product any more, or
    /// takes something else by now.
    fn written(self, request: &Request) -> Result<Option<Written>> {
        let postman = request.services.outside.get::<Postman>()?;
        let Some(template) = postman.template(self.template) else { return Ok(None) };
        let mut filling: Map<String, Value> = serde_json::from_value(self.parameters).unwrap_or_default();
        for parameter in template.parameters.iter().filter(|parameter| parameter.content.is_secret()) {
            filling.insert(parameter.name.to_owned(), REDACTED.into());
        }
        if postman.shows_secrets() {
            filling.extend(jobs::open(sealer(request), request.tx.identity().tenant, self.secrets).unwrap_or_default());
        }
        let unsubscribe = self.person.and_then(|person| unsubscribe_url(request, template, person));
        let head = letterhead(request, self.letterhead);
        Ok(postman.writer().write(template, self.locale, &filling, &head, unsubscribe.as_deref()).ok())
    }
}

/// Where a person ends mail of a template.
pub fn unsubscribe_url(request: &Request, template: &MailTemplate, person: Uuid) -> Option<String> {
    let unsubscribing = request.services.outside.get::<Unsubscribing>().ok()?;
    unsubscribing.url(template, request.tx.identity().tenant, person)
}

/// What stands around a mail, as the database keeps it.
pub fn letterhead(request: &Request, kept: Value) -> Letterhead {
    Letterhead::read(kept, request.services.outside.get::<Store>().ok().as_deref())
}

fn sealer(request: &Request) -> &Sealer {
    &request.services.sealer
}

/// What is shown of a mail whose template is gone.
const UNKNOWN: &str = "[The text of this mail is no part of Lectern any more.]";

#[resolvers]
impl OutboxMail {
    /// Its subject; at most 150 characters.
    fn subject(
        template: String,
        locale: String,
        parameters: Value,
        secrets: Option<Vec<u8>>,
        letterhead: Value,
        subject: Option<String>,
        request: &Request,
    ) -> Result<String> {
        if let Some(subject) = subject {
            return Ok(subject);
        }
        let kept = Kept { template: &template, locale: &locale, parameters, secrets: secrets.as_deref(), letterhead, person: None };
        Ok(kept.written(request)?.map_or(template.clone(), |written| written.subject))
    }

    /// The kind of notifications that it is of; null where it is of none.
    fn kind(template: String) -> Option<Open<NotificationKind>> {
        KINDS.iter().find(|kind| kind.mail.name == template).map(|kind| Open::new(kind.name))
    }

    /// Where its reader says that they want no more mail of its kind; null for essential mail, and for mail that is to nobody of the school.
    fn unsubscribe_url(template: String, person: Option<Uuid>, request: &Request) -> Result<Option<String>> {
        let postman = request.services.outside.get::<Postman>()?;
        Ok(postman.template(&template).zip(person).and_then(|(template, person)| unsubscribe_url(request, template, person)))
    }

    /// Its plain text. Codes and links that let somebody in stand in it as `[redacted]`, but in the local outbox of the embedded database.
    fn text(
        template: String,
        locale: String,
        parameters: Value,
        secrets: Option<Vec<u8>>,
        letterhead: Value,
        person: Option<Uuid>,
        request: &Request,
    ) -> Result<String> {
        let kept = Kept { template: &template, locale: &locale, parameters, secrets: secrets.as_deref(), letterhead, person };
        Ok(kept.written(request)?.map_or_else(|| UNKNOWN.to_owned(), |written| written.text))
    }

    /// The same as HTML; show it where nothing in it is run.
    fn html(
        template: String,
        locale: String,
        parameters: Value,
        secrets: Option<Vec<u8>>,
        letterhead: Value,
        person: Option<Uuid>,
        request: &Request,
    ) -> Result<Option<String>> {
        let kept = Kept { template: &template, locale: &locale, parameters, secrets: secrets.as_deref(), letterhead, person };
        Ok(kept.written(request)?.map(|written| written.html))
    }
}
