//! Reading the outbox.

use async_graphql::{Context, InputObject};
use lectern_kernel::{
    db::{List, Order, SortKey},
    error::{Error, Result},
    ids::Id,
    resolve::{Connection, Forward, Loaded, filtered, list_of, one, page, text},
    text::email_key,
};
use lectern_macros::queries;

use super::outbox_mail::{MailState, OutboxMail};

/// Which mails.
#[derive(InputObject, Default, Clone)]
pub struct OutboxFilter {
    /// To this address: the whole of it, whatever its case.
    pub to: Option<String>,
    /// With this in their subject, whatever its case. A mail has its subject from its first attempt on.
    pub subject: Option<String>,
    /// In one of these states.
    pub states: Option<Vec<MailState>>,
}

/// The newest first.
const NEWEST: Order = Order { key: SortKey::moment("CREATED_AT", "ml.created_at"), id: "ml.id", descending: true };

impl OutboxFilter {
    fn narrow(&self, list: &mut List) -> Result<()> {
        if self.to.as_deref().is_some_and(|to| to.trim().is_empty()) {
            return Err(Error::bad_input("filter.to", "must be a whole address"));
        }
        if let Some(to) = text::search("filter.to", self.to.as_deref())? {
            // The database keys what it is given as it is written.
            let (key, written) = (email_key(&to), to.to_lowercase());
            let condition = match key {
                Some(key) if key != written => format!("ml.address_key = ANY ({})", list.bind(vec![key, written])),
                _ => format!("ml.address_key = {}", list.bind(written)),
            };
            list.filter(condition);
        }
        if let Some(subject) = text::search("filter.subject", self.subject.as_deref())? {
            let subject = list.bind(subject);
            list.filter(format!("strpos(lower(ml.subject COLLATE \"und-x-icu\"), lower({subject}::text COLLATE \"und-x-icu\")) > 0"));
        }
        if let Some(states) = &self.states {
            let states = list.bind(states.clone());
            list.filter(format!("ml.state = ANY ({states})"));
        }
        Ok(())
    }
}

/// Queries of mails.
pub struct MailQueries;

#[queries]
impl MailQueries {
    /// The school's mails of the last 30 days, the newest first.
    #[needs(OutboxRead)]
    async fn outbox(
        ctx: &Context<'_>,
        #[texts(first = "How many; 1 to 100, 20 unless given.", after = "A cursor: go on after it, to what is older.")] paging: Forward,
        /// Which mails.
        filter: Option<OutboxFilter>,
    ) -> Result<Option<Connection<OutboxMail>>> {
        let mut list = list_of::<OutboxMail>("outbox", NEWEST);
        filter.unwrap_or_default().narrow(&mut list)?;
        page(ctx, filtered::<OutboxFilter>(ctx, list)?, paging).await.map(Some)
    }

    /// A mail; null when there is none.
    #[needs(OutboxRead)]
    async fn outbox_mail(
        ctx: &Context<'_>,
        /// The mail's id.
        id: Id<OutboxMail>,
    ) -> Result<Option<Loaded<OutboxMail>>> {
        one(ctx, id).await
    }
}
