//! What a document is before it runs: valid or not, and what it costs.
//!
//! The rules are asked once for each text (`rules/`), the values of variables are looked at each time. async-graphql computes the
//! cost, and tells only its extensions; an extension on the schema that executes would make every field slower. So another schema
//! computes it, and stops there; neither validates. To async-graphql `__typename` costs nothing, however often a page of a page has
//! it: the cost is computed with another name in its place.

use std::sync::{Arc, OnceLock};

use async_graphql::{
    Response, ServerError, ValidationResult, Variables, async_trait,
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextValidation},
    parser::types::{DocumentOperations, ExecutableDocument},
    value,
};
use futures_util::future::BoxFuture;

use super::{
    document::Document,
    limits::{Limits, within},
    merge::merge,
    normalize,
    parsed::ParsedDocument,
    rules::{Rules, coerce},
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
    rules: Rules,
    reckoning: Executor,
}

/// A schema that executes requests, whatever its types are.
pub type Executor = Arc<dyn Fn(async_graphql::Request) -> BoxFuture<'static, Response> + Send + Sync>;

impl Checker {
    /// `reckoning` ends with [`Stop`], and does not validate.
    pub fn new(rules: Rules, reckoning: Executor) -> Self {
        Checker { rules, reckoning }
    }

    /// Whether a text is valid, whatever values its variables will have.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub(crate) fn validate(&self, source: &ParsedDocument) -> Result<(), Vec<ServerError>> {
        source.checked(&self.rules).verdict()
    }

    /// Validates a document with the values of its variables, and brings both into the form in which they run.
    ///
    /// # Errors
    /// Everything that is wrong with it; or that it is beyond the limits of depth and cost.
    pub async fn check(&self, document: &mut Document, limits: &Limits) -> Result<Cost, Vec<ServerError>> {
        let source = document.source.clone();
        let checked = source.checked(&self.rules);
        checked.verdict()?;
        // Where its variables have no say in the cost, and can't be wrong, it is found out once.
        let is_constant = source.is_constant(&document.variables);
        let cost = match source.cost.get().filter(|_| is_constant) {
            Some(cost) => *cost,
            None => {
                if let DocumentOperations::Single(operation) = &document.parsed.operations {
                    coerce(&self.rules, checked, &operation.node, &mut document.variables)?;
                }
                let cost = self.reckon(document.parsed.clone(), document.variables.clone(), limits).await?;
                if is_constant {
                    let _ = source.cost.set(cost);
                }
                cost
            }
        };
        if checked.repeats {
            merge(self.rules.schema(), &mut document.parsed, &document.variables);
        }
        Ok(cost)
    }

    /// What a valid document costs.
    ///
    /// # Errors
    /// That it is beyond the limits of depth and cost; or what a field's cost can't be reckoned by.
    pub(crate) async fn reckon(
        &self,
        mut parsed: ExecutableDocument,
        variables: Variables,
        limits: &Limits,
    ) -> Result<Cost, Vec<ServerError>> {
        normalize::rename_typename(&mut parsed, COUNTED);
        let cost = run(&self.reckoning, parsed, variables).await?;
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

/// The extension of the schema that reckons: keeps what was found, and ends the request there.
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
