//! Reading programs.

use async_graphql::Context;
use lectern_kernel::{
    db::List,
    error::Result,
    ids::Id,
    resolve::{Connection, Ctx as _, Forward, Loaded, OrderBy, Paging, Rows, filtered, list_of, one, page},
};
use lectern_macros::queries;

use super::{
    Program, PublicProgram,
    lists::{ProgramFilter, ProgramOrders},
    public::BY_NAME,
    sql,
};

/// Queries of programs.
pub struct ProgramQueries;

#[queries]
impl ProgramQueries {
    /// The programs of a school that everybody may know of, by name, for sign-in pages: those that are ACTIVE and not over. A school that is unknown, not listed, or
    /// not in good standing answers like one without programs.
    #[public]
    async fn public_programs(
        ctx: &Context<'_>,
        /// The school's slug.
        tenant: String,
        #[texts(first = "How many; 1 to 100, 20 unless given.")] paging: Forward,
    ) -> Result<Connection<PublicProgram>> {
        ctx.tx().go_to_school_named(&tenant).await?;
        let mut list = List::public("publicPrograms", BY_NAME);
        let school = list.bind(tenant);
        list.inner_join(&format!("app.public_programs({school}) pb"));
        page(ctx, list, paging).await
    }

    /// One of them; null when there is none.
    #[public]
    async fn public_program(
        ctx: &Context<'_>,
        /// The school's slug.
        tenant: String,
        /// The program's slug.
        slug: String,
    ) -> Result<Option<Loaded<PublicProgram>>> {
        ctx.tx().go_to_school_named(&tenant).await?;
        Ok(ctx.row(sql::PUBLIC, &[&tenant, &slug]).await?)
    }

    /// A program; null when there is none, or none that you may see.
    async fn program(
        ctx: &Context<'_>,
        /// The program's id.
        id: Id<Program>,
    ) -> Result<Option<Loaded<Program>>> {
        one(ctx, id).await
    }

    /// The programs that you may see, by name unless ordered otherwise: those that are ACTIVE or ENDED, those that you have applied to or review for, and with
    /// PROGRAM_MANAGE or APPLICATION_READ_ALL all.
    async fn programs(
        ctx: &Context<'_>,
        paging: Paging,
        /// Which programs.
        filter: Option<ProgramFilter>,
        /// In which order.
        order_by: Option<OrderBy<ProgramOrders>>,
    ) -> Result<Option<Connection<Program>>> {
        let mut list = list_of::<Program>("programs", OrderBy::or_usual(ctx, order_by));
        filter.unwrap_or_default().narrow(&mut list)?;
        page(ctx, filtered::<ProgramFilter>(ctx, list)?, paging).await.map(Some)
    }
}
