//! Invoices and credit notes.

use std::{collections::HashMap, sync::Arc};

use async_graphql::{Context, dataloader::Loader};
use lectern_kernel::{
    db::{DbError, Order as ListOrder, SortKey},
    error::{Error, Result},
    ids::Id,
    resolve::{Batch, Ctx, DateTime, Json, Loaded, Shape},
    text_enum,
};
use lectern_macros::{object, resolvers};
use serde_json::Value;

use super::sql;
use crate::domains::{files::File, orders::Order, programs::Money};

text_enum! {
    /// What an invoice is.
    pub enum InvoiceKind {
        /// What was sold.
        Invoice = "INVOICE",
        /// What of it was given back.
        CreditNote = "CREDIT_NOTE",
    }
}

/// An invoice of an order that was paid, or a credit note of a refund. What stands on it was so when it was issued, and does not change. You see those of your own orders;
/// with ORDER_READ_ALL or PAYMENT_MANAGE, all of the school.
#[object(table = "invoice", alias = "iv", id = "invoice", node, resolvers)]
#[derive(Clone, Debug)]
pub struct Invoice {
    /// Its id.
    pub id: Id<Invoice>,
    /// What it is.
    pub kind: InvoiceKind,
    /// Its number: of each kind, 1, 2, 3 and so on, without gaps.
    #[column("{}.number::integer")]
    pub number: i32,
    /// What stands on it: the school's prefix and six digits.
    pub code: String,
    /// When it was issued.
    pub issued_at: DateTime,
    /// The order; null when you may not see it.
    #[one]
    pub order_id: Id<Order>,
    #[hidden]
    #[wide]
    pub document: Value,
    #[hidden]
    pub total: i32,
    #[hidden]
    pub tax: i32,
    #[hidden]
    pub currency: String,
}

/// By their numbers, the latest first.
pub const LATEST: ListOrder = ListOrder { key: SortKey::whole("NUMBER", "iv.number"), id: "iv.id", descending: true };
/// As they were issued.
pub const IN_ORDER: ListOrder = ListOrder { key: SortKey::moment("ISSUED_AT", "iv.issued_at"), id: "iv.id", descending: false };

#[resolvers]
impl Invoice {
    /// What its lines come to, tax included.
    async fn total(total: i32, currency: String) -> Result<Money> {
        Ok(Money::new(total, currency))
    }

    /// The tax in it.
    async fn tax(tax: i32, currency: String) -> Result<Money> {
        Ok(Money::new(tax, currency))
    }

    /// What stands on it: seller, buyer, lines, taxes.
    fn document(document: Value) -> Json {
        Json(document)
    }

    /// The page to print; null until it is drawn.
    #[cost(10)]
    async fn file(id: Id<Invoice>, ctx: &Context<'_>) -> Result<Option<Loaded<File>>> {
        ctx.load(DrawnOf(id)).await
    }
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct DrawnOf(Id<Invoice>);

impl Loader<DrawnOf> for Batch {
    type Value = Loaded<File>;
    type Error = Error;

    async fn load(&self, keys: &[DrawnOf]) -> Result<HashMap<DrawnOf, Loaded<File>>> {
        let invoices: Vec<Id<Invoice>> = keys.iter().map(|key| key.0).collect();
        let info = self.catalog().of(File::object());
        let (sql, shape) = (sql::DRAWINGS.replace("{f}", &info.select("f", true)), Shape::alone(info, true));
        let mut found = HashMap::new();
        for row in self.tx.query(&sql, &[&invoices]).await? {
            let row = Arc::new(row);
            let invoice: Id<Invoice> = row.try_get(shape.width()).map_err(DbError::from)?;
            if let Some(file) = Loaded::joined(&row, 0, &shape) {
                found.insert(DrawnOf(invoice), file);
            }
        }
        Ok(found)
    }
}
