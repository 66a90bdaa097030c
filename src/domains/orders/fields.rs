//! What orders add to applications, attendees and the dashboard.

use std::collections::HashMap;

use async_graphql::{Context, dataloader::Loader};
use lectern_kernel::{
    db::ColumnReader,
    error::{Error, Result},
    ids::Id,
    resolve::{Batch, Connection, Ctx, Forward, Loaded, Nested, Rows, all, many},
};
use lectern_macros::extends;

use super::{
    order::{LATEST, Order},
    sql,
    ticket::{BY_CREATION, Ticket},
};
use crate::domains::{applications::Application, attendees::Attendee, programs::Money, reports::Dashboard};

static ORDERS: Nested = Nested::new("application.orders", LATEST, "od.application_id");
static TICKETS: Nested = Nested::new("attendee.tickets", BY_CREATION, "tk.attendee_id");

/// What is added to applications.
pub struct ApplicationOrders;

#[extends(Application)]
impl ApplicationOrders {
    /// What is to its good: for the applicant, ORDER_READ_ALL, PAYMENT_MANAGE, APPLICATION_READ_ALL and APPLICATION_MANAGE; one for each currency.
    #[cost(2)]
    async fn credit(id: Id<Application>, ctx: &Context<'_>) -> Result<Vec<Money>> {
        Ok(ctx.load(CreditOf(id)).await?.unwrap_or_default())
    }

    /// The orders for it that you may see, the latest first.
    async fn orders(id: Id<Application>, ctx: &Context<'_>, page: Forward) -> Result<Connection<Order>> {
        many(ctx, &ORDERS, id.0, page).await
    }

    /// Whether its fee is paid.
    #[column("({}.fee_paid_at IS NOT NULL)")]
    fn fee_paid() -> bool;
}

/// What is added to attendees.
pub struct AttendeeTickets;

#[extends(Attendee)]
impl AttendeeTickets {
    /// Their tickets that you may see, as they were ordered, cancelled ones included.
    #[cost(20)]
    async fn tickets(id: Id<Attendee>, ctx: &Context<'_>) -> Result<Vec<Loaded<Ticket>>> {
        all(ctx, &TICKETS, id.0).await
    }
}

/// What is added to the dashboard.
pub struct DashboardOrders;

#[extends(Dashboard)]
impl DashboardOrders {
    /// Tickets that admit you, or those who come with an application of yours, the latest first; 100 at most.
    #[cost(20)]
    async fn tickets(ctx: &Context<'_>) -> Result<Vec<Loaded<Ticket>>> {
        Ok(ctx.rows::<Ticket>(sql::OWN_TICKETS, &[&ctx.actor()?.user]).await?)
    }

    /// Your orders that wait to be paid, the latest first; 100 at most.
    #[cost(20)]
    async fn open_orders(ctx: &Context<'_>) -> Result<Vec<Loaded<Order>>> {
        Ok(ctx.rows::<Order>(sql::OPEN_ORDERS, &[&ctx.actor()?.user]).await?)
    }
}

/// The credit of an application, by currency.
#[derive(Clone, PartialEq, Eq, Hash)]
struct CreditOf(Id<Application>);

impl Loader<CreditOf> for Batch {
    type Value = Vec<Money>;
    type Error = Error;

    async fn load(&self, keys: &[CreditOf]) -> Result<HashMap<CreditOf, Vec<Money>>> {
        let applications: Vec<Id<Application>> = keys.iter().map(|key| key.0).collect();
        let mut credits: HashMap<CreditOf, Vec<Money>> = HashMap::new();
        for row in &self.tx.query(sql::CREDITS, &[&applications]).await? {
            let mut reader = ColumnReader::new(row);
            let (of, amount, currency): (CreditOf, i64, String) = (CreditOf(reader.next()?), reader.next()?, reader.next()?);
            credits.entry(of).or_default().push(Money::new(i32::try_from(amount).unwrap_or(i32::MAX), currency));
        }
        Ok(credits)
    }
}
