//! What leans on functions: it is never dropped along with them.

use lectern::ops::sources;

use super::{apply, edited, fingerprint, refused, with_functions};
use crate::app::TestApp;

#[tokio::test]
async fn a_column_default_that_leans_on_a_function_survives() {
    let app = TestApp::start().await;
    app.sql("ALTER TABLE section ADD made_in uuid DEFAULT app.tenant_id()").await;
    let changed = edited(&[("sql/functions.sql", "-- The tenant of this transaction.", "-- Of this transaction, the tenant.")]);
    assert_eq!(apply(&app, &changed).await.unwrap().scripts, ["sql/functions.sql"]);
    assert_eq!(app.count("information_schema.columns WHERE column_name = 'made_in' AND column_default = 'app.tenant_id()'").await, 1);
}

#[tokio::test]
async fn a_function_that_something_leans_on_is_named_and_nothing_is_dropped() {
    let app = TestApp::start().await;
    let functions = "CREATE OR REPLACE FUNCTION app.leant_on() RETURNS integer LANGUAGE sql RETURN 1;
                     CREATE OR REPLACE FUNCTION app.free() RETURNS integer LANGUAGE sql RETURN 1;";
    let extra = with_functions(functions);
    apply(&app, &extra).await.unwrap();
    app.sql("CREATE VIEW leaning AS SELECT app.leant_on() AS one").await;
    assert_eq!(
        refused(&app, sources::embedded().unwrap()).await,
        "no file makes the function app.leant_on() (view leaning depends on function app.leant_on()) any more, but something leans on it; \
         nothing was dropped: change what leans on it, then migrate again"
    );
    assert_eq!(app.count("pg_proc WHERE proname IN ('leant_on', 'free')").await, 2);
    assert_eq!(fingerprint(&app).await, extra.fingerprint(), "the database stands where it stood");
    app.sql("DROP VIEW leaning").await;
    let report = apply(&app, sources::embedded().unwrap()).await.unwrap();
    assert_eq!(report.dropped, ["function app.free()", "function app.leant_on()"]);
}

#[tokio::test]
async fn a_function_that_answers_something_else_replaces_the_old_one_unless_something_leans_on_it() {
    let app = TestApp::start().await;
    let answering =
        |what: &str| with_functions(&format!("CREATE OR REPLACE FUNCTION app.answer() RETURNS {what} LANGUAGE sql RETURN 1::{what};"));
    apply(&app, &answering("integer")).await.unwrap();
    assert_eq!(apply(&app, &answering("bigint")).await.unwrap().scripts, ["sql/functions/extra.sql"]);
    assert_eq!(app.text("SELECT pg_typeof(app.answer())::text").await.unwrap(), "bigint");

    app.sql("CREATE VIEW leaning AS SELECT app.answer() AS one").await;
    assert_eq!(
        refused(&app, &answering("text")).await,
        "sql/functions/extra.sql can't be applied: a function answers something else than before, and can't be replaced while something \
         leans on it (view leaning depends on function app.answer()): give the new one another name"
    );
    assert_eq!(app.text("SELECT pg_typeof(app.answer())::text").await.unwrap(), "bigint");
}

/// Two of one name at once would be ambiguous where one of them has defaults.
#[tokio::test]
async fn an_older_signature_goes_with_the_file_that_makes_the_new_one() {
    let app = TestApp::start().await;
    let taking =
        |what: &str| with_functions(&format!("CREATE OR REPLACE FUNCTION app.answer({what}) RETURNS integer LANGUAGE sql RETURN 1;"));
    apply(&app, &taking("one text, two text DEFAULT ''")).await.unwrap();
    let report = apply(&app, &taking("one text, two text DEFAULT '', three text DEFAULT ''")).await.unwrap();
    assert!(report.dropped.is_empty(), "it went before: {:?}", report.dropped);
    assert_eq!(app.text("SELECT app.answer('x')::text").await.unwrap(), "1");
    assert_eq!(app.count("pg_proc WHERE proname = 'answer'").await, 1);
}

#[tokio::test]
async fn a_file_that_fails_leaves_nothing_and_is_named() {
    let app = TestApp::start().await;
    let broken = with_functions("CREATE OR REPLACE FUNCTION app.half() RETURNS integer LANGUAGE sql RETURN 1; SELECT 1 / 0;");
    let said = refused(&app, &broken).await;
    assert!(said.starts_with("sql/functions/extra.sql can't be applied: ") && said.contains("division by zero"), "{said}");
    assert_eq!(app.count("pg_proc WHERE proname = 'half'").await, 0);
}
