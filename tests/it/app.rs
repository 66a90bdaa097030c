//! A running service with two schools, and clients that are signed in to it.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use clap::Parser;
use jiff::SignedDuration;
use lectern::{
    config::{Cli, LogFormat, Settings},
    domains::{
        answers::{Answers, Deployment},
        busy_sources::Calendars,
        feeds::FeedAddress,
        knowledge::Extractor,
        mail::{Postman, TEMPLATES, Unsubscribing, Way},
        payments::Taking,
        providers::Providers,
    },
    http::{self, HttpOptions, ServerOptions},
    ops::{self, ServeOptions},
};
use lectern_kernel::{
    auth::{Passwords, SigningKey, Tokens},
    db::{
        Desk, PoolOptions, Run,
        migrate::{Options, migrate},
        recording,
    },
    execute::{Engine, Schema},
    jobs::Outside,
    outbound::{Addresses, Outbound},
    request::{GraphqlRequest, Limits},
    resolve::{Services, registry::Registry},
    sealing::Sealer,
    store::Store,
};
use lectern_testcontainers::{Database, server};
use serde_json::{Value, json};
use tokio::sync::Mutex;
use tokio_postgres::NoTls;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::sharding::Spread;

/// Everybody's password.
pub const PASSWORD: &str = "correct horse battery";
/// Its hash, of as little work as the algorithm permits: hundreds of tests sign in.
const HASH: &str = "$argon2id$v=19$m=8,t=1,p=1$bGVjdGVybi10ZXN0cy0wMA$x8WVgZtR7kns6DCZnE0NlpaKH/e+ASrePHdJA6jeX/8";

/// The default roles, one person each in every school.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Who {
    Admin,
    Instructor,
    Learner,
    Viewer,
}

impl Who {
    pub const ALL: [Who; 4] = [Who::Admin, Who::Instructor, Who::Learner, Who::Viewer];

    fn role(self) -> &'static str {
        match self {
            Who::Admin => "ADMIN",
            Who::Instructor => "INSTRUCTOR",
            Who::Learner => "LEARNER",
            Who::Viewer => "VIEWER",
        }
    }

    fn word(self) -> &'static str {
        match self {
            Who::Admin => "admin",
            Who::Instructor => "instructor",
            Who::Learner => "learner",
            Who::Viewer => "viewer",
        }
    }
}

/// One of the two schools of a test: `oak` and `elm`.
#[derive(Debug, Clone)]
pub struct School {
    pub slug: &'static str,
    pub tenant: Uuid,
}

impl School {
    pub fn email(&self, who: Who) -> String {
        format!("{}@{}.example", who.word(), self.slug)
    }
}

/// A key to seal with.
pub fn secret_key() -> String {
    Sealer::generate().unwrap()
}

/// What a test seals with.
pub fn sealer() -> Sealer {
    Sealer::from_text(&secret_key()).unwrap()
}

/// A folder that goes with whoever holds it.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new(what: &str) -> Folder {
        Folder(std::env::temp_dir().join(format!("lectern-{what}-{}", Uuid::now_v7())))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// What resolvers need in a test: nobody is written to.
pub fn outside() -> Outside {
    let way = Way::Outbox(std::env::temp_dir().join("lectern-test-outbox"));
    Outside::default().with(Postman::new(TEMPLATES.to_vec(), "lectern@localhost", "http://app.example", way, false).unwrap())
}

/// What a service of a test needs beside its database: nobody is written to, and tokens that this key signs are good for an hour.
pub fn services(key: &SigningKey) -> Arc<Services> {
    let hour = SignedDuration::from_hours(1);
    Arc::new(Services {
        passwords: Passwords::new().unwrap(),
        tokens: Tokens::new(key, "test", hour, hour).unwrap(),
        sealer: sealer(),
        addresses: Addresses::default(),
        outside: outside(),
    })
}

#[allow(clippy::disallowed_methods, reason = "a test stands outside of every request")]
pub fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

