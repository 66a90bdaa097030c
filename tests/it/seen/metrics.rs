//! Metrics of a real process, looked at as Prometheus does.

use std::collections::HashMap;

use serde_json::json;

use super::{SOON, address, ask, metric_of, read, serve};
use crate::{
    app::{Folder, PASSWORD, TestApp},
    serve::Served,
};

const LOGIN: &str = "mutation SignIn($i: LoginInput!) { login(input: $i) { accessToken } }";

/// One look.
pub(super) struct Look(Vec<(String, HashMap<String, String>, f64)>);

impl Look {
    pub(super) async fn at(address: &str) -> Look {
        let answer = reqwest::get(format!("http://{address}/metrics")).await.unwrap();
        assert!(answer.headers()["content-type"].to_str().unwrap().starts_with("text/plain; version=0.0.4"));
        let text = answer.text().await.unwrap();
        Look(text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(read).collect())
    }

    /// One for which the database has said in time what it knows.
    async fn of_all(address: &str) -> Look {
        let began = std::time::Instant::now();
        loop {
            let look = Look::at(address).await;
            if look.sum("lectern_database_up", &[]) == 1.0 {
                return look;
            }
            assert!(began.elapsed() < SOON, "the database can't be asked");
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        }
    }

    /// The sum of the series of a name with these labels.
    pub(super) fn sum(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let fits = |of: &HashMap<String, String>| labels.iter().all(|(label, value)| of.get(*label).is_some_and(|found| found == value));
        self.0.iter().filter(|(found, of, _)| found == name && fits(of)).map(|(.., value)| value).sum()
    }
}

async fn sign_in(service: &Served, password: &str) -> serde_json::Value {
    let input = json!({ "tenant": "oak", "email": "admin@oak.example", "password": password });
    ask(service, LOGIN, json!({ "i": input }), &[]).await.0
}

#[tokio::test]
async fn what_was_asked_for_is_counted_and_nobody_is_named() {
    let (app, at) = (TestApp::start().await, address());
    let service = serve(&app, &[("LECTERN_METRICS_LISTEN", &at), ("LECTERN_METRICS_OPERATIONS", "2")]);
    let token = sign_in(&service, PASSWORD).await["data"]["login"]["accessToken"].as_str().unwrap().to_owned();
    sign_in(&service, "wrong").await;
    let bearer = format!("Bearer {token}");
    let bearer = [("authorization", bearer.as_str())];
    for _ in 0..3 {
        ask(&service, "query Names { users { nodes { name } } }", json!({}), &bearer).await;
    }
    ask(&service, "query TooLate { viewer { tenant { slug } } }", json!({}), &bearer).await;
    ask(&service, "{ viewer { tenant { slug } } }", json!({}), &bearer).await;
    ask(&service, "query Wrong { nothing }", json!({}), &bearer).await;
    ask(&service, "no document", json!({}), &bearer).await;
    let deep = format!("{{ {} }}", "a: viewer { tenant { slug } } ".repeat(600));
    ask(&service, &deep, json!({}), &bearer).await;

    let look = Look::of_all(&at).await;
    let requests = |labels: &[(&str, &str)]| look.sum("lectern_requests_total", labels);
    assert_eq!(requests(&[("kind", "mutation"), ("operation", "SignIn"), ("code", "OK")]), 1.0);
    assert_eq!(requests(&[("kind", "mutation"), ("operation", "SignIn"), ("code", "UNAUTHENTICATED")]), 1.0);
    assert_eq!(requests(&[("kind", "query"), ("operation", "Names"), ("code", "OK")]), 3.0);
    assert_eq!(requests(&[("operation", "anonymous"), ("code", "OK")]), 1.0);
    assert_eq!(requests(&[("operation", "other")]), 2.0, "one too late for a place, one that does not run");
    assert_eq!(look.sum("lectern_request_duration_seconds_count", &[("operation", "Names")]), 3.0);
    assert_eq!(look.sum("lectern_requests_refused_total", &[("code", "BAD_USER_INPUT")]), 1.0);
    assert_eq!(look.sum("lectern_documents_refused_total", &[("limit", "aliases")]), 1.0);
    assert!(look.sum("lectern_statements_total", &[("kind", "query")]) >= 5.0);
    assert!(look.sum("lectern_round_trips_total", &[("kind", "query")]) >= 5.0);
    assert_eq!(look.sum("lectern_document_cache_total", &[("result", "hit")]), 3.0);
    assert!(look.sum("lectern_actor_cache_total", &[("result", "hit")]) >= 3.0);
    assert!(look.sum("lectern_pool_connections", &[("pool", "requests")]) >= 1.0);
    assert!(look.sum("lectern_pool_wait_seconds_count", &[]) >= 5.0);
    for always in ["lectern_database_up", "lectern_schema_ready", "lectern_build_info"] {
        assert_eq!(look.sum(always, &[]), 1.0, "{always}");
    }
    assert!(look.sum("process_resident_memory_bytes", &[]) > 1e6);

    for (name, labels, _) in &look.0 {
        let metric = metric_of(name).unwrap_or_else(|| panic!("{name} is in no table"));
        for (label, value) in labels {
            assert!(label == "le" || metric.labels.contains(&label.as_str()), "{name} by {label}");
            for secret in ["oak", "admin", "@", "tenant_", "user_"] {
                assert!(!value.contains(secret), "{name} names somebody: {label}={value}");
            }
        }
    }

    let there = reqwest::get(format!("{}/metrics", service.url)).await.unwrap();
    assert_eq!(there.status(), 404, "where the public is served, there are none");
}

