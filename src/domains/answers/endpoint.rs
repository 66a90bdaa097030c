//! Where models are asked: the deployment's endpoint, or a school's own; and by which key.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use async_graphql::Context;
use lectern_kernel::{
    db::{DbError, Tx},
    error::{Error, Result},
    jobs::Outside,
    outbound::{Addresses, NotAllowed, Outbound, Resolver, SystemResolver},
    resolve::Ctx,
    sealing::{Place, Sealed, Sealer},
};
use url::Url;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::sql;

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(5);
/// How long one call may take in all.
const WHOLE: Duration = Duration::from_secs(600);
/// Tokens that the deployment's model reads and writes together, where nothing else is said.
pub const USUAL_CONTEXT: i32 = 32_768;
/// The deployment's model, where nothing else is said.
pub const USUAL_MODEL: &str = "default";

/// What the operator says of models.
#[derive(Clone)]
pub struct Deployment {
    /// The model that is asked where a school names none.
    pub model: String,
    /// Tokens that it reads and writes together.
    pub context: i32,
    /// What makes vectors of texts; none: texts are found by their words.
    pub embedding_model: Option<String>,
    url: Option<String>,
    key: Option<Zeroizing<String>>,
    addresses: Addresses,
    resolver: Arc<dyn Resolver>,
    /// Made when something is asked first: whoever asks nothing reads no certificates.
    ways: Arc<OnceLock<Option<Ways>>>,
}

#[derive(Clone)]
struct Ways {
    /// To the operator's own endpoint, wherever it is.
    own: Outbound,
    /// To endpoints that schools name.
    schools: Outbound,
}

/// What the operator has set.
#[derive(Default)]
pub struct DeploymentOptions {
    /// The endpoint, with `/v1`.
    pub url: Option<String>,
    /// Its key.
    pub key: Option<String>,
    /// As [`Deployment::model`].
    pub model: Option<String>,
    /// As [`Deployment::context`].
    pub context: Option<i32>,
    /// As [`Deployment::embedding_model`].
    pub embedding_model: Option<String>,
}

impl Default for Deployment {
    /// Without an endpoint.
    fn default() -> Self {
        Deployment {
            model: USUAL_MODEL.to_owned(),
            context: USUAL_CONTEXT,
            embedding_model: None,
            url: None,
            key: None,
            addresses: Addresses::default(),
            resolver: Arc::new(SystemResolver),
            ways: Arc::default(),
        }
    }
}

impl Deployment {
    /// With what the operator has set, and the rule of addresses that schools may name.
    ///
    /// # Errors
    /// When the endpoint is no address.
    pub fn new(options: DeploymentOptions, addresses: Addresses) -> anyhow::Result<Self> {
        Deployment::resolving(options, addresses, Arc::new(SystemResolver))
    }

    /// The same, with names resolved by somebody else.
    ///
    /// # Errors
    /// As [`Deployment::new`].
    pub fn resolving(options: DeploymentOptions, addresses: Addresses, resolver: Arc<dyn Resolver>) -> anyhow::Result<Self> {
        let url = match options.url.as_deref().map(str::trim).filter(|url| !url.is_empty()) {
            Some(url) => {
                let read = Url::parse(url)
                    .ok()
                    .filter(|url| matches!(url.scheme(), "http" | "https") && url.query().is_none() && url.fragment().is_none());
                anyhow::ensure!(read.is_some(), "LECTERN_ASSISTANT_URL must be an address such as https://models.example/v1");
                Some(url.trim_end_matches('/').to_owned())
            }
            None => None,
        };
        Ok(Deployment {
            model: options.model.unwrap_or_else(|| USUAL_MODEL.to_owned()),
            context: options.context.unwrap_or(USUAL_CONTEXT),
            embedding_model: options.embedding_model,
            url,
            key: options.key.filter(|key| !key.is_empty()).map(Zeroizing::new),
            addresses,
            resolver,
            ways: Arc::default(),
        })
    }

    /// Makes sure now that something can be asked.
    ///
    /// # Errors
    /// When there can be no TLS.
    pub fn prepared(self) -> anyhow::Result<Self> {
        let made = self.make()?;
        let _ = self.ways.set(Some(made));
        Ok(self)
    }

    fn make(&self) -> anyhow::Result<Ways> {
        Ok(Ways {
            own: Outbound::patient(Addresses::everywhere(), Arc::new(SystemResolver), CONNECT, WHOLE)?,
            schools: Outbound::patient(self.addresses.clone(), self.resolver.clone(), CONNECT, WHOLE)?,
        })
    }

