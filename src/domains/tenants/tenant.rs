//! A school, as its people see it and as the public does.

use async_graphql::Context;
use lectern_kernel::{
    error::Result,
    ids::Id,
    resolve::{DateTime, Loaded, Request},
};
use lectern_macros::{object, resolvers};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::settings::{CodeSignInPolicy, SignUpPolicy, TenantSettings, settings_of};
use crate::domains::{files::public_url, providers::PublicProvider};

/// A school.
#[object(table = "tenant", alias = "t", id = "tenant", key = "tenant_id", node, resolvers)]
#[derive(Clone, Debug)]
pub struct Tenant {
    /// Its id.
    #[column("tenant_id")]
    pub id: Id<Tenant>,
    /// Its short name, unique in the whole deployment; people sign in with it.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// Its time zone, as IANA names it: days of calendars and reports begin at its midnight unless asked otherwise.
    pub time_zone: String,
    /// When its subscription lapses; null when it doesn't.
    pub subscription_end: Option<DateTime>,
}

#[resolvers]
impl Tenant {
    /// Its settings.
    async fn settings(id: Id<Tenant>, ctx: &Context<'_>) -> Result<Loaded<TenantSettings>> {
        settings_of(ctx, id).await
    }
}

/// A school as everybody may know it.
// It is listed by a function, and never asked for by an id: no id begins with this prefix.
#[object(table = "app.public_tenants", alias = "t", id = "publictenant", key = "tenant_id", resolvers)]
#[derive(Clone, Debug)]
pub struct PublicTenant {
    /// Its short name: what `login` takes as `tenant`.
    pub slug: String,
    /// Its name.
    pub name: String,
    #[hidden]
    #[wide]
    #[column("app.public_face({}.tenant_id)")]
    pub face: Option<Value>,
}

/// A role as everybody may know it.
#[object]
#[derive(Clone, Debug, Deserialize)]
pub struct PublicRole {
    /// Its key: what `requestSignUp` takes as `roleKey`.
    pub key: String,
    /// Its name.
    pub name: String,
}

/// A logo, as the database says it.
#[derive(Deserialize)]
struct Logo {
    id: Uuid,
    name: String,
}

/// How a school looks and how people come in, as the database says it.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct Face {
    locale: String,
    primary_color: Option<String>,
    website: Option<String>,
    logo: Option<Logo>,
    sign_up: String,
    code_sign_in: String,
    roles: Vec<PublicRole>,
    #[serde(default)]
    providers: Vec<PublicProvider>,
}

impl Face {
    /// Of a school that was hidden at this very moment nothing is said.
    fn read(face: Option<Value>) -> Face {
        let read = face.and_then(|face| serde_json::from_value(face).ok());
        read.unwrap_or_else(|| Face { locale: "en".to_owned(), ..Face::default() })
    }
}

#[resolvers]
impl PublicTenant {
    /// The language that it speaks, as a tag of BCP 47.
    fn locale(face: Option<Value>) -> String {
        Face::read(face).locale
    }

    /// Where its logo can be fetched from; null where it has none.
    fn logo_url(face: Option<Value>, request: &Request) -> Result<Option<String>> {
        let Face { logo, .. } = Face::read(face);
        logo.map(|logo| public_url(request, logo.id, &logo.name)).transpose()
    }

    /// Its colour, as `#rrggbb`; null for none.
    fn primary_color(face: Option<Value>) -> Option<String> {
        Face::read(face).primary_color
    }

    /// Its own website; null for none.
    fn website(face: Option<Value>) -> Option<String> {
        Face::read(face).website
    }

    /// Who may sign up by themselves.
    fn sign_up(face: Option<Value>) -> SignUpPolicy {
        SignUpPolicy::from_text(&Face::read(face).sign_up).unwrap_or_default()
    }

    /// The roles that whoever signs up may wish for, by name; none where the school is CLOSED.
    async fn sign_up_roles(face: Option<Value>) -> Result<Vec<PublicRole>> {
        Ok(Face::read(face).roles)
    }

    /// Who may sign in by a mailed code.
    fn code_sign_in(face: Option<Value>) -> CodeSignInPolicy {
        CodeSignInPolicy::from_text(&Face::read(face).code_sign_in).unwrap_or_default()
    }

    /// Where people may have accounts that they sign in with (`beginProviderSignIn`), by name.
    async fn providers(face: Option<Value>) -> Result<Vec<PublicProvider>> {
        Ok(Face::read(face).providers)
    }
}
