//! What providers are asked: what they say of themselves, and what came of a sign-in there. Nothing of the database is held meanwhile.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use futures_util::future::BoxFuture;
use lectern_kernel::{
    error::{Error, Result},
    outbound::{NoAnswer, Outbound},
    resolve::text,
    text::email_key,
};
use openidconnect::{
    AccessToken, AccessTokenHash, AuthType, AuthorizationCode, ClaimsVerificationError, ClientId, ClientSecret, EndpointMaybeSet,
    EndpointNotSet, EndpointSet, HttpRequest, HttpResponse, IssuerUrl, Nonce, OAuth2TokenResponse as _, PkceCodeVerifier, RedirectUrl,
    RequestTokenError, SignatureVerificationError, TokenResponse as _, UserInfoError,
    core::{
        CoreClient, CoreClientAuthMethod, CoreIdToken, CoreIdTokenClaims, CoreIdTokenVerifier, CoreJwsSigningAlgorithm as Algorithm,
        CoreProviderMetadata, CoreUserInfoClaims,
    },
};
use tokio::sync::{Mutex as Slot, Semaphore};

use super::secret::Secrets;

/// A client of a provider that was read.
pub type Client = CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointMaybeSet, EndpointMaybeSet>;

/// How long what a provider says of itself is kept.
const KEPT: Duration = Duration::from_secs(3600);
/// How long it is kept that one says nothing of use.
const FAILURE_KEPT: Duration = Duration::from_secs(10);
/// How many are kept; beyond, all are read anew.
const MANY: usize = 1000;
/// How long one step at a provider may take.
const PATIENCE: Duration = Duration::from_secs(8);
/// How many steps are taken at once: so many who wait for slow providers, and no more.
const PLACES: usize = 32;

/// Signatures that only the provider can make: neither none, nor one by what the school knows as well.
const SIGNED: [Algorithm; 9] = [
    Algorithm::RsaSsaPkcs1V15Sha256,
    Algorithm::RsaSsaPkcs1V15Sha384,
    Algorithm::RsaSsaPkcs1V15Sha512,
    Algorithm::RsaSsaPssSha256,
    Algorithm::RsaSsaPssSha384,
    Algorithm::RsaSsaPssSha512,
    Algorithm::EcdsaP256Sha256,
    Algorithm::EcdsaP384Sha384,
    Algorithm::EdDsa,
];

/// What providers say of themselves, as far as it was asked, and the way to them.
pub struct Providers {
    outbound: Outbound,
    known: Mutex<HashMap<String, Arc<Slot<Option<Kept>>>>>,
    places: Semaphore,
}

struct Kept {
    at: Instant,
    said: Result<Arc<CoreProviderMetadata>>,
}

/// As what a school is known at a provider.
pub struct Registered {
    /// The provider, as its tokens say it.
    pub issuer: String,
    /// The school.
    pub client_id: String,
    /// By which it proves itself.
    pub secret: Option<String>,
}

/// Who has signed in at a provider.
#[derive(Debug, Clone)]
pub struct Account {
    /// The provider's own word for them.
    pub subject: String,
    /// Their address, which the provider has verified.
    pub email: String,
    /// How it is compared.
    pub email_key: String,
    /// Their name.
    pub name: String,
}

/// Why nobody has signed in.
pub enum NoAccount {
    /// What was shown proves nothing; for the log.
    Refused(String),
    /// The provider can't be asked.
    Unavailable(Error),
}

/// A provider does not answer as it should.
pub(super) fn unavailable(cause: impl std::fmt::Display) -> Error {
    let error = Error::unavailable(format!("a sign-in provider: {cause}"));
    error.saying("The provider does not answer as it should. Try again later.").reason("PROVIDER_UNAVAILABLE")
}

/// A failure with what is behind it.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}

impl Providers {
    /// Over the way to addresses that persons have named.
    pub fn new(outbound: Outbound) -> Self {
        Providers { outbound, known: Mutex::default(), places: Semaphore::new(PLACES) }
    }

    /// Whether an issuer's name leads to an address that is not allowed.
    pub(super) async fn leads_astray(&self, issuer: &str) -> bool {
        self.outbound.leads_astray(issuer).await
    }

