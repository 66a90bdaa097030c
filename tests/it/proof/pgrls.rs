//! `pgrls verify` (PyPI, with the solver Z3) on the walls. It can't decide policies that call functions or ask sub-queries,
//! as those of actors do; so it is given what is wider than them: in this copy of the database every policy but the wall is
//! replaced by a permissive one that says the same as the wall. Where a RESTRICTIVE wall stands, whatever else is
//! written can only narrow (wall AND anything ≤ wall), so what is proven of the wider database holds of the real one, for
//! the roles that the wall stands before. A table whose wall is missing, permissive or for some verbs only keeps its own
//! policies, and is not proven.
//!
//! `tests/pgrls/run` installs the prover and runs this; without it, there is nothing to do here.

use std::{
    collections::BTreeMap,
    process::{Command, Output},
};

use serde_json::Value;

use crate::{app::TestApp, isolation::world};

const WIDEN: &str = "
    DO $$
    DECLARE
        wall  record;
        stale name;
    BEGIN
        FOR wall IN
            SELECT p.polrelid, p.polrelid::regclass AS subject, pg_get_expr(p.polqual, p.polrelid) AS expression,
                   (SELECT string_agg(quote_ident(r.rolname), ', ') FROM pg_roles r WHERE r.oid = ANY (p.polroles)) AS roles
            FROM pg_policy p WHERE p.polname = 'tenant_wall' AND NOT p.polpermissive AND p.polcmd = '*'
        LOOP
            FOR stale IN SELECT polname FROM pg_policy WHERE polrelid = wall.polrelid AND polname <> 'tenant_wall' LOOP
                EXECUTE format('DROP POLICY %I ON %s', stale, wall.subject);
            END LOOP;
            EXECUTE format('CREATE POLICY wider ON %s TO %s USING (%s) WITH CHECK (%s)', wall.subject, wall.roles, wall.expression, wall.expression);
        END LOOP;
    END $$";

/// The verdict of every table.
fn verify(pgrls: &str, url: &str, mode: &str) -> BTreeMap<String, String> {
    let config = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/pgrls/pgrls.toml");
    let arguments =
        ["verify", "--mode", mode, "--strict", "--schemas", "public", "--format", "json", "--config", config, "--database-url", url];
    let Output { stdout, stderr, .. } = Command::new(pgrls).args(arguments).output().expect("pgrls runs");
    let report: Value = serde_json::from_slice(&stdout).unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&stderr)));
    let tables = report["tables"].as_array().expect("a verdict for each table");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    tables.iter().map(|row| (text(&row["table"]).trim_start_matches("public.").to_owned(), text(&row["verdict"]))).collect()
}

/// What its table shows as PROVEN.
const PROVEN: &str = "isolated";

#[tokio::test]
async fn every_wall_is_proven_and_a_missing_one_is_not() {
    let Ok(pgrls) = std::env::var("LECTERN_PGRLS") else {
        println!("pgrls is not installed: `make proof` does that");
        return;
    };
    let app = TestApp::start().await;
    let tables = world::tables(&app).await;
    app.sql(WIDEN).await;
    let url = app.database.superuser_url();
    for mode in ["anon", "cross-tenant", "write"] {
        let verdicts = verify(&pgrls, &url, mode);
        assert!(verdicts.values().all(|verdict| verdict == PROVEN), "{mode}: {verdicts:#?}");
        assert_eq!(verdicts.keys().cloned().collect::<Vec<_>>(), tables, "{mode}");
    }

    for hole in [
        "DROP POLICY tenant_wall ON booking",
        "ALTER POLICY tenant_wall ON booking USING (true)",
        "DROP POLICY tenant_wall ON booking; CREATE POLICY tenant_wall ON booking TO lectern_app USING (tenant_id = (SELECT current_setting('app.tenant_id', true)::uuid))",
        "ALTER TABLE booking DISABLE ROW LEVEL SECURITY",
    ] {
        let app = TestApp::start().await;
        app.sql(hole).await;
        app.sql(WIDEN).await;
        let url = app.database.superuser_url();
        let proven = |mode| verify(&pgrls, &url, mode).get("booking").is_some_and(|verdict| verdict == PROVEN);
        assert!(!proven("cross-tenant"), "{hole}");
        assert!(!proven("write"), "{hole}");
    }
}
