//! What a program sells.

use async_graphql::Context;
use lectern_kernel::{
    db::{Order, SortKey},
    error::Result,
    ids::Id,
    resolve::{Ctx, DateTime, Loaded, Nested, all},
    text_enum,
};
use lectern_macros::{extends, object, resolvers};

use super::loaders::{AvailabilityOf, PricesOf, ShownOf, StockOf};
use crate::domains::programs::{Money, Program, PublicProgram, percent};

text_enum! {
    /// What a product is.
    pub enum ProductKind {
        /// It admits to the program.
        Ticket = "TICKET",
        /// A place to sleep.
        Housing = "HOUSING",
        /// A thing to take home.
        Merch = "MERCH",
        /// Anything else.
        Other = "OTHER",
    }
}

text_enum! {
    /// How much of a program a ticket is for.
    pub enum ProductDuration {
        /// A day.
        Day = "DAY",
        /// A week.
        Week = "WEEK",
        /// A month.
        Month = "MONTH",
        /// All of it.
        Full = "FULL",
    }
}

text_enum! {
    /// Whether a product can be bought now.
    pub enum ProductAvailability {
        /// Its sale has not begun.
        Upcoming = "UPCOMING",
        /// It can be bought.
        OnSale = "ON_SALE",
        /// There is nothing left of it, whether or not its sale runs.
        SoldOut = "SOLD_OUT",
        /// Its sale is over.
        Ended = "ENDED",
    }
}

text_enum! {
    /// How often a ticket admits.
    pub enum Admission {
        /// Once.
        Once = "ONCE",
        /// Once each day of the school's time zone.
        Daily = "DAILY",
    }
}

/// What a program sells to attendees of accepted applications. You see it with its program; what is not sold any more shows to PROGRAM_MANAGE and ORDER_READ_ALL.
#[object(table = "product", alias = "pd", id = "product", node, resolvers)]
#[derive(Clone, Debug)]
pub struct Product {
    /// Its id.
    pub id: Id<Product>,
    /// The program that sells it; null when you may not see it.
    #[one]
    pub program_id: Id<Program>,
    /// Its name; 1 to 200 characters, not necessarily unique.
    pub name: String,
    /// More about it; at most 10,000 characters.
    #[wide]
    pub description: Option<String>,
    /// What it is.
    pub kind: ProductKind,
    /// How much of the program it is for; null for what is no TICKET.
    pub duration: Option<ProductDuration>,
    /// How often it admits.
    pub admission: Admission,
    /// How many of it one attendee may hold; null: any number.
    pub per_person_limit: Option<i32>,
    /// How many of it one order may have; null: any number.
    pub per_order_limit: Option<i32>,
    /// When its sale begins; null: at once.
    pub sale_starts_at: Option<DateTime>,
    /// When its sale ends; null: with its program.
    pub sale_ends_at: Option<DateTime>,
    /// From when on it admits; null: at once.
    pub valid_from: Option<DateTime>,
    /// Until when it admits; null: for ever.
    pub valid_until: Option<DateTime>,
    /// Whether an attendee may hold one product of this kind that is exclusive, and no more.
    pub exclusive: bool,
    /// What an attendee must hold, or buy with it; null: nothing, or when you may not see it.
    #[one]
    pub requires_product_id: Option<Id<Product>>,
    /// Whether discounts take something off it.
    pub discountable: bool,
    /// Whether it can be given back for something else.
    pub exchangeable: bool,
    #[hidden]
    pub tax_percent: i32,
    /// Whether prices contain the tax; else it comes on top.
    pub tax_included: bool,
    /// Its place among the program's products: the least comes first.
    pub position: i32,
    /// Whether it is sold.
    pub is_active: bool,
    /// When it was added.
    #[wide]
    pub created_at: DateTime,
    /// When it was last changed, not counting its prices and its stock.
    #[wide]
    pub updated_at: DateTime,
}

/// By their place.
pub const BY_POSITION: Order = Order { key: SortKey::whole("POSITION", "pd.position"), id: "pd.id", descending: false };

static OF_PROGRAM: Nested = Nested::new("program.products", BY_POSITION, "pd.program_id");

#[resolvers]
impl Product {
    /// What it costs, in the order of the program's currencies as they were when it was priced.
    #[cost(5)]
    async fn prices(id: Id<Product>, ctx: &Context<'_>) -> Result<Vec<Money>> {
        Ok(ctx.load(PricesOf(id)).await?.unwrap_or_default())
    }

    /// Whether it can be bought now. SOLD_OUT wins over its dates.
    #[cost(2)]
    async fn availability(id: Id<Product>, ctx: &Context<'_>) -> Result<ProductAvailability> {
        Ok(ctx.load(AvailabilityOf(id)).await?.unwrap_or(ProductAvailability::Ended))
    }

    /// Its tax, in percent; 0 to 100 with two decimals at most.
    fn tax_percent(tax_percent: i32) -> f64 {
        percent(tax_percent)
    }

    /// How many there are in all; null: any number.
    #[needs(ProgramManage, OrderReadAll)]
    #[cost(2)]
    async fn stock(id: Id<Product>, ctx: &Context<'_>) -> Result<Option<i32>> {
        Ok(ctx.load(StockOf(id)).await?.and_then(|stock| stock.all))
    }

    /// How many are left: its stock without what live tickets hold; null: any number.
    #[needs(ProgramManage, OrderReadAll)]
    #[cost(2)]
    async fn left(id: Id<Product>, ctx: &Context<'_>) -> Result<Option<i32>> {
        Ok(ctx.load(StockOf(id)).await?.and_then(|stock| stock.left()))
    }
}

/// What is added to programs.
pub struct ProgramProducts;

#[extends(Program)]
impl ProgramProducts {
    /// What it sells, in its order: 200 products at most. What is not sold any more shows to PROGRAM_MANAGE and ORDER_READ_ALL.
    #[cost(20)]
    async fn products(id: Id<Program>, ctx: &Context<'_>) -> Result<Vec<Loaded<Product>>> {
        all(ctx, &OF_PROGRAM, id.0).await
    }
}

/// A product as everybody may know it.
#[object]
#[derive(Clone, Debug)]
pub struct PublicProduct {
    /// Its name.
    pub name: String,
    /// More about it.
    pub description: Option<String>,
    /// What it is.
    pub kind: ProductKind,
    /// What it costs, in each currency of the program that it has a price in.
    pub prices: Vec<Money>,
    /// Whether it can be bought now.
    pub availability: ProductAvailability,
}

/// What is added to programs as everybody may know them.
pub struct PublicProgramProducts;

#[extends(PublicProgram)]
impl PublicProgramProducts {
    /// What it sells, in its order.
    #[cost(20)]
    async fn products(id: Id<Program>, tenant_id: Id<crate::domains::tenants::Tenant>, ctx: &Context<'_>) -> Result<Vec<PublicProduct>> {
        Ok(ctx.load(ShownOf { school: tenant_id, program: id }).await?.unwrap_or_default())
    }
}
