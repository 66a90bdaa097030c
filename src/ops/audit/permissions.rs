//! Guards, asked in this process: every root field as every default role, as a role that grants nothing, and signed out.
//! Each document is run dry: it is rolled back, so that not even the entry of a refusal is left. A subscription is begun, and
//! ends before it hears of anything.

use std::collections::BTreeMap;

use anyhow::Context as _;
use async_graphql::{Response, ServerError, Value};
use lectern_kernel::{
    auth::Claims,
    clock,
    db::Identity,
    error::Error,
    execute::{Engine, to_json},
    permission::Permission,
    request::{GraphqlRequest, OperationKind},
};

use super::{
    documents,
    pair::{Person, School},
};
use crate::{
    ops::report::Check,
    schema::access::{Access, ROOTS},
};

/// What signed-out people may ask; the list only shrinks.
const PUBLIC: [&str; 19] = [
    "Mutation.acceptInvitation",
    "Mutation.beginProviderSignIn",
    "Mutation.completeProviderSignIn",
    "Mutation.confirmSignUp",
    "Mutation.login",
    "Mutation.refreshSession",
    "Mutation.requestPasswordReset",
    "Mutation.requestSignInCode",
    "Mutation.requestSignUp",
    "Mutation.resetPassword",
    "Mutation.revertEmailChange",
    "Mutation.signInWithCode",
    "Query.linkPreview",
    "Query.publicProgram",
    "Query.publicPrograms",
    "Query.publicTenant",
    "Query.publicTenants",
    "Query.verifyCertificate",
    "Query.viewer",
];

/// What asks by itself for more: `node` for what the type of the row needs, the others for AGENT_MANAGE where something is to be the whole school's.
const ASKS_ITSELF: [&str; 5] =
    ["Query.node", "Query.nodes", "Mutation.createAgent", "Mutation.createDocument", "Mutation.createKnowledgeBase"];

struct Bearer {
    role: &'static str,
    claims: Claims,
    held: Vec<Permission>,
}

/// Asks for every root field as everybody, and holds the answers against what the schema claims.
pub(super) async fn probe(engine: &Engine, school: &School, claimed: &BTreeMap<(String, String), Access>) -> anyhow::Result<Vec<Check>> {
    let mut bearers = Vec::new();
    for person in &school.people {
        bearers.push(bearer(engine, school, person).await?);
    }
    let mut checks = Vec::new();
    let mut public = Vec::new();
    for root in ROOTS {
        for field in documents::roots(root) {
            let name = format!("{root}.{}", field.name.node);
            let access = claimed.get(&(root.to_owned(), field.name.node.to_string())).context("a field without access")?;
            if *access == Access::Public {
                public.push(name);
                continue;
            }
            let Some(document) = documents::document(root, field) else {
                checks.push(Check::fail("permission", name, "an argument can't be filled: teach src/ops/audit/documents.rs its type"));
                continue;
            };
            checks.push(ask(engine, &bearers, name, &document, access).await?);
        }
    }
    public.sort();
    let listed = if public == PUBLIC { Check::pass } else { Check::fail };
    checks.push(listed("permission", "signed out".to_owned(), format!("may ask for {}", public.join(", "))));
    Ok(checks)
}

async fn bearer(engine: &Engine, school: &School, person: &Person) -> anyhow::Result<Bearer> {
    let tokens = &engine.services().tokens;
    let identity = Identity { tenant: school.tenant, user: person.user, session: person.session };
    let issued = tokens.access(identity, 0, clock::now()).map_err(|error| anyhow::anyhow!("{}", error.message()))?;
    let claims = tokens.verify(&issued.text).context("an access token of ours is not taken")?;
    let response = dry_run(engine, "{ viewer { activeRole { key } permissions } }", Some(&claims)).await?;
    let answer: serde_json::Value = serde_json::from_slice(&to_json(&response))?;
    let viewer = &answer["data"]["viewer"];
    anyhow::ensure!(
        viewer["activeRole"]["key"] == person.role,
        "{} of a disposable school acts as {}",
        person.role,
        viewer["activeRole"]["key"]
    );
    let names: Vec<String> = serde_json::from_value(viewer["permissions"].clone())?;
    Ok(Bearer { role: person.role, claims, held: names.iter().filter_map(|name| Permission::from_text(name)).collect() })
}

