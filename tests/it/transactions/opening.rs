//! What a transaction is opened with is its own: nothing of it reaches the next one on the same connection.

use std::time::Duration;

use futures_util::FutureExt;
use lectern_kernel::db::{ActorKind, Identity, Mode, Opening, Pool, PoolOptions, Pooler, Tx};
use serde_json::json;
use uuid::Uuid;

use super::{Bounds, Service};
use crate::app::{TestApp, Who};

fn pool(app: &TestApp) -> Pool {
    pool_behind(app, Pooler::None)
}

fn pool_behind(app: &TestApp, pooler: Pooler) -> Pool {
    let options = PoolOptions { size: 1, wait: Duration::from_secs(30), statement_timeout: Duration::from_secs(30), pooler };
    Pool::new(&app.database.url("lectern_app"), &options).unwrap()
}

const NOBODY: Opening<'static> = Opening {
    mode: Mode::Write,
    identity: Identity { tenant: Uuid::nil(), user: Uuid::nil(), session: Uuid::nil() },
    correlation_id: "x",
    actors: &ActorKind::TENANT,
};

/// The settings that policies and triggers read.
async fn settings(tx: &Tx) -> String {
    let sql = "SELECT concat_ws('|', current_setting('app.tenant_id'), current_setting('app.user_id'), current_setting('app.permissions'), \
               coalesce(current_setting('app.operation', true), ''), coalesce(current_setting('app.correlation_id', true), '')) WHERE app.tenant_id() = $1";
    tx.value(sql, &[]).await.unwrap().unwrap()
}

async fn rows(tx: &Tx) -> i64 {
    let sql =
        "SELECT (SELECT count(*) FROM course) + (SELECT count(*) FROM app_user) + (SELECT count(*) FROM tenant) WHERE app.tenant_id() = $1";
    tx.value(sql, &[]).await.unwrap().unwrap()
}

#[tokio::test]
async fn the_next_on_the_same_connection_inherits_nothing() {
    let app = TestApp::start().await;
    let service = Service::start(&app, Bounds { pool: 1, ..Bounds::default() }).await;
    let admin = service.sign_in(&app.oak, Who::Admin).await;
    let claims = service.engine.services().tokens.verify(admin.token.as_ref().unwrap()).unwrap();
    let identity = claims.identity();
    let (tenant, user) = (identity.tenant, identity.user);
    let nil = Uuid::nil();
    let pools = [Pooler::None, Pooler::Transaction].map(|pooler| pool_behind(&app, pooler));
    let endings = ["commit", "end_read", "rollback", "drop", "drop amid a statement", "failure"];

    for (pool, ending) in pools.iter().flat_map(|pool| endings.map(|ending| (pool, ending))) {
        let mode = if ending == "end_read" { Mode::Read } else { Mode::Write };
        let (tx, actor) = Tx::open(pool, &Opening { mode, identity, correlation_id: "first", actors: &ActorKind::TENANT }).await.unwrap();
        assert_eq!(actor.unwrap().role_key, "ADMIN");
        tx.enter_operation("createCourse");
        let set = settings(&tx).await;
        // A read leaves nothing behind that would say which request it was.
        let correlation = if mode == Mode::Read { "" } else { "first" };
        assert!(
            set.starts_with(&format!("{tenant}|{user}|,USER_READ,")) && set.ends_with(&format!(",|createCourse|{correlation}")),
            "{set}"
        );
        assert!(rows(&tx).await > 4);
        match ending {
            "commit" => tx.commit().await.unwrap(),
            "end_read" => tx.end_read(),
            "rollback" => tx.rollback().await.unwrap(),
            "drop amid a statement" => drop(tx.query("SELECT pg_sleep(60) WHERE app.tenant_id() = $1", &[]).now_or_never()),
            "failure" => assert!(tx.query("SELECT 1 / 0 WHERE app.tenant_id() = $1", &[]).await.is_err()),
            _ => {}
        }
        drop(tx);
        let (tx, actor) = Tx::open(pool, &NOBODY).await.unwrap();
        assert!(actor.is_none());
        assert_eq!(settings(&tx).await, format!("{nil}|{nil}|||x"), "after {ending}");
        assert_eq!(rows(&tx).await, 0, "after {ending}");
        tx.rollback().await.unwrap();
    }

    let [pool, _] = pools;
    // Nor do permissions survive a switch of identity.
    let (tx, _) =
        Tx::open(&pool, &Opening { mode: Mode::Write, identity, correlation_id: "first", actors: &ActorKind::TENANT }).await.unwrap();
    tx.assume(Identity { user: nil, ..identity }).await.unwrap();
    assert_eq!(settings(&tx).await, format!("{tenant}|{nil}|||first"));
    tx.assume(identity).await.unwrap();
    assert!(tx.load_actor().await.unwrap().is_some());
    assert!(settings(&tx).await.contains(",AUDIT_READ,"));
    drop(tx);

    // And through HTTP: the same connection, somebody who is signed out, then the other school.
    admin.ok("mutation { createCourse(input: { title: \"Oak's\" }) { id } }", json!({})).await;
    assert_eq!(service.stranger().ok("{ viewer { __typename } }", json!({})).await, json!({ "viewer": null }));
    assert_eq!(service.stranger().refused("{ courses { totalCount } }", json!({})).await, "UNAUTHENTICATED");
    let elm = service.sign_in(&app.elm, Who::Admin).await;
    assert_eq!(elm.ok("{ courses { totalCount } }", json!({})).await["courses"]["totalCount"], 0);
    // A token from before a sign-out everywhere opens a transaction of nobody.
    admin.ok("mutation { logoutEverywhere }", json!({})).await;
    assert_eq!(admin.ok("{ viewer { __typename } }", json!({})).await, json!({ "viewer": null }));
    assert_eq!(admin.refused("{ courses { totalCount } }", json!({})).await, "UNAUTHENTICATED");
}

