//! The platform: the engine of its endpoint, and `lectern desk`.

use std::{sync::Arc, time::Duration};

use jiff::SignedDuration;
use lectern_kernel::{
    auth::{Passwords, SigningKey, Tokens},
    db::Desk,
    execute::Engine,
    jobs::Outside,
    resolve::{Services, text},
    sealing::Sealer,
};
use uuid::Uuid;

use super::{
    platform,
    serve::{addresses, limits, rates},
    tenant::{password, refused},
};
use crate::{
    config::{DeskCommand, Settings},
    domains::{
        self,
        identity::password_hints,
        platform::{AUDIENCE, DESK},
    },
    schema,
};

/// How long an access token of the platform is valid, and a sign-in at most.
const ACCESS: SignedDuration = SignedDuration::from_mins(15);
const SIGN_IN: SignedDuration = SignedDuration::from_hours(12);

/// The engine of the platform's endpoint, over its own connections and its own schema, with tokens of its own audience.
///
/// # Errors
/// When the key can't be used.
pub fn desk_engine(settings: &Settings, desk: &Desk, key: &SigningKey, sealer: Sealer, outside: Outside) -> anyhow::Result<Engine> {
    let tokens = Tokens::new(key, &settings.issuer, ACCESS, SIGN_IN)?.for_audience(AUDIENCE);
    let passwords = Passwords::new().map_err(|error| anyhow::anyhow!("passwords can't be hashed: {}", error.message()))?;
    let services = Arc::new(Services { passwords, tokens, sealer, addresses: addresses(settings), outside });
    let (limits, timeout) = (limits(settings), Duration::from_secs(settings.request_timeout));
    let schema = schema::platform::build(&limits);
    let engine = Engine::new(schema, domains::platform_registry(), &DESK, desk.pool().clone(), services, limits, timeout);
    Ok(engine.with_rate_limits(&rates(settings)))
}

/// Runs one of the commands.
///
/// # Errors
/// What stands in the way, in one sentence; nothing is kept then.
#[allow(clippy::print_stdout, reason = "what was asked for")]
pub async fn desk(platform_url: &str, command: &DeskCommand) -> anyhow::Result<()> {
    let DeskCommand::AddAdmin(typed) = command;
    let email = text::email("--email", &typed.email).map_err(refused)?;
    let name = text::name("--name", &typed.name).map_err(refused)?;
    let mut connection = platform::connect(platform_url).await?;
    let password = password::read("Password of the administrator: ", &password_hints(&email, &name))?;
    let passwords = Passwords::new().map_err(|error| anyhow::anyhow!("passwords can't be hashed: {}", error.message()))?;
    let hash = passwords.hash(password).await.map_err(refused)?;
    let mut tx = super::tenant::begin(&mut connection, "system:desk-add-admin", Uuid::nil()).await?;
    let added = sqlx::query("SELECT app.add_platform_admin($1, $2, $3, $4, false)")
        .bind(Uuid::now_v7())
        .bind(&email)
        .bind(&name)
        .bind(&hash)
        .execute(&mut *tx)
        .await;
    if let Err(error) = added {
        return Err(match error.as_database_error().and_then(|error| error.constraint()) {
            Some("platform_admin_email_key") => anyhow::anyhow!("an administrator of the platform has the address {email}"),
            _ => error.into(),
        });
    }
    tx.commit().await?;
    println!("{name} administers the platform: they sign in as {email} at /platform/graphql, and set a second factor up first.");
    Ok(())
}
