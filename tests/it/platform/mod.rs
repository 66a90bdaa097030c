//! The platform: its sign-ins, its administrators, the schools as it sees and changes them, and what it can't reach.

mod admins;
mod endings;
mod erasures;
mod factors;
mod numbers;
mod operators;
mod sign_ins;
mod tenants;
mod walls;

use serde_json::{Value, json};

use crate::app::{Client, PASSWORD, TestApp};

pub const LOGIN: &str =
    "mutation($i: LoginInput!) { login(input: $i) { accessToken refreshToken refreshTokenExpiresAt viewer { id email } } }";
pub const REFRESH: &str = "mutation($i: RefreshSessionInput!) { refreshSession(input: $i) { accessToken refreshToken viewer { id } } }";
pub const CREATE_ADMIN: &str = "mutation($i: CreateAdminInput!) { createAdmin(input: $i) { id email name status hasSecondFactor } }";
pub const CREATE: &str = "mutation($i: CreateTenantInput!) { createTenant(input: $i) { id slug name timeZone locale isListed state maxUsers
    maxInstructors subscriptionEnd admins { email name isInvited } } }";
pub const TENANTS: &str = "{ tenants { totalCount nodes { id slug state } } }";

/// An administrator of the platform, of the demo's sort: they need no second factor.
pub const OLIVE: &str = "olive@platform.example";

/// Adds an administrator of the platform.
pub async fn add(app: &TestApp, email: &str, of_demo: bool) {
    app.sql(&format!(
        "SET app.tenant_id = '00000000-0000-0000-0000-000000000000';
         SELECT app.add_platform_admin(gen_random_uuid(), '{email}', 'Somebody', (SELECT password_hash FROM credential LIMIT 1), {of_demo});
         RESET app.tenant_id"
    ))
    .await;
}

pub fn credentials(email: &str, password: &str) -> Value {
    json!({ "i": { "email": email, "password": password } })
}

/// Signs somebody in who is there.
pub async fn sign_in(app: &TestApp, email: &str) -> Client {
    let session = app.at_desk().ok(LOGIN, credentials(email, PASSWORD)).await["login"].take();
    Client { user_id: session["viewer"]["id"].as_str().unwrap().to_owned(), ..app.at_desk().with_session(&session) }
}

/// Adds an administrator who needs no second factor, and signs them in.
pub async fn operator(app: &TestApp) -> Client {
    add(app, OLIVE, true).await;
    sign_in(app, OLIVE).await
}

/// Everything that a refusal at the desk must leave as it is: every row but counters and the logs of refusals.
async fn everything(app: &TestApp) -> String {
    let mut print = String::new();
    for table in crate::isolation::world::tables(app).await {
        if ["failed_sign_in", "used_budget", "known_network"].contains(&table.as_str()) {
            continue;
        }
        let but = if table.ends_with("audit_entry") { "WHERE outcome = 'CHANGED'" } else { "" };
        let digest = app.text(&format!("SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM (SELECT * FROM {table} {but}) t")).await;
        print.push_str(&format!("{table} {}\n", digest.unwrap_or_default()));
    }
    print
}

/// Asks for something that must be refused with this line, and must change nothing.
pub async fn refused(app: &TestApp, client: &Client, query: &str, variables: Value, line: &str) {
    let before = everything(app).await;
    assert_eq!(client.refused(query, variables.clone()).await, line, "{query} {variables}");
    let after = everything(app).await;
    let changed: Vec<_> = before.lines().zip(after.lines()).filter(|(before, after)| before != after).collect();
    assert!(changed.is_empty(), "{query} {variables} was refused and changed {changed:?}");
}

/// The id of a school, as clients know it.
pub fn id_of(school: &crate::app::School) -> String {
    lectern_kernel::ids::encode("tenant", school.tenant)
}
