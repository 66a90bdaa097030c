//! The database of the first release, with its demo schools in it, is brought to the newest schema: like a new one, nothing lost, and people sign in.

use std::{collections::BTreeMap, io::Read as _};

use flate2::read::GzDecoder;
use lectern::ops::sources;
use lectern_kernel::{
    auth::SigningKey,
    db::migrate::{Options, migrate},
};
use nix::sys::signal::Signal;
use serde_json::{Value, json};
use tokio_postgres::{Client, NoTls};

use crate::{
    app::TestApp,
    ops::{done, lectern},
    serve::Served,
};

/// Made by tests/first-release.sh.
const FIRST: &[u8] = include_bytes!("first-release.sql.gz");

async fn superuser(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// How many rows each table has.
async fn rows(client: &Client) -> BTreeMap<String, i64> {
    let named = "SELECT string_agg(format('SELECT %L::text AS name, count(*) AS rows FROM public.%I', relname, relname), ' UNION ALL ') \
         FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition";
    let all: String = client.query_one(named, &[]).await.unwrap().get(0);
    client.query(&all, &[]).await.unwrap().iter().map(|row| (row.get(0), row.get(1))).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_database_of_the_first_release_is_upgraded_with_all_that_is_in_it() {
    let app = TestApp::start().await;
    let name = format!("{}_first", app.database.name);
    app.sql(&format!(r#"CREATE DATABASE "{name}" OWNER lectern_owner TEMPLATE template0"#)).await;
    let url = |role: &str| app.database.url(role).replace(&app.database.name, &name);
    let database = app.database.superuser_url().replace(&app.database.name, &name);
    let mut dump = String::new();
    GzDecoder::new(FIRST).read_to_string(&mut dump).unwrap();
    superuser(&database).await.batch_execute(&dump).await.unwrap();

    let client = superuser(&database).await;
    let before = rows(&client).await;
    assert!(before["app_user"] > 10 && before["enrollment"] > 10 && before["audit_entry"] > 10, "{before:?}");
    let source = sources::embedded().unwrap();
    migrate(&url("lectern_owner"), source, Options::default()).await.unwrap();
    let fingerprint: String = client.query_one("SELECT app.schema_fingerprint()", &[]).await.unwrap().get(0);
    assert_eq!(fingerprint, source.fingerprint());
    let after = rows(&client).await;
    for (table, count) in &before {
        assert!(after.get(table).is_some_and(|now| now >= count), "{table}: {count} rows, then {:?}", after.get(table));
    }
    done(lectern(&["drift"]).env("LECTERN_OWNER_URL", &database).output().unwrap());

    let mut command = lectern(&["serve", "--listen", "127.0.0.1:0", "--log", "off", "--worker", "off"]);
    command.env("DATABASE_URL", url("lectern_app")).env("LECTERN_SIGNING_KEY", SigningKey::generate().unwrap().to_text());
    let service = Served::start(command);
    let ask = async |token: &str, query: &str| -> Value {
        let request = reqwest::Client::new().post(format!("{}/graphql", service.url)).bearer_auth(token).json(&json!({ "query": query }));
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        assert!(answer.get("errors").is_none(), "{answer:#}");
        answer["data"].clone()
    };
    let login = r#"mutation { login(input: { tenant: "alpha-flight-school", email: "admin@alpha.example", password: "lectern-demo" }) { accessToken } }"#;
    let token = ask("", login).await["login"]["accessToken"].as_str().unwrap().to_owned();
    let seen = ask(&token, "{ users { totalCount } courses(first: 3) { totalCount nodes { title sections { title } } } }").await;
    assert!(seen["users"]["totalCount"].as_i64().unwrap() > 5 && seen["courses"]["totalCount"].as_i64().unwrap() > 2, "{seen:#}");
    ask(&token, r#"mutation { createCourse(input: { title: "After the upgrade" }) { id } }"#).await;
    assert_eq!(service.stop(Signal::SIGTERM).0, Some(0));
    drop(client);
    app.sql(&format!(r#"DROP DATABASE "{name}" WITH (FORCE)"#)).await;
}