/// A running service on a database of its own.
pub struct TestApp {
    pub url: String,
    pub oak: School,
    pub elm: School,
    pub engine: Arc<Engine>,
    /// The platform's.
    pub desk: Arc<Engine>,
    /// What its schema is made of.
    pub registry: &'static Registry,
    /// `(file, SQL)`: the rows with which a school of it is attacked.
    pub probes: Vec<(String, String)>,
    pub database: Database,
    http: reqwest::Client,
    superuser: tokio_postgres::Client,
    files: Folder,
    pub settings: Settings,
    /// What it seals with: for further processes on its database.
    pub seal: String,
    signed_in: Mutex<HashMap<(Uuid, Who), Client>>,
    /// What stands in front of the database, where it is one of two shards.
    _spread: Option<Spread>,
}

const OAK: Uuid = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_00a1);
const ELM: Uuid = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_00b2);

/// Migrates, and founds the two schools: what every test's database is a copy of.
pub async fn prepare(url: String) -> anyhow::Result<()> {
    migrate(&url, ops::sources::embedded()?, Options::default()).await?;
    let (client, connection) = tokio_postgres::connect(&url, NoTls).await?;
    let connection = tokio::spawn(connection);
    client.batch_execute("SET app.audit = 'off'").await?;
    for (tenant, slug) in [(OAK, "oak"), (ELM, "elm")] {
        client
            .execute(
                "INSERT INTO tenant (tenant_id, slug, name, time_zone) VALUES ($1, $2, initcap($2) || ' School', 'Europe/Berlin')",
                &[&tenant, &slug],
            )
            .await?;
        client.execute("SELECT app.create_system_roles($1)", &[&tenant]).await?;
        for who in Who::ALL {
            let id = Uuid::now_v7();
            let (name, email) = (format!("{} of {slug}", who.role()), format!("{}@{slug}.example", who.word()));
            client
                .execute("INSERT INTO app_user (tenant_id, id, name, email) VALUES ($1, $2, $3, $4)", &[&tenant, &id, &name, &email])
                .await?;
            client
                .execute("INSERT INTO credential (tenant_id, user_id, password_hash) VALUES ($1, $2, $3)", &[&tenant, &id, &HASH])
                .await?;
            client
                .execute("INSERT INTO user_role (tenant_id, user_id, role_id) SELECT $1, $2, r.id FROM role r WHERE r.tenant_id = $1 AND r.key = $3", &[&tenant, &id, &who.role()])
                .await?;
        }
    }
    drop(client);
    connection.await??;
    Ok(())
}

impl TestApp {
    /// With the settings that a deployment has.
    pub async fn start() -> TestApp {
        TestApp::start_with(&[], HttpOptions::default()).await
    }

    /// With further command-line settings.
    pub async fn start_with(arguments: &[&str], options: HttpOptions) -> TestApp {
        TestApp::start_of(arguments, options, (lectern::schema::build, lectern::domains::registry()), "").await
    }

    /// With something else that resolvers reach.
    pub async fn start_beside(options: HttpOptions, outside: Outside) -> TestApp {
        TestApp::start_all(&[], options, (lectern::schema::build, lectern::domains::registry()), "", outside).await
    }