#[tokio::test]
async fn jobs_are_counted_by_what_came_of_them() {
    let (app, at, folder) = (TestApp::start().await, address(), Folder::new("seen"));
    let service = serve(&app, &[("LECTERN_METRICS_LISTEN", &at), ("LECTERN_DATA_DIR", folder.0.to_str().unwrap())]);
    let input = json!({ "tenant": "oak", "email": "nobody@oak.example" });
    let asked = "mutation($i: RequestPasswordResetInput!) { requestPasswordReset(input: $i) }";
    let (answer, _) = ask(&service, asked, json!({ "i": input }), &[]).await;
    assert!(answer["errors"].is_null(), "{answer:#}");
    let began = std::time::Instant::now();
    loop {
        let look = Look::of_all(&at).await;
        let done = look.sum("lectern_job_attempts_total", &[("kind", "account.request"), ("outcome", "done")]);
        if done == 1.0 {
            assert!(
                look.sum("lectern_job_duration_seconds_count", &[("lane", "DEFAULT")])
                    + look.sum("lectern_job_duration_seconds_count", &[("lane", "MAIL")])
                    >= 1.0
            );
            for lane in ["DEFAULT", "MAIL", "DELIVERY", "BULK"] {
                for state in ["due", "later", "running", "dead"] {
                    let shown =
                        look.0.iter().any(|(name, labels, _)| name == "lectern_jobs" && labels["lane"] == lane && labels["state"] == state);
                    assert!(shown, "{lane} {state}");
                }
            }
            return;
        }
        assert!(began.elapsed() < SOON, "the job is not counted");
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
}

#[tokio::test]
async fn nothing_listens_unless_it_is_wanted() {
    let app = TestApp::start().await;
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let at = taken.local_addr().unwrap().to_string();
    let mut command = crate::ops::lectern(&["serve", "--listen", "127.0.0.1:0", "--log", "off"]);
    command.env("DATABASE_URL", app.database.url("lectern_app"));
    command.env("LECTERN_SIGNING_KEY", lectern_kernel::auth::SigningKey::generate().unwrap().to_text()).env("LECTERN_METRICS_LISTEN", &at);
    let said = crate::ops::refused(command.output().unwrap());
    assert!(said.contains(&format!("LECTERN_METRICS_LISTEN: {at} can't be listened on")), "{said}");
}
