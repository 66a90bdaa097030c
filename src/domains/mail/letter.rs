//! Asking for a mail.

use lectern_kernel::{
    db::Tx,
    error::Result,
    ids::Id,
    sealing::{Place, Sealer},
};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{OutboxMail, delivery::Attachment, sql, template::MailTemplate};
use crate::domains::identity::User;

/// A mail that is to be sent.
pub struct Letter {
    /// What it says.
    pub template: &'static MailTemplate,
    /// To whom, or about whom where an address is given.
    pub person: Option<Id<User>>,
    /// Where to; to the person's own address, unless given.
    pub address: Option<String>,
    /// In which language: a tag of BCP 47; English unless given.
    pub locale: Option<String>,
    /// What the template is filled with, secrets among it. Nothing in it says who somebody is.
    pub parameters: Map<String, Value>,
    /// The same key again is the same mail; a new one each time where there is none.
    pub key: Option<String>,
    /// What goes along.
    pub attachments: Vec<Attachment>,
    /// It is sent although the school's subscription does not run.
    pub is_spared: bool,
}

impl Letter {
    /// Of a template, to nobody yet.
    pub fn of(template: &'static MailTemplate) -> Self {
        Letter {
            template,
            person: None,
            address: None,
            locale: None,
            parameters: Map::new(),
            key: None,
            attachments: Vec::new(),
            is_spared: false,
        }
    }

    /// Asks for it: it is sent if the transaction commits. Answers its id; none where there was one of this key.
    ///
    /// # Errors
    /// `INTERNAL` where it goes neither to a person nor to an address.
    pub async fn send(self, tx: &Tx, sealer: &Sealer) -> Result<Option<Id<OutboxMail>>> {
        let (secrets, plain): (Map<_, _>, Map<_, _>) = self.parameters.into_iter().partition(|(name, _)| self.template.is_secret(name));
        let place = Place { tenant: tx.identity().tenant, table: "mail", column: "secrets" };
        let sealed = (!secrets.is_empty()).then(|| sealer.seal(place, Value::Object(secrets).to_string().as_bytes()));
        let attachments = serde_json::to_value(&self.attachments).unwrap_or_default();
        let person = self.person.map(|person| person.0);
        let params: &[&(dyn tokio_postgres::types::ToSql + Sync)] = &[
            &self.template.name,
            &person,
            &self.address,
            &self.locale,
            &Value::Object(plain),
            &self.key,
            &attachments,
            &sealed,
            &self.is_spared,
        ];
        let id: Option<Option<Uuid>> = tx.value(sql::ASK, params).await?;
        Ok(id.flatten().map(Id::from_uuid))
    }
}
