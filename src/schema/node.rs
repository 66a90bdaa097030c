//! `node` and `nodes`: anything by its id, through the guards and the rows of its own type.

use async_graphql::{
    Context, ID, Positioned, ServerResult, VisitorContext,
    parser::types::{Field, VariableDefinition},
};
use futures_util::future::try_join_all;
use lectern_kernel::{
    error::{Error, Result},
    ids::Id,
    resolve::Node,
};
use lectern_macros::queries;

use crate::domains::files::{self, File};

/// Ids at most in one call of `nodes`.
const MAX_NODES: usize = 100;

/// As many things as there are ids; an id that is null is refused by the field itself.
fn ids_cost(ctx: &VisitorContext<'_>, variables: &[Positioned<VariableDefinition>], field: &Field, child: usize) -> ServerResult<usize> {
    let ids: Option<Vec<Option<ID>>> = ctx.param_value(variables, field, "ids", None)?;
    Ok(ids.map_or(0, |ids| ids.len()) * child)
}

/// What has an id. A file is also found by an answer that names it, as `file` finds it.
async fn found(ctx: &Context<'_>, field: &str, id: &ID) -> Result<Option<Node>> {
    match (Node::find(ctx, field, id).await?, Id::<File>::parse(field, id)) {
        (None, Ok(file)) => Ok(files::answered(ctx, file).await?.as_ref().map(Node::of)),
        (found, _) => Ok(found),
    }
}

/// Anything by its id.
pub struct NodeQueries;

#[queries]
impl NodeQueries {
    /// Anything by its id; null when there is no such thing, or none that you may see. What its own root field needs is
    /// needed here as well.
    async fn node(
        ctx: &Context<'_>,
        /// The id of anything.
        id: ID,
    ) -> Result<Option<Node>> {
        found(ctx, "id", &id).await
    }

    /// Several things by their ids, in the order asked for; null for each that you may not see. At most 100.
    #[cost(ids_cost)]
    async fn nodes(
        ctx: &Context<'_>,
        /// The ids of anything; at most 100.
        ids: Vec<ID>,
    ) -> Result<Vec<Option<Node>>> {
        if ids.len() > MAX_NODES {
            return Err(Error::bad_input("ids", format!("must hold at most {MAX_NODES} ids")));
        }
        let fields: Vec<String> = (0..ids.len()).map(|index| format!("ids.{index}")).collect();
        try_join_all(ids.iter().zip(&fields).map(|(id, field)| found(ctx, field, id))).await
    }
}
