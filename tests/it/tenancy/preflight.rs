//! The service does not start where the walls do not stand.

use std::time::Duration;

use lectern::ops::sources;
use lectern_kernel::db::{
    Pool, PoolOptions,
    migrate::{Options, migrate},
    preflight,
};

use crate::app::TestApp;

/// What the preflight finds, errors first.
async fn findings(url: &str) -> (Vec<String>, Vec<String>) {
    let patience = Duration::from_secs(30);
    let options = PoolOptions { size: 1, wait: patience, statement_timeout: patience, ..PoolOptions::default() };
    let pool = Pool::new(url, &options).unwrap();
    let found = preflight(&pool, sources::embedded().unwrap(), false).await.unwrap();
    (found.errors, found.warnings)
}

#[tokio::test]
async fn a_role_that_row_security_does_not_bind_is_refused() {
    let app = TestApp::start().await;
    assert_eq!(findings(&app.database.url("lectern_app")).await, (vec![], vec![]));

    let role = app.database.name.clone();
    app.sql(&format!("CREATE ROLE {role} LOGIN BYPASSRLS; GRANT USAGE ON SCHEMA app TO {role}")).await;
    let superuser = app.database.superuser_url();
    let joint = if superuser.contains('?') { '&' } else { '?' };
    let disguised = format!("{superuser}{joint}options=-c%20role%3Dlectern_app");
    for (url, problem) in [
        (superuser, "is a superuser"),
        (disguised, "is not the one that signed in"),
        (app.database.url(&role), "has BYPASSRLS"),
        (app.database.url("lectern_owner"), "owns things"),
        (app.database.url("lectern_owner"), "is a member of another role"),
        (app.database.url("lectern_platform"), "is not lectern_app"),
    ] {
        let (errors, _) = findings(&url).await;
        assert!(errors.iter().any(|error| error.contains(problem) && error.ends_with("connect as lectern_app.")), "{problem}: {errors:?}");
    }
    app.sql(&format!("ALTER ROLE {role} NOBYPASSRLS; GRANT lectern_app TO {role}")).await;
    let (errors, _) = findings(&app.database.url(&role)).await;
    assert!(errors.iter().any(|error| error.contains("is a member of another role")), "{errors:?}");
    app.sql(&format!("REVOKE lectern_app FROM {role}; CREATE TABLE public.mine (); ALTER TABLE public.mine OWNER TO {role}")).await;
    let (errors, _) = findings(&app.database.url(&role)).await;
    assert!(errors.iter().any(|error| error.contains("owns things")), "{errors:?}");
    app.sql(&format!("DROP TABLE public.mine; REVOKE USAGE ON SCHEMA app FROM {role}")).await;
    let (errors, _) = findings(&app.database.url(&role)).await;
    assert_eq!(errors.len(), 1, "{errors:?}");
    app.sql(&format!("DROP ROLE {role}")).await;
}

#[tokio::test]
async fn a_table_without_its_wall_is_refused() {
    let app = TestApp::start().await;
    let url = app.database.url("lectern_app");
    let wall = "USING (tenant_id = (SELECT current_setting('app.tenant_id', true)::uuid))";
    let whole = format!("CREATE POLICY tenant_wall ON course AS RESTRICTIVE TO lectern_app, lectern_definer {wall}");
    let rebuilt = format!("DROP POLICY IF EXISTS tenant_wall ON course; {whole}");
    for (damage, repair) in [
        ("ALTER TABLE course DISABLE ROW LEVEL SECURITY".to_owned(), "ALTER TABLE course ENABLE ROW LEVEL SECURITY"),
        ("ALTER TABLE course NO FORCE ROW LEVEL SECURITY".to_owned(), "ALTER TABLE course FORCE ROW LEVEL SECURITY"),
        ("DROP POLICY tenant_wall ON course".to_owned(), rebuilt.as_str()),
        (format!("DROP POLICY tenant_wall ON course; CREATE POLICY tenant_wall ON course TO lectern_app {wall}"), &rebuilt),
        (
            format!(
                "DROP POLICY tenant_wall ON course; CREATE POLICY tenant_wall ON course AS RESTRICTIVE FOR SELECT TO lectern_app {wall}"
            ),
            &rebuilt,
        ),
        (
            format!("DROP POLICY tenant_wall ON course; CREATE POLICY tenant_wall ON course AS RESTRICTIVE TO lectern_platform {wall}"),
            &rebuilt,
        ),
        ("DROP POLICY tenant_wall ON course; CREATE POLICY tenant_wall ON course AS RESTRICTIVE USING (true)".to_owned(), &rebuilt),
        ("CREATE TABLE public.newcomer (tenant_id uuid)".to_owned(), "DROP TABLE public.newcomer"),
    ] {
        app.sql(&damage).await;
        let (errors, _) = findings(&url).await;
        let table = if damage.contains("newcomer") { "newcomer" } else { "course" };
        assert_eq!(errors, [format!("Without its wall (ENABLE, FORCE, tenant_wall) stands {table}: run `lectern migrate`.")], "{damage}");
        app.sql(repair).await;
        assert_eq!(findings(&url).await, (vec![], vec![]), "{repair}");
    }
}

#[tokio::test]
async fn a_schema_that_is_behind_is_refused_and_one_that_is_ahead_is_not() {
    let app = TestApp::start().await;
    let url = app.database.url("lectern_app");
    let at = |version: &str| {
        format!("CREATE OR REPLACE FUNCTION app.schema_fingerprint() RETURNS text LANGUAGE sql IMMUTABLE RETURN '{version}'")
    };
    app.sql(&at("1:0123456789abcdef")).await;
    let behind = "The database's schema is behind this binary: run `lectern migrate`.".to_owned();
    assert_eq!(findings(&url).await, (vec![behind], vec![]));
    app.sql(&at("99:0123456789abcdef")).await;
    let ahead = "The database's schema is newer than this binary: update the binary soon.".to_owned();
    assert_eq!(findings(&url).await, (vec![], vec![ahead]));
    app.sql("ALTER SCHEMA app RENAME TO gone").await;
    let missing = "The database has no Lectern schema yet: run `lectern migrate`.".to_owned();
    let (errors, _) = findings(&url).await;
    assert!(errors.contains(&missing), "{errors:?}");
}

#[tokio::test]
async fn a_server_without_icu_is_refused_in_one_line() {
    let app = TestApp::start().await;
    let url = app.database.url("lectern_app");
    let line = "ICU is missing in this PostgreSQL, and names are sorted by it: use a server that was built with ICU (there is no collation und-x-icu)";
    app.sql("UPDATE pg_collation SET collversion = '1' WHERE collname = 'und-x-icu'").await;
    let (errors, warnings) = findings(&url).await;
    assert_eq!((errors.len(), warnings.len()), (0, 1), "{errors:?} {warnings:?}");
    assert!(warnings[0].starts_with("ICU was another version when the indexes of names were made"), "{warnings:?}");
    app.sql("ALTER COLLATION pg_catalog.\"und-x-icu\" RENAME TO gone").await;
    assert_eq!(findings(&url).await, (vec![format!("{line}.")], vec![]));
    app.sql(&format!(r#"ALTER DATABASE "{}" OWNER TO lectern_owner"#, app.database.name)).await;
    let refused = migrate(&app.database.url("lectern_owner"), sources::embedded().unwrap(), Options::default()).await.unwrap_err();
    assert_eq!(format!("{refused:#}"), line);
}