    /// What the crate asks by.
    fn door(&self) -> impl Fn(HttpRequest) -> BoxFuture<'static, Result<HttpResponse, NoAnswer>> + Send + Sync + use<> {
        let outbound = self.outbound.clone();
        move |request: HttpRequest| {
            let outbound = outbound.clone();
            let answer: BoxFuture<'static, Result<HttpResponse, NoAnswer>> = Box::pin(async move {
                let (head, body) = request.into_parts();
                let whole = outbound.ask(head.method, &head.uri.to_string(), head.headers, body).await?;
                let mut answer = HttpResponse::new(whole.body);
                *answer.status_mut() = whole.status.try_into().map_err(|_| NoAnswer::Broken)?;
                *answer.headers_mut() = whole.headers;
                Ok(answer)
            });
            answer
        }
    }

    /// What a provider says of itself, asked once an hour; or since a moment, where its keys may have changed.
    ///
    /// # Errors
    /// `UNAVAILABLE`, PROVIDER_UNAVAILABLE.
    pub async fn metadata(&self, issuer: &str, since: Option<Instant>) -> Result<Arc<CoreProviderMetadata>> {
        let slot = {
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            if known.len() >= MANY && !known.contains_key(issuer) {
                known.clear();
            }
            known.entry(issuer.to_owned()).or_default().clone()
        };
        // Of several who want to know at once one asks.
        let mut kept = slot.lock().await;
        if let Some(Kept { at, said }) = &*kept {
            let is_fresh = at.elapsed() < if said.is_ok() { KEPT } else { FAILURE_KEPT };
            if is_fresh && since.is_none_or(|since| *at > since) {
                return said.clone();
            }
        }
        let said = self.discover(issuer).await;
        // That there is no place says nothing of the provider.
        if said.as_ref().is_err_and(|error| error.retry_after().is_some()) {
            return said;
        }
        *kept = Some(Kept { at: Instant::now(), said: said.clone() });
        said
    }

    async fn discover(&self, issuer: &str) -> Result<Arc<CoreProviderMetadata>> {
        let _place = self.places.try_acquire().map_err(|_| Error::overloaded(2))?;
        let issuer = IssuerUrl::new(issuer.to_owned()).map_err(|error| unavailable(chain(&error)))?;
        let door = self.door();
        match tokio::time::timeout(PATIENCE, CoreProviderMetadata::discover_async(issuer, &door)).await {
            Ok(Ok(metadata)) => Ok(Arc::new(metadata)),
            Ok(Err(error)) => Err(unavailable(chain(&error))),
            Err(_) => Err(unavailable("it took too long to say what it is")),
        }
    }

    /// Who has signed in at a provider and came back with this code: signature, issuer, audience, expiry and nonce of the token are checked, and that the
    /// provider has verified the address.
    ///
    /// # Errors
    /// Why nobody has.
    pub async fn account(&self, registered: &Registered, redirect_uri: &str, secrets: Secrets, code: String) -> Result<Account, NoAccount> {
        let began = Instant::now();
        let metadata = self.metadata(&registered.issuer, None).await.map_err(NoAccount::Unavailable)?;
        let _place = self.places.try_acquire().map_err(|_| NoAccount::Unavailable(Error::overloaded(2)))?;
        let client = client(&metadata, registered, redirect_uri).map_err(NoAccount::Unavailable)?;
        let door = self.door();
        let asked = client.exchange_code(AuthorizationCode::new(code)).map_err(|error| NoAccount::Unavailable(unavailable(error)))?;
        let asked = asked.set_pkce_verifier(PkceCodeVerifier::new(secrets.verifier)).request_async(&door);
        let answered = match tokio::time::timeout(PATIENCE, asked).await {
            Ok(Ok(answered)) => answered,
            Ok(Err(error @ RequestTokenError::Request(_))) => return Err(NoAccount::Unavailable(unavailable(chain(&error)))),
            Ok(Err(error)) => return Err(NoAccount::Refused(chain(&error))),
            Err(_) => return Err(NoAccount::Unavailable(unavailable("it took too long to exchange a code"))),
        };
        let token = answered.id_token().ok_or_else(|| NoAccount::Refused("there was no ID token".to_owned()))?;
        let nonce = Nonce::new(secrets.nonce);
        let claims = match checked(&client, token, &nonce, answered.access_token()) {
            Err(ClaimsVerificationError::SignatureVerification(SignatureVerificationError::NoMatchingKey)) => {
                // It signs by keys that it did not have when it was asked last.
                let metadata = self.metadata(&registered.issuer, Some(began)).await.map_err(NoAccount::Unavailable)?;
                let client = self::client(&metadata, registered, redirect_uri).map_err(NoAccount::Unavailable)?;
                checked(&client, token, &nonce, answered.access_token())
            }
            claims => claims,
        };
        let claims = claims.map_err(|error| NoAccount::Refused(chain(&error)))?;
        self.read(&client, claims, answered.access_token().clone()).await
    }

    /// Reads who it is; what the token does not say, the provider is asked for.
    async fn read(&self, client: &Client, claims: &CoreIdTokenClaims, token: AccessToken) -> Result<Account, NoAccount> {
        let subject = claims.subject().as_str().to_owned();
        let mut email = claims.email().map(|email| email.as_str().to_owned());
        let mut is_verified = claims.email_verified() == Some(true);
        let mut name = claims.name().and_then(|name| name.get(None)).map(|name| name.as_str().to_owned());
        if email.is_none()
            && let Ok(asked) = client.user_info(token, Some(claims.subject().clone()))
        {
            let door = self.door();
            let said: CoreUserInfoClaims = match tokio::time::timeout(PATIENCE, asked.request_async(&door)).await {
                Ok(Ok(said)) => said,
                Ok(Err(error @ UserInfoError::Request(_))) => return Err(NoAccount::Unavailable(unavailable(chain(&error)))),
                Ok(Err(error)) => return Err(NoAccount::Refused(chain(&error))),
                Err(_) => return Err(NoAccount::Unavailable(unavailable("it took too long to say who somebody is"))),
            };
            email = said.email().map(|email| email.as_str().to_owned());
            is_verified = said.email_verified() == Some(true);
            name = name.or_else(|| said.name().and_then(|name| name.get(None)).map(|name| name.as_str().to_owned()));
        }
        let refused = |why: &str| NoAccount::Refused(why.to_owned());
        let is_subject = (1..=255).contains(&subject.chars().count()) && !subject.contains(char::is_control);
        if !is_subject {
            return Err(refused("its subject can't be one"));
        }
        let email = email.ok_or_else(|| refused("it says no address"))?;
        if !is_verified {
            return Err(refused("its address is not verified"));
        }
        let email = text::email("email", &email).map_err(|_| refused("its address is none"))?;
        let email_key = email_key(&email).ok_or_else(|| refused("its address is none"))?;
        let name = name.and_then(|name| text::name("name", &name).ok());
        let name = name.unwrap_or_else(|| email.split('@').next().unwrap_or_default().to_owned());
        Ok(Account { subject, email, email_key, name })
    }
}

