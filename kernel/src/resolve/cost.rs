//! What fields cost, before anything runs.

use async_graphql::{
    Positioned, ServerResult, VisitorContext,
    parser::types::{Field, VariableDefinition},
};

use crate::db::page_size;

/// A list of about `N` items.
///
/// # Errors
/// Never.
pub fn times<const N: usize>(_: &VisitorContext<'_>, _: &[Positioned<VariableDefinition>], _: &Field, child: usize) -> ServerResult<usize> {
    Ok(N * child)
}

/// A page: as many items as `first` or `last` says.
///
/// # Errors
/// Where an argument is no integer.
pub fn page(ctx: &VisitorContext<'_>, variables: &[Positioned<VariableDefinition>], field: &Field, child: usize) -> ServerResult<usize> {
    let first: Option<i32> = ctx.param_value(variables, field, "first", None)?;
    let last: Option<i32> = ctx.param_value(variables, field, "last", None)?;
    Ok(page_size(first, last) * child)
}
