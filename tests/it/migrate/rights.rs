//! Who may call a function, as its file says.

use lectern::ops::sources;

use super::{apply, edited, with_functions};
use crate::app::TestApp;

/// The roles that may call a function, besides its owner, who is named last.
async fn callers(app: &TestApp, function: &str) -> String {
    app.text(&format!(
        "SELECT concat_ws(' ', (SELECT string_agg(CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END, ' ' ORDER BY a.grantee::regrole::text)
                                FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a WHERE a.grantee <> p.proowner), '<', p.proowner::regrole)
         FROM pg_proc p WHERE p.oid = '{function}'::regprocedure"
    ))
    .await
    .unwrap()
}

const SEES_MORE: &str = "LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$ BEGIN RETURN 1; END $$;";

#[tokio::test]
async fn a_function_is_closed_and_given_away_in_the_transaction_that_makes_it() {
    let app = TestApp::start().await;
    let functions = format!(
        "CREATE OR REPLACE FUNCTION app.plain() RETURNS integer LANGUAGE sql RETURN 1;
         CREATE OR REPLACE FUNCTION app.narrow() RETURNS integer LANGUAGE sql RETURN 1;
         CREATE OR REPLACE FUNCTION app.closed() RETURNS integer {SEES_MORE}
         CREATE OR REPLACE FUNCTION app.open() RETURNS integer {SEES_MORE}
         GRANT EXECUTE ON FUNCTION app.narrow() TO lectern_platform; GRANT EXECUTE ON FUNCTION app.open() TO lectern_app;"
    );
    apply(&app, &with_functions(&functions)).await.unwrap();
    assert_eq!(callers(&app, "app.plain()").await, "lectern_app lectern_definer lectern_desk lectern_platform < lectern_owner");
    assert_eq!(callers(&app, "app.narrow()").await, "lectern_platform < lectern_owner");
    assert_eq!(callers(&app, "app.closed()").await, "< lectern_definer");
    assert_eq!(callers(&app, "app.open()").await, "lectern_app < lectern_definer");

    // A grant that left the file is taken back, one that came is given.
    let functions = functions.replace("app.open() TO lectern_app", "app.closed() TO lectern_app");
    apply(&app, &with_functions(&functions)).await.unwrap();
    assert_eq!(callers(&app, "app.closed()").await, "lectern_app < lectern_definer");
    assert_eq!(callers(&app, "app.open()").await, "< lectern_definer");

    // One that no longer sees more than its caller goes back to the owner.
    let functions =
        functions.replace(&format!("app.open() RETURNS integer {SEES_MORE}"), "app.open() RETURNS integer LANGUAGE sql RETURN 1;");
    apply(&app, &with_functions(&functions)).await.unwrap();
    assert_eq!(callers(&app, "app.open()").await, "lectern_app lectern_definer lectern_desk lectern_platform < lectern_owner");
}

#[tokio::test]
async fn a_function_that_moves_to_another_file_stays_what_it_is() {
    let app = TestApp::start().await;
    let one = |name: &str| {
        format!(
            "CREATE OR REPLACE FUNCTION app.{name}() RETURNS integer {SEES_MORE} GRANT EXECUTE ON FUNCTION app.{name}() TO lectern_app;"
        )
    };
    let files = async |before: &str, after: &str| {
        let mut source = with_functions(after);
        let bookings = source.scripts.iter_mut().find(|script| script.file == "sql/functions/bookings.sql").unwrap();
        bookings.sql.push_str(before);
        let report = apply(&app, &source).await.unwrap();
        assert!(report.dropped.is_empty(), "{:?}", report.dropped);
        assert_eq!(callers(&app, "app.moving()").await, "lectern_app < lectern_definer");
    };
    let (moving, other) = (one("moving"), one("other"));
    let oid = "SELECT 'app.moving()'::regprocedure::oid::text";
    files(&moving, &other).await;
    let before = app.text(oid).await;
    files("", &(moving.clone() + &other)).await;
    files(&moving, &other).await;
    assert_eq!(app.text(oid).await, before, "it was never away");
    assert_eq!(apply(&app, sources::embedded().unwrap()).await.unwrap().dropped, ["function app.moving()", "function app.other()"]);
}

#[tokio::test]
async fn a_right_that_left_a_policy_file_is_taken_back() {
    let app = TestApp::start().await;
    let narrower = edited(&[(
        "policies/groups.sql",
        "GRANT SELECT, INSERT (tenant_id, group_id, course_id), DELETE ON group_course",
        "GRANT SELECT ON group_course",
    )]);
    assert_eq!(apply(&app, &narrower).await.unwrap().scripts, ["policies/groups.sql"]);
    for (test, right, held) in [("any_column", "SELECT", "true"), ("any_column", "INSERT", "false"), ("table", "DELETE", "false")] {
        let sql = format!("SELECT has_{test}_privilege('lectern_app', 'group_course', '{right}')::text");
        assert_eq!(app.text(&sql).await.unwrap(), held, "{right}");
    }
}