    fn ways(&self) -> Option<&Ways> {
        let made = || self.make().inspect_err(|error| tracing::error!("models can't be asked: {error:#}")).ok();
        self.ways.get_or_init(made).as_ref()
    }

    /// What the operator has set; without anything, a deployment that has no endpoint.
    pub fn of(ctx: &Context<'_>) -> Arc<Deployment> {
        Deployment::among(&ctx.request().services.outside)
    }

    /// The same, for jobs.
    pub fn among(outside: &Outside) -> Arc<Deployment> {
        outside.find::<Deployment>().unwrap_or_default()
    }

    /// Its own endpoint, with its own key, where it has one and can ask.
    pub fn endpoint(&self) -> Option<Endpoint> {
        Some(Endpoint { base: self.url.clone()?, key: self.key.clone(), way: self.ways()?.own.clone() })
    }

    /// Whether it has an endpoint.
    pub fn is_configured(&self) -> bool {
        self.url.is_some()
    }

    /// An address that a school names for its models: https, with nothing in it but where.
    ///
    /// # Errors
    /// `BAD_USER_INPUT`, with URL_NOT_ALLOWED where it is not the public's.
    pub(super) fn check(&self, field: &'static str, named: &str) -> Result<String> {
        let url = self.addresses.check(named.trim_matches(' ')).map_err(|reason| match reason {
            NotAllowed::Address => Error::bad_input(field, "must lead to a public address").reason("URL_NOT_ALLOWED"),
            NotAllowed::Characters => Error::bad_input(field, "must hold no control characters").reason("URL_NOT_ALLOWED"),
            NotAllowed::Malformed(expected) => Error::bad_input(field, expected),
        })?;
        if url.query().is_some() {
            return Err(Error::bad_input(field, "must have no query (?…)"));
        }
        Ok(url.as_str().trim_end_matches('/').to_owned())
    }
}

/// Where a school's models are asked now.
#[derive(Clone)]
pub struct Endpoint {
    base: String,
    key: Option<Zeroizing<String>>,
    pub(super) way: Outbound,
}

impl std::fmt::Debug for Endpoint {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Endpoint").finish_non_exhaustive()
    }
}

fn place(tenant: Uuid) -> Place<'static> {
    Place { tenant, table: "assistant_provider", column: "key" }
}

/// A school's key, as the database keeps it.
pub fn seal_key(sealer: &Sealer, tenant: Uuid, key: &str) -> Sealed {
    Sealed(sealer.seal(place(tenant), key.as_bytes()))
}

impl Endpoint {
    /// Reads where this transaction's school asks its models; none: nowhere. The transaction is to be over before it is asked.
    ///
    /// # Errors
    /// `INTERNAL` where the school's key does not open.
    pub async fn read(tx: &Tx, outside: &Outside) -> Result<Option<Endpoint>> {
        let deployment = Deployment::among(outside);
        let rows = tx.query(sql::OWN_ENDPOINT, &[]).await?;
        let (base, sealed): (Option<String>, Option<Vec<u8>>) = match rows.first() {
            Some(row) => (row.try_get(0).map_err(DbError::from)?, row.try_get(1).map_err(DbError::from)?),
            None => (None, None),
        };
        let own_key = match sealed {
            Some(sealed) => {
                let wrong = || Error::internal("a school's key to its models does not open: LECTERN_SECRET_KEYS lacks its key");
                let bytes = outside.get::<Sealer>()?.open(place(tx.identity().tenant), &sealed).map_err(|_| wrong())?;
                Some(Zeroizing::new(std::str::from_utf8(&bytes).map_err(|_| wrong())?.to_owned()))
            }
            None => None,
        };
        if base.is_none() && deployment.url.is_none() {
            return Ok(None);
        }
        let Some(ways) = deployment.ways() else { return Ok(None) };
        Ok(match (base, &deployment.url) {
            // The deployment's key is for the deployment's endpoint alone.
            (Some(base), _) => Some(Endpoint { base, key: own_key, way: ways.schools.clone() }),
            (None, Some(url)) => {
                Some(Endpoint { base: url.clone(), key: own_key.or_else(|| deployment.key.clone()), way: ways.own.clone() })
            }
            (None, None) => None,
        })
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    pub(super) fn key(&self) -> Option<&str> {
        self.key.as_ref().map(|key| key.as_str())
    }
}

/// Whether this school's models can be asked at all.
///
/// # Errors
/// When the database can't be asked.
pub async fn is_configured(ctx: &Context<'_>) -> Result<bool> {
    if Deployment::of(ctx).is_configured() {
        return Ok(true);
    }
    Ok(ctx.tx().value::<bool>(sql::HAS_OWN_ENDPOINT, &[]).await?.unwrap_or(false))
}
