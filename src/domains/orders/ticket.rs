//! One piece of what was bought, and what proves it at the door.

use std::collections::HashMap;

use async_graphql::{Context, dataloader::Loader};
use lectern_kernel::{
    db::{ColumnReader, Order as ListOrder, SortKey},
    error::{Error, Result},
    ids::Id,
    resolve::{Batch, Ctx, DateTime},
    text_enum,
};
use lectern_macros::{object, resolvers};
use uuid::Uuid;

use super::{codes::CodeKey, order::Order, sql};
use crate::domains::{attendees::Attendee, products::Product, programs::Money};

text_enum! {
    /// Where a ticket stands.
    pub enum TicketStatus {
        /// It is held for its order, which is not paid yet.
        Held = "HELD",
        /// It is paid, and admits.
        Issued = "ISSUED",
        /// It admits no more, or never did.
        Cancelled = "CANCELLED",
    }
}

/// One piece of what was bought for an attendee. It shows to its holder, to the applicant, to ORDER_READ_ALL, PAYMENT_MANAGE, APPLICATION_READ_ALL and APPLICATION_MANAGE; what is
/// ISSUED, to ATTENDEE_CHECK_IN, too.
#[object(table = "ticket", alias = "tk", id = "ticket", node, resolvers)]
#[derive(Clone, Debug)]
pub struct Ticket {
    /// Its id.
    pub id: Id<Ticket>,
    /// Whose it is; null once they were removed, and when you may not see them.
    #[one]
    pub attendee_id: Option<Id<Attendee>>,
    /// What it is for; null when you may not see it any more.
    #[one]
    pub product_id: Id<Product>,
    /// The order that it came with; null when you may not see it.
    #[one]
    pub order_id: Id<Order>,
    /// Where it stands.
    pub status: TicketStatus,
    #[hidden]
    pub price: i32,
    #[hidden]
    pub currency: String,
    /// From when on it admits; null: at once.
    pub valid_from: Option<DateTime>,
    /// Until when it admits; null: for ever.
    pub valid_until: Option<DateTime>,
    /// When it was ordered.
    pub created_at: DateTime,
}

/// As they were ordered.
pub const BY_CREATION: ListOrder = ListOrder { key: SortKey::moment("CREATED_AT", "tk.created_at"), id: "tk.id", descending: false };

#[resolvers]
impl Ticket {
    /// Its part of what its line came to, with discounts and tax.
    async fn price(price: i32, currency: String) -> Result<Money> {
        Ok(Money::new(price, currency))
    }

    /// What is shown at the door: 16 letters and digits that can't be confused. For its holder, the applicant and APPLICATION_MANAGE; null for others, in a viewing, and unless it
    /// is ISSUED. Another code takes its place when it goes to somebody else.
    #[cost(2)]
    async fn code(id: Id<Ticket>, ctx: &Context<'_>) -> Result<Option<String>> {
        let Some(Made { generation, sealed }) = ctx.load(CodeOf(id)).await? else { return Ok(None) };
        let tenant: Uuid = ctx.tx().identity().tenant;
        Ok(Some(CodeKey::open(&ctx.request().services.sealer, tenant, &sealed)?.code(id.0, generation)))
    }
}

/// What the code of a ticket is made of; absent for those who may not know it.
#[derive(Clone, PartialEq, Eq, Hash)]
struct CodeOf(Id<Ticket>);

/// What a code is made of.
#[derive(Clone)]
struct Made {
    generation: i32,
    sealed: Vec<u8>,
}

impl Loader<CodeOf> for Batch {
    type Value = Made;
    type Error = Error;

    async fn load(&self, keys: &[CodeOf]) -> Result<HashMap<CodeOf, Made>> {
        let tickets: Vec<Id<Ticket>> = keys.iter().map(|key| key.0).collect();
        let mut made = HashMap::new();
        for row in &self.tx.query(sql::CODES, &[&tickets]).await? {
            let mut reader = ColumnReader::new(row);
            made.insert(CodeOf(reader.next()?), Made { generation: reader.next()?, sealed: reader.next()? });
        }
        Ok(made)
    }
}
