//! Adding, changing and deleting products.

use async_graphql::{Context, ID, MaybeUndefined};
use lectern_kernel::{
    db::{DbError, OnConstraint},
    error::{Error, Result},
    ids::Id,
    resolve::{Ctx, Insert, Loaded, Patch, Rows},
};
use lectern_macros::mutations;

use super::{
    Product,
    inputs::{CreateProductInput, UpdateProductInput, prices, stock, unavailable},
    product::{ProductDuration, ProductKind},
    sql,
};
use crate::domains::programs::{Money, Program, below_used};

/// Mutations of products.
pub struct ProductMutations;

/// What the database refuses in a product.
fn refused<T>(written: Result<T, DbError>) -> Result<T> {
    let later = |field: &str, than: &str| Error::bad_input(field, format!("must be later than `{than}`"));
    Ok(written
        .on_constraint("program_products", |error| {
            let (limit, used) = (error.number("limit").unwrap_or_default(), error.number("used").unwrap_or_default());
            Error::limit_reached(format!("A program has at most {limit} products."), limit, used).field("programId")
        })
        .on_constraint("product_sale_check", |_| later("saleEndsAt", "saleStartsAt"))
        .on_constraint("product_validity_check", |_| later("validUntil", "validFrom"))
        .on_constraint("product_requires_check", |_| Error::bad_input("requiresProductId", "must be another product"))
        .on_constraint("product_requires_fkey", |_| Error::not_found("product").field("requiresProductId"))?)
}

/// What a product requires: another of its program.
async fn required(ctx: &Context<'_>, program: Id<Program>, id: &ID) -> Result<Id<Product>> {
    let id = Id::<Product>::parse("requiresProductId", id)?;
    match ctx.get(id).await? {
        Some(product) if product.program_id == program => Ok(id),
        _ => Err(Error::not_found("product").field("requiresProductId")),
    }
}

async fn set_prices(ctx: &Context<'_>, id: Id<Product>, program: Id<Program>, prices: &[Money]) -> Result<()> {
    let amounts: Vec<i32> = prices.iter().map(|price| price.amount).collect();
    let currencies: Vec<&str> = prices.iter().map(|price| price.currency.as_str()).collect();
    let set = ctx.tx().query(sql::SET_PRICES, &[&id, &program, &amounts, &currencies]).await;
    set.on_constraint("product_price_currency_fkey", |_| unavailable("prices"))?;
    Ok(())
}

async fn set_stock(ctx: &Context<'_>, id: Id<Product>, stock: Option<i32>) -> Result<()> {
    let set = ctx.tx().query(sql::SET_STOCK, &[&id, &stock]).await;
    set.on_constraint("product_stock_used", |error| below_used(error, "stock", "More of it are held than that."))?;
    Ok(())
}

#[mutations("Product")]
impl ProductMutations {
    /// Adds a product to a program, of 200 at most (LIMIT_REACHED). BAD_USER_INPUT with CURRENCY_UNAVAILABLE for a price in a currency that the program does not have, with
    /// AMOUNT_TOO_LARGE above 1,999,999,999.
    #[needs(ProgramManage)]
    async fn create_product(
        ctx: &Context<'_>,
        /// The product.
        input: CreateProductInput,
    ) -> Result<Loaded<Product>> {
        let made = Insert::<Product>::new().input(ctx, &input)?;
        let left = input.stock.map(|number| stock("stock", &number)).transpose()?;
        let duration = match (input.kind, input.duration) {
            (ProductKind::Ticket, duration) => Some(duration.unwrap_or(ProductDuration::Full)),
            (_, Some(_)) => return Err(Error::bad_input("duration", "goes with a TICKET alone")),
            (_, None) => None,
        };
        let program = Id::<Program>::parse("programId", &input.program_id)?;
        let known = ctx.get(program).await?.ok_or_else(|| Error::not_found("program").field("programId"))?;
        let prices = prices(&input.prices, &known.currencies)?;
        let requires = match &input.requires_product_id {
            Some(id) => Some(required(ctx, program, id).await?),
            None => None,
        };
        let columns = Product::COLUMNS;
        let made = made.set(columns.program_id, program).set(columns.duration, duration).set(columns.requires_product_id, requires);
        let id = made.id();
        let made = refused(made.run(ctx).await)?;
        set_prices(ctx, id, program, &prices).await?;
        if left.is_some() {
            set_stock(ctx, id, left).await?;
        }
        Ok(made)
    }

    /// Changes a product. What is left out stays as it is; prices that are given replace those before. Orders and tickets keep names, prices and terms as they were sold.
    /// CONFLICT with BELOW_USED for a stock below what live tickets hold; BAD_USER_INPUT with CURRENCY_UNAVAILABLE and AMOUNT_TOO_LARGE for wrong prices.
    #[needs(ProgramManage)]
    async fn update_product(
        ctx: &Context<'_>,
        /// The changes.
        input: UpdateProductInput,
    ) -> Result<Loaded<Product>> {
        let none = || Error::not_found("product").field("id");
        let id = Id::<Product>::parse("id", &input.id)?;
        let mut change = Patch::of(id).input(ctx, &input)?;
        let known = ctx.get(id).await?.ok_or_else(none)?;
        let left = match &input.stock {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(None),
            MaybeUndefined::Value(number) => Some(Some(stock("stock", number)?)),
        };
        let prices = match &input.prices {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => return Err(Error::not_null("prices")),
            MaybeUndefined::Value(given) => {
                let program = ctx.get(known.program_id).await?.ok_or_else(none)?;
                Some(prices(given, &program.currencies)?)
            }
        };
        let requires = match &input.requires_product_id {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(None),
            MaybeUndefined::Value(product) => Some(Some(required(ctx, known.program_id, product).await?)),
        };
        change = change.set_if(Product::COLUMNS.requires_product_id, requires);
        let changed = refused(change.run(ctx).await)?.ok_or_else(none)?;
        if let Some(prices) = prices {
            set_prices(ctx, id, known.program_id, &prices).await?;
        }
        if let Some(left) = left {
            set_stock(ctx, id, left).await?;
        }
        Ok(changed)
    }

    /// Deletes a product that was never ordered. CONFLICT with IN_USE for one that was, whatever became of it, and for one that another requires: `isActive: false` ends
    /// its sale. Answers its id.
    #[needs(ProgramManage)]
    async fn delete_product(
        ctx: &Context<'_>,
        /// The product's id.
        id: Id<Product>,
    ) -> Result<Id<Product>> {
        let deleted = ctx.tx().query(sql::DELETE_PRODUCT, &[&id]).await.on_reference(|| {
            Error::conflict("IN_USE", "It was ordered, or another product requires it: `isActive: false` ends its sale.").field("id")
        })?;
        if deleted.is_empty() { Err(Error::not_found("product").field("id")) } else { Ok(id) }
    }
}
