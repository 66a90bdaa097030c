//! What is paid for an order, or waited for.

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

use super::{sql, taking::Taking};
use crate::domains::{orders::Order, programs::Money};

text_enum! {
    /// By whom a school takes money.
    pub enum PaymentProvider {
        /// Nobody: it is transferred, or paid in cash, and somebody of the school records it.
        Manual = "MANUAL",
        /// Stripe's page.
        Stripe = "STRIPE",
        /// A page of this service for trying it out. It moves no money.
        Test = "TEST",
    }
}

text_enum! {
    /// Where a payment stands. Money that comes late is never refused: what was REJECTED, EXPIRED or CANCELLED can still become APPROVED.
    pub enum PaymentStatus {
        /// It is waited for.
        Pending = "PENDING",
        /// The money has come.
        Approved = "APPROVED",
        /// The provider has refused it; the order waits for another try.
        Rejected = "REJECTED",
        /// It did not come in time.
        Expired = "EXPIRED",
        /// Nobody waits for it any more: its order was cancelled, or is paid otherwise.
        Cancelled = "CANCELLED",
        /// All of it went back by its provider.
        Refunded = "REFUNDED",
    }
}

text_enum! {
    /// Why somebody of the school should look at a payment.
    pub enum PaymentAttention {
        /// Another amount or currency came than was asked for; nothing was approved.
        AmountMismatch = "AMOUNT_MISMATCH",
        /// The money came when its order had ended.
        Late = "LATE",
        /// The money came when its order was paid already, or more came than was due.
        Surplus = "SURPLUS",
        /// The payer disputes it at the provider.
        Disputed = "DISPUTED",
    }
}

text_enum! {
    /// What became of something that a provider has said.
    pub enum PaymentEventOutcome {
        /// It had an effect.
        Applied = "APPLIED",
        /// It had none: it was of no payment of the school, or came too late to matter.
        Ignored = "IGNORED",
        /// It spoke of another amount or currency than was asked for.
        Mismatch = "MISMATCH",
    }
}

/// What is paid for an order, or waited for. You see those of your own orders; with ORDER_READ_ALL or PAYMENT_MANAGE, all of the school.
#[object(table = "payment", alias = "pm", id = "payment", node, resolvers)]
#[derive(Clone, Debug)]
pub struct Payment {
    /// Its id.
    pub id: Id<Payment>,
    /// By whom it is taken.
    pub provider: PaymentProvider,
    /// Where it stands.
    pub status: PaymentStatus,
    /// What to write on a transfer: the reference of its order.
    pub reference: String,
    /// What to do for a transfer, as the school says it; null unless it is MANUAL.
    #[column("CASE WHEN {}.provider = 'MANUAL' THEN (SELECT app.transfer_instructions()) END")]
    #[wide]
    pub instructions: Option<String>,
    /// Why it was refused, as the provider says it.
    #[wide]
    pub failure: Option<String>,
    /// Why somebody should look at it; null: nobody need to.
    pub attention: Option<PaymentAttention>,
    /// When the money came, or it was clear that none will.
    pub settled_at: Option<DateTime>,
    /// When it was asked for.
    pub created_at: DateTime,
    /// What it is for; null when you may not see it.
    #[one]
    pub order_id: Id<Order>,
    /// As what the provider knows it.
    #[needs(OrderReadAll, PaymentManage)]
    pub provider_id: Option<String>,
    #[hidden]
    pub amount: i32,
    #[hidden]
    pub currency: String,
    #[hidden]
    pub refunded: i32,
    #[hidden]
    #[wide]
    pub checkout_url: Option<String>,
    #[hidden]
    #[wide]
    #[column("(SELECT t.slug FROM tenant t WHERE t.tenant_id = {}.tenant_id)")]
    pub school: String,
}

/// The latest first.
pub const LATEST: ListOrder = ListOrder { key: SortKey::moment("CREATED_AT", "pm.created_at"), id: "pm.id", descending: true };

/// As they were asked for.
pub const IN_ORDER: ListOrder = ListOrder { descending: false, ..LATEST };

#[resolvers]
impl Payment {
    /// What is asked for; once it is approved, what came.
    async fn amount(amount: i32, currency: String) -> Result<Money> {
        Ok(Money::new(amount, currency))
    }

    /// What went back of it by its provider; what became credit is not counted.
    async fn refunded(refunded: i32, currency: String) -> Result<Money> {
        Ok(Money::new(refunded, currency))
    }

    /// Where it is made; null until the provider has said so (`orderChanged` tells), of a MANUAL payment, and once it has ended.
    async fn checkout_url(
        id: Id<Payment>,
        provider: PaymentProvider,
        status: PaymentStatus,
        checkout_url: Option<String>,
        school: String,
        ctx: &Context<'_>,
    ) -> Result<Option<String>> {
        Ok(match (status, provider) {
            (PaymentStatus::Pending, PaymentProvider::Test) => Some(ctx.request().services.outside.get::<Taking>()?.test_page(&school, id)),
            (PaymentStatus::Pending, _) => checkout_url,
            _ => None,
        })
    }

    /// What its provider has said of it, the oldest first.
    #[needs(OrderReadAll, PaymentManage)]
    #[cost(10)]
    async fn events(id: Id<Payment>, ctx: &Context<'_>) -> Result<Vec<PaymentEvent>> {
        Ok(ctx.load(EventsOf(id)).await?.unwrap_or_default())
    }
}

/// Something that a provider has said of a payment. What it says twice is taken once.
#[object]
#[derive(Clone, Debug)]
pub struct PaymentEvent {
    /// The provider's own name for it; `answer:…` where it was asked.
    pub event_id: String,
    /// What it says, in the provider's words: checkout.session.completed.
    pub r#type: String,
    /// What became of it.
    pub outcome: PaymentEventOutcome,
    /// When it was taken.
    pub received_at: DateTime,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct EventsOf(Id<Payment>);

impl Loader<EventsOf> for Batch {
    type Value = Vec<PaymentEvent>;
    type Error = Error;

    async fn load(&self, keys: &[EventsOf]) -> Result<HashMap<EventsOf, Vec<PaymentEvent>>> {
        let payments: Vec<Id<Payment>> = keys.iter().map(|key| key.0).collect();
        let mut found: HashMap<EventsOf, Vec<PaymentEvent>> = HashMap::new();
        for row in &self.tx.query(sql::EVENTS, &[&payments]).await? {
            let mut reader = ColumnReader::new(row);
            let of = EventsOf(reader.next()?);
            let event =
                PaymentEvent { event_id: reader.next()?, r#type: reader.next()?, outcome: reader.next()?, received_at: reader.next()? };
            found.entry(of).or_default().push(event);
        }
        Ok(found)
    }
}