/// A client of a provider that has said what it is.
///
/// # Errors
/// Where the address to come back to is none.
pub fn client(metadata: &CoreProviderMetadata, registered: &Registered, redirect_uri: &str) -> Result<Client> {
    let redirect = RedirectUrl::new(redirect_uri.to_owned()).map_err(|error| Error::internal(chain(&error)))?;
    let (id, secret) = (ClientId::new(registered.client_id.clone()), registered.secret.clone().map(ClientSecret::new));
    let client = CoreClient::from_provider_metadata(metadata.clone(), id, secret).set_redirect_uri(redirect);
    // Where nothing is said, a secret is sent in the head; some take it in the body alone.
    let methods = metadata.token_endpoint_auth_methods_supported();
    let is_posted = methods.is_some_and(|methods| {
        methods.contains(&CoreClientAuthMethod::ClientSecretPost) && !methods.contains(&CoreClientAuthMethod::ClientSecretBasic)
    });
    Ok(if is_posted { client.set_auth_type(AuthType::RequestBody) } else { client })
}

/// The claims of a token, where all of it is in order; also that the access token beside it is the one that it was made with.
fn checked<'a>(
    client: &Client,
    token: &'a CoreIdToken,
    nonce: &Nonce,
    beside: &AccessToken,
) -> Result<&'a CoreIdTokenClaims, ClaimsVerificationError> {
    let verifier: CoreIdTokenVerifier<'_> = client.id_token_verifier().set_allowed_algs(SIGNED);
    let claims = token.claims(&verifier, nonce)?;
    if let Some(expected) = claims.access_token_hash() {
        let algorithm = token.signing_alg().map_err(ClaimsVerificationError::SignatureVerification)?;
        let key = token.signing_key(&verifier).map_err(ClaimsVerificationError::SignatureVerification)?;
        let found = AccessTokenHash::from_token(beside, algorithm, key);
        if !found.is_ok_and(|found| found == *expected) {
            return Err(ClaimsVerificationError::Other("the access token is another one".to_owned()));
        }
    }
    Ok(claims)
}