#[tokio::test]
async fn a_failure_that_nobody_read_is_not_committed_as_success() {
    let app = TestApp::start().await;
    let pool = pool(&app);
    let (tx, _) = Tx::open(&pool, &NOBODY).await.unwrap();
    let divide = "SELECT 1 / $2::int WHERE app.tenant_id() = $1";
    tx.query(divide, &[&1]).await.unwrap(); // prepared: the next is sent whole at once
    drop(tx.query(divide, &[&0]).now_or_never());
    assert!(tx.failure().is_none());
    assert!(tx.commit().await.is_err(), "the COMMIT of a failed transaction rolls back, and calls that success");
    drop(tx);
    let (tx, _) = Tx::open(&pool, &NOBODY).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_refused_attempt_leaves_the_transaction_as_it_was() {
    let app = TestApp::start().await;
    let pool = pool(&app);
    let (tx, _) = Tx::open(&pool, &NOBODY).await.unwrap();
    for operation in ["createCourse", "updateCourse"] {
        tx.enter_operation(operation);
        assert!(tx.attempt("SELECT 1 / 0 WHERE app.tenant_id() = $1", &[]).await.is_err());
        // The operation's name was sent before the savepoint: rolling back to that does not undo it.
        assert!(settings(&tx).await.ends_with(&format!("|{operation}|x")));
        tx.attempt("SELECT 1 WHERE app.tenant_id() = $1", &[]).await.unwrap();
        assert!(tx.failure().is_none());
    }
    tx.commit().await.unwrap();
    drop(tx);
    // A type that does not fit is a fault of ours, not an outage.
    let (tx, _) = Tx::open(&pool, &NOBODY).await.unwrap();
    let error = tx.value::<i32>("SELECT 'text' WHERE app.tenant_id() = $1", &[]).await.unwrap_err();
    assert_eq!(lectern_kernel::error::Error::from(error).code().as_str(), "INTERNAL");
    // Nor is a grant that is missing a row that is somebody else's.
    let error = tx.query("SELECT password_hash FROM credential WHERE tenant_id = $1", &[]).await.unwrap_err();
    assert!(!error.is_row_security());
    assert_eq!(lectern_kernel::error::Error::from(error).code().as_str(), "INTERNAL");
}

#[tokio::test]
async fn a_statement_that_hangs_is_cancelled_with_and_without_a_pooler() {
    let app = TestApp::start().await;
    for pooler in [Pooler::None, Pooler::Transaction] {
        let options = PoolOptions { size: 1, wait: Duration::from_secs(30), statement_timeout: Duration::from_secs(2), pooler };
        let pool = Pool::new(&app.database.url("lectern_app"), &options).unwrap();
        for mode in [Mode::Read, Mode::Write] {
            let (tx, _) = Tx::open(&pool, &Opening { mode, ..NOBODY }).await.unwrap();
            let limits = "SELECT current_setting('statement_timeout') || ' ' || current_setting('idle_in_transaction_session_timeout') WHERE app.tenant_id() = $1";
            assert_eq!(tx.value::<String>(limits, &[]).await.unwrap().unwrap(), "2s 2s", "{pooler:?}");
            let hung = tx.query("SELECT pg_sleep(60) WHERE app.tenant_id() = $1", &[]).await.unwrap_err();
            assert_eq!(lectern_kernel::error::Error::from(hung).code().as_str(), "UNAVAILABLE", "{pooler:?}");
            tx.rollback().await.unwrap();
        }
    }
}
