//! What a document is before it runs: valid or not, and what it costs.
//!
//! async-graphql computes the cost while it validates, and tells only its extensions; an extension on the schema that executes
//! would make every field slower. So another schema validates, and stops there; the one that executes does not validate again.
//! To async-graphql `__typename` costs nothing, however often a page of a page has it: the cost of documents that name it is
//! computed once more, by a schema that does not validate, with another name in its place.

use std::sync::{Arc, OnceLock};

use async_graphql::{
    Response, ServerError, ValidationResult, Variables, async_trait,
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextValidation},
    parser::types::ExecutableDocument,
    value,
};
use futures_util::future::BoxFuture;

use super::{
    limits::{Limits, within},
    normalize,
};

/// What a document asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// The sum of its fields; a list counts its page size times what one of its items costs.
    pub complexity: usize,
    /// Levels of its fields.
    pub depth: usize,
}

impl Cost {
    /// As it stands in `extensions.cost` of an answer.
    pub fn describe(self, response: Response, limits: &Limits) -> Response {
        let Cost { complexity, depth } = self;
        let shown = value!({ "cost": complexity, "limit": limits.complexity, "depth": depth, "depthLimit": limits.depth });
        response.extension("cost", shown)
    }
}

/// Validates documents and computes what they cost.
pub struct Checker {
    validating: Executor,
    reckoning: Executor,
}

/// A schema that executes requests, whatever its types are.
pub type Executor = Arc<dyn Fn(async_graphql::Request) -> BoxFuture<'static, Response> + Send + Sync>;

impl Checker {
    /// `validating` and `reckoning` end with [`Stop`]; `reckoning` does not validate.
    pub fn new(validating: Executor, reckoning: Executor) -> Self {
        Checker { validating, reckoning }
    }

    /// Validates a document with the values of its variables.
    ///
    /// # Errors
    /// Everything that is wrong with it; or that it is beyond the limits of depth and cost.
    pub async fn check(&self, mut parsed: ExecutableDocument, variables: Variables, limits: &Limits) -> Result<Cost, Vec<ServerError>> {
        let mut cost = run(&self.validating, parsed.clone(), variables.clone()).await?;
        if normalize::rename_typename(&mut parsed, COUNTED) {
            cost = run(&self.reckoning, parsed, variables).await?;
        }
        within(cost.depth, limits.depth, "levels of fields")
            .and_then(|()| within(cost.complexity, limits.complexity, "points of cost"))
            .map_err(|error| vec![error.into()])?;
        Ok(cost)
    }
}

/// No field of the schema; an unknown field costs what any field costs.
const COUNTED: &str = "counted";

async fn run(schema: &Executor, parsed: ExecutableDocument, variables: Variables) -> Result<Cost, Vec<ServerError>> {
    let found = Arc::new(OnceLock::new());
    let mut request = async_graphql::Request::new(String::new()).variables(variables).data(found.clone());
    request.set_parsed_query(parsed);
    let response = schema(request).await;
    found.get().copied().ok_or(response.errors)
}

/// The extension of schemas that validate: keeps what the validation found, and ends the request there.
pub struct Stop;

impl ExtensionFactory for Stop {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Stop)
    }
}

#[async_trait::async_trait]
impl Extension for Stop {
    async fn validation(&self, ctx: &ExtensionContext<'_>, next: NextValidation<'_>) -> Result<ValidationResult, Vec<ServerError>> {
        let ValidationResult { complexity, depth, .. } = next.run(ctx).await?;
        if let Some(found) = ctx.data_opt::<Arc<OnceLock<Cost>>>() {
            let _ = found.set(Cost { complexity, depth });
        }
        Err(Vec::new())
    }
}
