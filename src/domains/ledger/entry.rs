//! The books: what happened, and what it moved between accounts.

use std::collections::HashMap;

use async_graphql::{Context, dataloader::Loader};
use lectern_kernel::{
    db::{ColumnReader, Order as ListOrder, SortKey},
    error::{Error, Result},
    ids::Id,
    resolve::{Batch, Ctx, DateTime, Loaded, Rows},
    text_enum,
};
use lectern_macros::{object, resolvers};

use super::sql;
use crate::domains::{
    orders::Order,
    payments::{Payment, Refund},
    products::Product,
    programs::MinorUnits,
};

text_enum! {
    /// What money is booked on.
    pub enum LedgerAccount {
        /// Transfers and cash.
        CashManual = "CASH_MANUAL",
        /// What is at Stripe.
        CashStripe = "CASH_STRIPE",
        /// What the test provider would hold, if it held anything.
        CashTest = "CASH_TEST",
        /// What buyers have paid of orders that are not paid in full; 0 for every order that is not PENDING.
        Customer = "CUSTOMER",
        /// What applications have to their good.
        Credit = "CREDIT",
        /// What was sold, without tax.
        Revenue = "REVENUE",
        /// The tax in it.
        Tax = "TAX",
        /// Credit that was given out of goodwill.
        Goodwill = "GOODWILL",
        /// Money that came when nothing was to be paid, until it has gone its way.
        Suspense = "SUSPENSE",
    }
}

text_enum! {
    /// What an entry of the ledger is about.
    pub enum LedgerEntryKind {
        /// Money came for an order.
        Payment = "PAYMENT",
        /// An order is paid: something is sold, and what was given in exchange is not.
        Sale = "SALE",
        /// Something went back.
        Refund = "REFUND",
        /// Credit was given.
        Credit = "CREDIT",
        /// Money came when nothing was to be paid, or an order was revived by it.
        LatePayment = "LATE_PAYMENT",
    }
}

/// An entry of the ledger. Nobody changes or removes one.
#[object(table = "ledger_entry", alias = "le", id = "ledgerentry", node, resolvers)]
#[derive(Clone, Debug)]
pub struct LedgerEntry {
    /// Its id.
    pub id: Id<LedgerEntry>,
    /// What it is about.
    pub kind: LedgerEntryKind,
    /// When it was booked.
    pub at: DateTime,
    /// The order; null where it is about none.
    #[one]
    pub order_id: Option<Id<Order>>,
    /// The payment; null where it is about none.
    #[one]
    pub payment_id: Option<Id<Payment>>,
    /// The refund; null where it is about none.
    #[one]
    pub refund_id: Option<Id<Refund>>,
}

/// The latest first.
pub const LATEST: ListOrder = ListOrder { key: SortKey::moment("AT", "le.at"), id: "le.id", descending: true };

#[resolvers]
impl LedgerEntry {
    /// What it moves. They sum to 0.
    #[cost(10)]
    async fn postings(id: Id<LedgerEntry>, ctx: &Context<'_>) -> Result<Vec<LedgerPosting>> {
        Ok(ctx.load(PostingsOf(id)).await?.unwrap_or_default())
    }
}

/// What an entry moves on one account.
#[object(resolvers)]
#[derive(Clone, Debug)]
pub struct LedgerPosting {
    /// On which account.
    pub account: LedgerAccount,
    /// Debit above 0, credit below, in minor units.
    pub amount: MinorUnits,
    /// The currency, as ISO 4217 has it.
    pub currency: String,
    #[hidden]
    pub product_id: Option<Id<Product>>,
}

#[resolvers]
impl LedgerPosting {
    /// What was sold; null for fees, and on accounts that know no products.
    async fn product(&self, ctx: &Context<'_>) -> Result<Option<Loaded<Product>>> {
        match self.product_id {
            Some(product) => ctx.whole(product).await,
            None => Ok(None),
        }
    }
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct PostingsOf(Id<LedgerEntry>);

impl Loader<PostingsOf> for Batch {
    type Value = Vec<LedgerPosting>;
    type Error = Error;

    async fn load(&self, keys: &[PostingsOf]) -> Result<HashMap<PostingsOf, Vec<LedgerPosting>>> {
        let entries: Vec<Id<LedgerEntry>> = keys.iter().map(|key| key.0).collect();
        let mut found: HashMap<PostingsOf, Vec<LedgerPosting>> = HashMap::new();
        for row in &self.tx.query(sql::POSTINGS, &[&entries]).await? {
            let mut reader = ColumnReader::new(row);
            let of = PostingsOf(reader.next()?);
            let posting =
                LedgerPosting { account: reader.next()?, amount: reader.next()?, currency: reader.next()?, product_id: reader.next()? };
            found.entry(of).or_default().push(posting);
        }
        Ok(found)
    }
}