    /// With another schema than the product's, and what it needs in the database.
    pub async fn start_of(
        arguments: &[&str],
        options: HttpOptions,
        (schema, registry): (fn(&Limits) -> Schema, &'static Registry),
        sql: &str,
    ) -> TestApp {
        TestApp::start_all(arguments, options, (schema, registry), sql, outside()).await
    }

    async fn start_all(
        arguments: &[&str],
        options: HttpOptions,
        (schema, registry): (fn(&Limits) -> Schema, &'static Registry),
        sql: &str,
        outside: Outside,
    ) -> TestApp {
        // `LECTERN_LOG=info cargo test …` shows what is behind a failure.
        let _ = lectern::telemetry::init(&std::env::var("LECTERN_LOG").unwrap_or_else(|_| "off".into()), LogFormat::Text);
        let database = server().await.database(prepare).await;
        let files = Folder::new("files");
        let mut given = vec!["lectern".to_owned()];
        // In a test one person makes the requests of many.
        let usual = ["--pool-size=8", "--rate-bookings=0", "--rate-uploads=0"].map(str::to_owned);
        for usual in usual.into_iter().chain([format!("--files={}", files.0.display())]) {
            let (name, _) = usual.split_once('=').unwrap();
            if !arguments.iter().any(|argument| argument.starts_with(name)) {
                given.push(usual);
            }
        }
        let mut settings = Cli::parse_from(given.iter().map(String::as_str).chain(arguments.iter().copied())).settings;
        let spread = Spread::asked_for(&database).await;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let url = spread.as_ref().map_or_else(|| database.url("lectern_app"), |spread| spread.enter(&mut settings));
        let seal = secret_key();
        let sealer = Sealer::from_text(&seal).unwrap();
        let store = ops::store(&settings, &sealer, address).unwrap();
        let unsubscribing = Unsubscribing::new(&sealer, &format!("http://{address}"));
        let desk = Desk::new(&database.url("lectern_desk"), &PoolOptions { size: 4, ..PoolOptions::default() }).unwrap();
        let providers = || Providers::new(Outbound::new(ops::addresses(&settings)).unwrap());
        let outside = if outside.find::<Providers>().is_some() { outside } else { outside.with(providers()) };
        let outside =
            outside.with(FeedAddress::new(&format!("http://{address}"))).with(Calendars::new(ops::calendar_addresses(&settings)).unwrap());
        let answers_elsewhere = outside.find::<Deployment>().is_some();
        let outside = if answers_elsewhere { outside } else { outside.with(ops::deployment(&settings).unwrap()) };
        let outside = if outside.find::<Extractor>().is_some() { outside } else { outside.with(reader()) };
        let outside = if outside.find::<Answers>().is_some() { outside } else { outside.with(Answers::new(settings.max_answers)) };
        let taking = Taking::new(&settings.stripe_api_base, &format!("http://{address}"), settings.test_payments.unwrap_or(true)).unwrap();
        let outside = outside.with(taking);
        let key = SigningKey::generate().unwrap();
        let serve = ServeOptions { url: &url, key: key.clone(), sealer, outside: outside.with(store).with(unsubscribing).with(desk) };
        let engine = Arc::new(ops::engine_of(&settings, serve, schema, registry).unwrap());
        // Elsewhere what is sent waits.
        if settings.assistant_url.is_some() || answers_elsewhere {
            ops::let_answer(&engine);
        }
        let url = format!("http://{address}");
        let services = engine.services();
        let desk = services.outside.get::<Desk>().unwrap();
        let desk = Arc::new(ops::desk_engine(&settings, &desk, &key, services.sealer.clone(), services.outside.clone()).unwrap());
        let router = http::router_beside(engine.clone(), Some(desk.clone()), options);
        tokio::spawn(http::serve(listener, router, ServerOptions::default(), CancellationToken::new()));
        let (superuser, connection) = tokio_postgres::connect(&database.superuser_url(), NoTls).await.unwrap();
        tokio::spawn(connection);
        superuser.batch_execute(sql).await.unwrap();
        TestApp {
            url,
            oak: School { slug: "oak", tenant: OAK },
            elm: School { slug: "elm", tenant: ELM },
            engine,
            desk,
            registry,
            probes: ops::sources::probes().unwrap(),
            database,
            // Without TLS: reading the certificates of the machine takes longer than a request.
            http: reqwest::Client::builder().timeout(Duration::from_secs(60)).tls_danger_accept_invalid_certs(true).build().unwrap(),
            superuser,
            signed_in: Mutex::default(),
            files,
            settings,
            _spread: spread,
            seal,
        }
    }

    /// Where its files are kept, unless it was told otherwise.
    pub fn files(&self) -> &Path {
        &self.files.0
    }

    /// What keeps its files.
    pub fn store(&self) -> Arc<Store> {
        self.engine.services().outside.get().unwrap()
    }

    /// Runs the jobs that are waiting, until none is.
    pub async fn work(&self) {
        let url = self.database.url("lectern_app");
        let services = self.engine.services();
        let outside = services.outside.clone().with(services.sealer.clone());
        let worker = ops::worker(&self.settings, &url, outside, None).unwrap();
        let stop = CancellationToken::new();
        let working = tokio::spawn(worker.run(stop.clone()));
        // Those of a school that is suspended wait until it is not.
        let left = "job WHERE state = 'RUNNING' OR (state = 'QUEUED' AND run_at <= now() AND (is_spared OR app.runs(tenant_id)))";
        let started = Instant::now();
        while self.count(left).await > 0 {
            assert!(
                started.elapsed() < Duration::from_secs(180),
                "still waiting: {:?}",
                self.text(&format!("SELECT min(kind) FROM {left}")).await
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        stop.cancel();
        working.await.unwrap();
    }

    /// Runs jobs as `lectern serve` does, which hears of them as they are asked for, until it is told to stop.
    pub fn keep_working(&self) -> (CancellationToken, tokio::task::JoinHandle<()>) {
        let services = self.engine.services();
        let outside = services.outside.clone().with(services.sealer.clone());
        let worker = ops::worker(&self.settings, &self.database.url("lectern_app"), outside, Some(self.engine.pool())).unwrap();
        let stop = CancellationToken::new();
        (stop.clone(), tokio::spawn(worker.run(stop)))
    }

    /// Somebody who is not signed in to the platform.
    pub fn at_desk(&self) -> Client {
        Client { url: format!("{}/platform", self.url), ..self.stranger() }
    }

    /// Somebody who is not signed in.
    pub fn stranger(&self) -> Client {
        Client { http: self.http.clone(), url: self.url.clone(), token: None, refresh_token: None, user_id: String::new() }
    }

    /// One of the four people of a school; signed in once per test.
    pub async fn sign_in(&self, school: &School, who: Who) -> Client {
        let mut known = self.signed_in.lock().await;
        if let Some(client) = known.get(&(school.tenant, who)) {
            return client.clone();
        }
        let client = self.sign_in_as(school, &school.email(who), PASSWORD).await;
        known.insert((school.tenant, who), client.clone());
        client
    }

    /// Anybody, by credentials; a new sign-in each time.
    pub async fn sign_in_as(&self, school: &School, email: &str, password: &str) -> Client {
        let data = self
            .stranger()
            .ok(
                "mutation($i: LoginInput!) { login(input: $i) { accessToken refreshToken viewer { user { id } } } }",
                json!({ "i": { "tenant": school.slug, "email": email, "password": password } }),
            )
            .await;
        self.stranger().with_session(&data["login"])
    }

    /// Makes a person with roles, and signs them in.
    pub async fn person(&self, school: &School, email: &str, role_keys: &[&str]) -> Client {
        let admin = self.sign_in(school, Who::Admin).await;
        let input = json!({ "email": email, "name": email, "password": PASSWORD, "roleKeys": role_keys });
        admin.ok("mutation($i: CreateUserInput!) { createUser(input: $i) { id } }", json!({ "i": input })).await;
        self.sign_in_as(school, email, PASSWORD).await
    }

    /// How many rows, of all schools: `count("course where title = 'Algebra'")`.
    pub async fn count(&self, rows: &str) -> i64 {
        self.superuser.query_one(&format!("SELECT count(*) FROM {rows}"), &[]).await.unwrap().get(0)
    }

    /// Reads one text out of the database, past every policy.
    pub async fn text(&self, sql: &str) -> Option<String> {
        self.superuser.query_opt(sql, &[]).await.unwrap().and_then(|row| row.get(0))
    }

    /// Changes the database past every policy, as time or an operator would.
    pub async fn sql(&self, sql: &str) {
        self.superuser.batch_execute(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    }

    /// Tries to; answers the constraint or rule that refused.
    pub async fn try_sql(&self, sql: &str) -> Result<(), Option<String>> {
        let refused = self.superuser.batch_execute(sql).await;
        refused.map_err(|error| error.as_db_error().and_then(|error| error.constraint()).map(str::to_owned))
    }

    /// How many entries of changes the audit log holds, optionally for one operation: what a refusal must not add to.
    pub async fn changes(&self, operation: &str) -> i64 {
        self.count(&format!("audit_entry where outcome = 'CHANGED' and operation = '{operation}'")).await
    }

    /// How many statements a document costs somebody, the loading of the actor or the version check included.
    pub async fn statements(&self, client: &Client, query: &str, variables: Value) -> u32 {
        self.cost(client, query, variables).await.0
    }

    /// How many statements a document costs somebody, and how often it waits for the database.
    pub async fn cost(&self, client: &Client, query: &str, variables: Value) -> (u32, u32) {
        let request = GraphqlRequest {
            query: query.to_owned(),
            operation_name: None,
            variables: Some(async_graphql::Variables::from_json(variables)),
            ..GraphqlRequest::default()
        };
        let claims = client.token.as_deref().and_then(|token| self.engine.services().tokens.verify(token));
        let document = self.engine.read(&request).unwrap();
        let answer = self.engine.execute(document, claims, "counting").await;
        assert!(answer.response.errors.is_empty(), "{:?}", answer.response.errors);
        (answer.statements, answer.round_trips)
    }

    /// What somebody is answered to a document, and the statements that ran for it.
    pub async fn runs(&self, client: &Client, query: &str) -> (async_graphql::Response, Vec<Run>) {
        let request = GraphqlRequest { query: query.to_owned(), ..GraphqlRequest::default() };
        let claims = client.token.as_deref().and_then(|token| self.engine.services().tokens.verify(token));
        let (answer, runs) = recording(self.engine.execute(self.engine.read(&request).unwrap(), claims, "runs")).await;
        (answer.response, runs)
    }
}

/// Somebody who asks.
#[derive(Clone)]
pub struct Client {
    pub http: reqwest::Client,
    pub url: String,
    pub token: Option<String>,
    pub refresh_token: Option<String>,
    /// The person's TypeID.
    pub user_id: String,
}

impl Client {
    /// The same, with the tokens of a `Session` (that selects `viewer { user { id } }`).
    pub fn with_session(&self, session: &Value) -> Client {
        Client {
            token: session["accessToken"].as_str().map(str::to_owned),
            refresh_token: session["refreshToken"].as_str().map(str::to_owned),
            user_id: session["viewer"]["user"]["id"].as_str().unwrap_or_default().to_owned(),
            ..self.clone()
        }
    }

    /// A request as a program would send it, for tests of HTTP itself.
    pub fn post(&self, query: &str, variables: Value) -> reqwest::RequestBuilder {
        let request = self.http.post(format!("{}/graphql", self.url)).json(&json!({ "query": query, "variables": variables }));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// The whole answer.
    pub async fn ask(&self, query: &str, variables: Value) -> Value {
        self.post(query, variables).send().await.unwrap().json().await.unwrap()
    }

    /// The data of an answer without errors.
    pub async fn ok(&self, query: &str, variables: Value) -> Value {
        let mut answer = self.ask(query, variables).await;
        assert!(answer.get("errors").is_none(), "{query}\n{answer:#}");
        answer["data"].take()
    }

    /// The only error's code, with its reason where it has one and its field: `CONFLICT COURSE_FULL @courseId`. Panics
    /// where the document was not refused, or where a refused mutation still answers data.
    pub async fn refused(&self, query: &str, variables: Value) -> String {
        let answer = self.ask(query, variables).await;
        let errors = answer["errors"].as_array().unwrap_or_else(|| panic!("not refused: {query}\n{answer:#}"));
        assert_eq!(errors.len(), 1, "{answer:#}");
        if query.trim_start().starts_with("mutation") {
            assert!(answer["data"].is_null(), "a refused mutation must answer no data: {answer:#}");
        }
        assert!(errors[0]["extensions"]["correlationId"].is_string(), "{answer:#}");
        refusal(&errors[0])
    }
}

/// An error in one line: `FORBIDDEN [USER_CREATE]`, `CONFLICT COURSE_FULL @courseId`.
pub fn refusal(error: &Value) -> String {
    let extensions = &error["extensions"];
    let mut line = extensions["code"].as_str().unwrap_or("no code").to_owned();
    if let Some(reason) = extensions["reason"].as_str() {
        line.push_str(&format!(" {reason}"));
    }
    if let Some(missing) = extensions["missingPermissions"].as_array() {
        let missing: Vec<&str> = missing.iter().filter_map(Value::as_str).collect();
        line.push_str(&format!(" [{}]", missing.join(" ")));
    }
    if let Some(field) = extensions["field"].as_str() {
        line.push_str(&format!(" @{field}"));
    }
    line
}

/// What reads documents: the service's own program.
pub fn reader() -> Extractor {
    Extractor::of(env!("CARGO_BIN_EXE_lectern").into(), Duration::from_secs(60))
}
