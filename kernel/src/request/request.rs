//! What a client sends.

use async_graphql::Variables;
use serde::Deserialize;

use super::cache::PersistedQuery;
use crate::error::{Error, Result};

/// The body of a GraphQL request.
#[derive(Debug, Clone, Deserialize, Default)]
pub struct GraphqlRequest {
    /// The document; empty where it is named by its hash or id.
    #[serde(default)]
    pub query: String,
    /// What the document is called among the trusted ones; or `sha256:` and its hash.
    #[serde(default, rename = "documentId")]
    pub document_id: Option<String>,
    /// Which of its operations.
    #[serde(default, rename = "operationName")]
    pub operation_name: Option<String>,
    /// The values of its variables.
    #[serde(default)]
    pub variables: Option<Variables>,
    /// What else is asked of the service.
    #[serde(default)]
    pub extensions: Option<RequestExtensions>,
    /// The client's address, as rate limits tell addresses apart.
    #[serde(skip)]
    pub address: Option<String>,
    /// What the client says it is.
    #[serde(skip)]
    pub user_agent: Option<String>,
}

/// What a request may ask of the service beside its document. Unknown extensions are ignored.
#[derive(Debug, Clone, Deserialize, Default)]
pub struct RequestExtensions {
    /// That the answer says what the document cost, in `extensions.cost`.
    #[serde(default)]
    pub cost: bool,
    /// That a mutation document is rehearsed: run, answered, and taken back.
    #[serde(default, rename = "dryRun")]
    pub dry_run: bool,
    /// The document's hash, after Apollo's protocol.
    #[serde(default, rename = "persistedQuery")]
    pub persisted_query: Option<PersistedQuery>,
}

impl RequestExtensions {
    /// Reads the `extensions` of a request.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for one that is known and not what it must be.
    pub fn read(object: serde_json::Value) -> Result<RequestExtensions> {
        let expected =
            "may hold `cost` and `dryRun` (booleans) and `persistedQuery` (`version` and `sha256Hash`), and these are not well-formed";
        serde_json::from_value(object).map_err(|_| Error::bad_input("extensions", expected))
    }
}