/// A field is right where exactly those are refused who lack what it needs, and are told so.
async fn ask(engine: &Engine, bearers: &[Bearer], name: String, document: &str, access: &Access) -> anyhow::Result<Check> {
    let mut faults = Vec::new();
    let (mut may, mut refused) = (Vec::new(), Vec::new());
    let needs: &[Permission] = if let Access::AnyOf(any_of) = access { any_of } else { &[] };
    for bearer in bearers {
        let response = dry_run(engine, document, Some(&bearer.claims)).await?;
        let is_refused = response.errors.iter().any(|error| is_refusal(error, needs));
        if needs.is_empty() || bearer.held.iter().any(|permission| needs.contains(permission)) {
            may.push(bearer.role);
            if (!ASKS_ITSELF.contains(&name.as_str()) && response.errors.iter().any(is_guards))
                || response.errors.iter().any(|error| matches!(code(error), "UNAUTHENTICATED" | "SUBSCRIPTION_EXPIRED" | "INTERNAL"))
            {
                faults.push(format!("{} is refused: {}", bearer.role, said(&response)));
            }
        } else {
            refused.push(bearer.role);
            if !is_refused || response.errors.len() != 1 {
                faults.push(format!("{} lacks the permission and is answered {}", bearer.role, said(&response)));
            }
        }
    }
    let response = dry_run(engine, document, None).await?;
    if response.errors.len() != 1 || code(&response.errors[0]) != "UNAUTHENTICATED" {
        faults.push(format!("somebody signed out is answered {}", said(&response)));
    }
    let needs = needs.iter().map(|permission| permission.as_str()).collect::<Vec<_>>().join(" or ");
    let needs = if needs.is_empty() { "a sign-in".to_owned() } else { needs };
    let fine = if refused.is_empty() {
        format!("needs {needs}")
    } else {
        format!("needs {needs}: {} may; {} refused", or_nobody(&may), refused.join(", "))
    };
    Ok(Check::faultless("permission", name, &faults, fine))
}

fn or_nobody(roles: &[&str]) -> String {
    if roles.is_empty() { "nobody".to_owned() } else { roles.join(", ") }
}

async fn dry_run(engine: &Engine, query: &str, claims: Option<&Claims>) -> anyhow::Result<Response> {
    let request = GraphqlRequest { query: query.to_owned(), ..GraphqlRequest::default() };
    let failed = |error: Error| anyhow::anyhow!("{query}: {}", error.message());
    let document = engine.read(&request).map_err(failed)?;
    if document.is_told() {
        let begun = engine.listen(document, claims.copied(), "audit").await;
        return Ok(begun.map_or_else(|answer| answer.response, |_tale| Response::new(Value::Null)));
    }
    if document.kind == OperationKind::Subscription {
        let begun = engine.watch(document, claims.copied(), "audit").await;
        return Ok(begun.map_or_else(|answer| answer.response, |_watch| Response::new(Value::Null)));
    }
    engine.dry_run(&request, claims).await.map_err(failed)
}

fn code(error: &ServerError) -> &str {
    match error.extensions.as_ref().and_then(|extensions| extensions.get("code")) {
        Some(Value::String(code)) => code,
        _ => "no code",
    }
}

/// Whether a guard refused, and not a row: FORBIDDEN, naming permissions, and no place inside the input.
fn is_guards(error: &ServerError) -> bool {
    missing(error).is_some()
}

/// The same, naming all that would do.
fn is_refusal(error: &ServerError, needs: &[Permission]) -> bool {
    missing(error).is_some_and(|missing| {
        missing.iter().eq(needs.iter().map(|permission| Value::from(permission.as_str())).collect::<Vec<_>>().iter())
    })
}

fn missing(error: &ServerError) -> Option<&Vec<Value>> {
    let extensions = error.extensions.as_ref().filter(|_| code(error) == "FORBIDDEN")?;
    match extensions.get("missingPermissions") {
        Some(Value::List(missing)) if extensions.get("field").is_none() => Some(missing),
        _ => None,
    }
}

fn said(response: &Response) -> String {
    let codes: Vec<&str> = response.errors.iter().map(code).collect();
    if codes.is_empty() { "data".to_owned() } else { codes.join(", ") }
}
