//! Schools that are spread over two databases behind PgDog: one service, whose transactions touch one database each.

mod front;
mod standin;

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use clap::Parser as _;
use lectern::{
    config::{Cli, Settings, ShardingKind, TenantMove},
    domains,
    http::{self, HttpOptions, ServerOptions},
    ops, schema,
};
use lectern_kernel::{
    auth::SigningKey,
    db::{ActorKind, Identity, Live, Mode, Opening, Pool, PoolOptions, Pooler, Shards, Tx},
    execute::Engine,
    request::Limits,
};
use lectern_testcontainers::{Database, server};
use serde_json::{Value, json};
use tokio_postgres::NoTls;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use self::front::Front;
use crate::app::{Client, PASSWORD, Who, prepare, services};

const LOGIN: &str = "mutation($i: LoginInput!) { login(input: $i) { accessToken refreshToken viewer { user { id } } } }";
const CREATE: &str = "mutation($t: String!) { createCourse(input: { title: $t }) { id } }";

/// A shard: its database, the school that lies there, and a connection past every policy.
struct Shard {
    database: Database,
    slug: &'static str,
    tenant: Uuid,
    superuser: tokio_postgres::Client,
}

impl Shard {
    /// A database with one of the two schools.
    async fn of(slug: &'static str) -> Shard {
        let database = server().await.database(prepare).await;
        let superuser = superuser(&database).await;
        let other: Uuid = superuser.query_one("SELECT tenant_id FROM tenant WHERE slug <> $1", &[&slug]).await.unwrap().get(0);
        let tenant: Uuid = superuser.query_one("SELECT tenant_id FROM tenant WHERE slug = $1", &[&slug]).await.unwrap().get(0);
        forget(&superuser, other).await;
        Shard { database, slug, tenant, superuser }
    }

    async fn count(&self, rows: &str) -> i64 {
        self.superuser.query_one(&format!("SELECT count(*) FROM {rows}"), &[]).await.unwrap().get(0)
    }

    fn email(&self, who: &str) -> String {
        format!("{who}@{}.example", self.slug)
    }
}

async fn superuser(database: &Database) -> tokio_postgres::Client {
    let (superuser, connection) = tokio_postgres::connect(&database.superuser_url(), NoTls).await.unwrap();
    tokio::spawn(connection);
    superuser
}

/// Deletes all that a database has of a school.
async fn forget(superuser: &tokio_postgres::Client, school: Uuid) {
    let empty = format!(
        "DO $$ DECLARE of_schools regclass; BEGIN \
            PERFORM set_config('session_replication_role', 'replica', true); \
            FOR of_schools IN SELECT c.oid FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped \
                WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' LOOP \
                EXECUTE format('DELETE FROM %s WHERE tenant_id = %L', of_schools, '{school}'); \
            END LOOP; END $$"
    );
    superuser.batch_execute(&empty).await.unwrap();
}

/// Addresses as an operator names them: without the role.
fn addresses(urls: &[String]) -> Vec<String> {
    urls.iter().map(|url| format!("postgres://{}", url.rsplit('@').next().unwrap())).collect()
}

/// Any test's database as the first of two shards, where `LECTERN_TEST_SHARDED` asks for that: all others then go the same way.
pub struct Spread {
    front: Front,
    addresses: Vec<String>,
    _other: Database,
}

impl Spread {
    pub async fn asked_for(database: &Database) -> Option<Spread> {
        std::env::var_os("LECTERN_TEST_SHARDED")?;
        let other = server().await.database(prepare).await;
        let client = superuser(&other).await;
        for row in client.query("SELECT tenant_id FROM tenant", &[]).await.unwrap() {
            forget(&client, row.get(0)).await;
        }
        let urls: Vec<String> = [database, &other].map(|database| database.url("lectern_app")).into();
        let addresses = addresses(&urls);
        Some(Spread { front: Front::start(urls, &HashMap::new()).await, addresses, _other: other })
    }

    /// The settings of a service behind it, and the URL that it connects to.
    pub fn enter(&self, settings: &mut Settings) -> String {
        settings.sharding = Some(ShardingKind::Pgdog);
        settings.shard_urls.clone_from(&self.addresses);
        self.front.url()
    }
}

/// A service on both.
struct Service {
    oak: Shard,
    elm: Shard,
    front: Front,
    engine: Arc<Engine>,
    settings: Settings,
    url: String,
    http: reqwest::Client,
}

impl Service {
    async fn start() -> Service {
        let (oak, elm) = (Shard::of("oak").await, Shard::of("elm").await);
        let urls: Vec<String> = [&oak, &elm].map(|shard| shard.database.url("lectern_app")).into();
        let front = Front::start(urls.clone(), &HashMap::from([(oak.tenant, 0), (elm.tenant, 1)])).await;
        let addresses = addresses(&urls);
        let given = [
            "lectern".to_owned(),
            "--sharding=pgdog".to_owned(),
            format!("--database-url={}", front.url()),
            format!("--shard-urls={}", addresses.join(" ")),
            format!("--owner-url={}", oak.database.url("lectern_owner")),
            format!("--platform-url={}", oak.database.url("lectern_platform")),
        ];
        let settings = Cli::parse_from(given).settings;
        settings.check_sharding().unwrap();
        let options = PoolOptions { size: 4, pooler: Pooler::Transaction, ..PoolOptions::default() };
        let shards = Arc::new(Shards::new(&front.url(), &addresses, &PoolOptions { size: 2, ..options.clone() }).unwrap());
        let pool = Pool::new(&front.url(), &options).unwrap().sharded(shards);
        let services = services(&SigningKey::generate().unwrap());
        let (limits, timeout) = (Limits::default(), Duration::from_secs(20));
        let engine = Engine::new(schema::build(&limits), domains::registry(), &ActorKind::TENANT, pool, services, limits, timeout);
        let engine = Arc::new(engine);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = http::router(engine.clone(), HttpOptions::default());
        tokio::spawn(http::serve(listener, router, ServerOptions::default(), CancellationToken::new()));
        Service { oak, elm, front, engine, settings, url, http: reqwest::Client::new() }
    }

    fn stranger(&self) -> Client {
        Client { http: self.http.clone(), url: self.url.clone(), token: None, refresh_token: None, user_id: String::new() }
    }

    async fn sign_in(&self, shard: &Shard, who: &str) -> Client {
        let input = json!({ "tenant": shard.slug, "email": shard.email(who), "password": PASSWORD });
        let data = self.stranger().ok(LOGIN, json!({ "i": input })).await;
        self.stranger().with_session(&data["login"])
    }

    /// Runs the jobs of both until none waits.
    async fn work(&self) {
        let outside = self.engine.services().outside.clone().with(self.engine.services().sealer.clone());
        let workers = ops::workers(&self.settings, &self.front.url(), &outside, Some(self.engine.pool())).unwrap();
        assert_eq!(workers.len(), 2);
        let stop = CancellationToken::new();
        let working: Vec<_> = workers.into_iter().map(|worker| tokio::spawn(worker.run(stop.clone()))).collect();
        let began = Instant::now();
        for shard in [&self.oak, &self.elm] {
            while shard.count("job WHERE kind LIKE 'account.%' AND (state = 'RUNNING' OR state = 'QUEUED' AND attempts = 0)").await > 0 {
                assert!(began.elapsed() < Duration::from_secs(180), "the jobs of {} are not run", shard.slug);
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        stop.cancel();
        for task in working {
            task.await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn schools_of_two_databases_are_one_service() {
    let service = Service::start().await;
    let (oak, elm) = (service.sign_in(&service.oak, "admin").await, service.sign_in(&service.elm, "admin").await);
    let mut made = Vec::new();
    for (client, title) in [(&oak, "Of oak"), (&elm, "Of elm"), (&elm, "Of elm as well")] {
        made.push(client.ok(CREATE, json!({ "t": title })).await["createCourse"]["id"].clone());
    }
    assert_eq!((service.oak.count("course").await, service.elm.count("course").await), (1, 2), "each lies where its school does");
    for (client, count) in [(&oak, 1), (&elm, 2)] {
        assert_eq!(client.ok("{ courses { totalCount } }", json!({})).await["courses"]["totalCount"], count);
    }
    let one = "query($id: ID!) { course(id: $id) { title } }";
    assert_eq!(oak.ok(one, json!({ "id": made[1] })).await, json!({ "course": null }), "the other school's is not there");
    assert_eq!(elm.ok(one, json!({ "id": made[1] })).await, json!({ "course": { "title": "Of elm" } }));

    let refresh = "mutation($i: RefreshSessionInput!) { refreshSession(input: $i) { accessToken refreshToken viewer { user { id } } } }";
    let again = service.stranger().ok(refresh, json!({ "i": { "refreshToken": elm.refresh_token } })).await;
    assert_eq!(again["refreshSession"]["viewer"]["user"]["id"], elm.user_id.as_str());
    let wrong = |slug: &str, email: String| json!({ "i": { "tenant": slug, "email": email, "password": PASSWORD } });
    assert_eq!(service.stranger().refused(LOGIN, wrong("elm", service.oak.email("admin"))).await, "UNAUTHENTICATED");
    assert_eq!(service.stranger().refused(LOGIN, wrong("ash", service.oak.email("admin"))).await, "UNAUTHENTICATED");
    // Somebody who is signed in may sign in elsewhere: nothing is done where they come from.
    let there = oak.ok(LOGIN, wrong("elm", service.elm.email("learner"))).await;
    assert!(there["login"]["accessToken"].is_string());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_public_is_found_wherever_it_lies() {
    let service = Service::start().await;
    let stranger = service.stranger();
    let all = "query($n: Int!, $a: String) { publicTenants(first: $n, after: $a) { totalCount nodes { slug } pageInfo { hasNextPage endCursor } } }";
    let slugs = |page: &Value| -> Vec<String> {
        let nodes = page["publicTenants"]["nodes"].as_array().unwrap();
        nodes.iter().map(|school| school["slug"].as_str().unwrap().to_owned()).collect()
    };
    let page = stranger.ok(all, json!({ "n": 10 })).await;
    assert_eq!((slugs(&page), &page["publicTenants"]["totalCount"]), (vec!["elm".into(), "oak".into()], &json!(2)), "by name, of both");
    let first = stranger.ok(all, json!({ "n": 1 })).await;
    assert_eq!(slugs(&first), ["elm"]);
    let second = stranger.ok(all, json!({ "n": 1, "a": first["publicTenants"]["pageInfo"]["endCursor"] })).await;
    assert_eq!((slugs(&second), &second["publicTenants"]["pageInfo"]["hasNextPage"]), (vec!["oak".to_owned()], &json!(false)));

    let one = "query($s: String!) { publicTenant(slug: $s) { name } }";
    for (slug, name) in [("oak", json!({ "name": "Oak School" })), ("elm", json!({ "name": "Elm School" })), ("ash", Value::Null)] {
        assert_eq!(stranger.ok(one, json!({ "s": slug })).await["publicTenant"], name, "{slug}");
    }
    // A document is of one school, for it is one transaction.
    let oak = service.sign_in(&service.oak, "learner").await;
    assert_eq!(oak.ok(one, json!({ "s": "oak" })).await["publicTenant"]["name"], "Oak School");
    assert_eq!(oak.refused(one, json!({ "s": "elm" })).await, "BAD_USER_INPUT");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn jobs_and_announcements_are_of_the_database_where_the_school_lies() {
    let service = Service::start().await;
    let ask = "mutation($i: RequestPasswordResetInput!) { requestPasswordReset(input: $i) }";
    for shard in [&service.oak, &service.elm] {
        service.stranger().ok(ask, json!({ "i": { "tenant": shard.slug, "email": shard.email("learner") } })).await;
        assert_eq!(shard.count("account_request").await, 1, "{}", shard.slug);
    }
    service.work().await;
    for shard in [&service.oak, &service.elm] {
        let link = format!("mailed_token WHERE tenant_id = '{}'", shard.tenant);
        assert_eq!((shard.count("account_request").await, shard.count(&link).await), (0, 1), "{}", shard.slug);
    }

    let live = Live::new(service.engine.pool().clone(), vec!["booking"]);
    for shard in [&service.oak, &service.elm] {
        let mut interest = live.interest(shard.tenant, "booking", None).await.unwrap();
        let told = Uuid::now_v7();
        let said = format!("{} booking {told}", shard.tenant);
        shard.superuser.execute("SELECT pg_notify('lectern', $1)", &[&said]).await.unwrap();
        let heard = tokio::time::timeout(Duration::from_secs(60), interest.next()).await.unwrap();
        assert_eq!(heard.unwrap(), told, "{}", shard.slug);
    }
    let shards = service.engine.pool().shards().unwrap();
    for (shard, at) in [(&service.oak, 0), (&service.elm, 1)] {
        assert_eq!(shards.seat(shard.tenant).await.unwrap(), at);
        assert_eq!(shards.place(service.engine.pool(), shard.tenant).await.unwrap(), Some(at));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_transaction_touches_two_databases() {
    let service = Service::start().await;
    for shard in [&service.oak, &service.elm] {
        let admin = service.sign_in(shard, "admin").await;
        let course = admin.ok(CREATE, json!({ "t": "Algebra" })).await["createCourse"]["id"].clone();
        let twice = "mutation($id: ID!) { a: updateCourse(input: { id: $id, title: \"A\" }) { id } b: updateCourse(input: { id: $id, title: \"B\" }) { id } }";
        admin.ask(twice, json!({ "id": course })).await;
        admin.ok("{ viewer { user { id } } courses { totalCount nodes { title } } users { nodes { name } } }", json!({})).await;
        assert_eq!(admin.refused("mutation { createCourse(input: { title: \"\" }) { id } }", json!({})).await, "BAD_USER_INPUT @title");
        let ask = "mutation($i: RequestPasswordResetInput!) { requestPasswordReset(input: $i) }";
        service.stranger().ok(ask, json!({ "i": { "tenant": shard.slug, "email": "nobody@nowhere.example" } })).await;
        service.stranger().ok("query($s: String!) { publicTenant(slug: $s) { name } }", json!({ "s": shard.slug })).await;
        let wrong = json!({ "i": { "tenant": shard.slug, "email": shard.email("viewer"), "password": "not this one at all" } });
        assert_eq!(service.stranger().refused(LOGIN, wrong).await, "UNAUTHENTICATED");
    }
    // One that ends at a school, where somebody else's began.
    let opening = Opening { mode: Mode::Write, identity: Identity::default(), correlation_id: "turn", actors: &ActorKind::TENANT };
    let (tx, _) = Tx::open(service.engine.pool(), &opening).await.unwrap();
    tx.query("SELECT app.tenant_id() WHERE app.tenant_id() = $1", &[]).await.unwrap();
    tx.assume(Identity { tenant: service.elm.tenant, ..Identity::default() }).await.unwrap();
    let found: Option<Uuid> = tx.value("SELECT t.tenant_id FROM tenant t WHERE t.tenant_id = $1", &[]).await.unwrap();
    assert_eq!(found, Some(service.elm.tenant));
    tx.commit().await.unwrap();

    let Some(seen) = &service.front.seen else { return };
    // Nobody waits for the end of a read.
    tokio::time::sleep(Duration::from_millis(200)).await;
    let seen = seen.lock().unwrap();
    assert_eq!(seen.faults, Vec::<String>::new());
    assert!(seen.transactions.len() > 20, "{}", seen.transactions.len());
    for transaction in &seen.transactions {
        let [begin, settings, asked @ ..] = transaction.messages.as_slice() else { panic!("{transaction:?}") };
        assert!(begin.starts_with("BEGIN ISOLATION LEVEL "), "{transaction:?}");
        assert!(settings.starts_with("SELECT set_config('app.tenant_id', '"), "{transaction:?}");
        assert!(asked.last().is_some_and(|last| last == "COMMIT" || last == "ROLLBACK"), "{transaction:?}");
        // What is pinned to a school is of that school, or of nobody.
        let key = transaction.key;
        let is_own =
            [key, Uuid::nil()].iter().any(|tenant| settings.starts_with(&format!("SELECT set_config('app.tenant_id', '{tenant}'")));
        assert!(is_own, "{transaction:?}");
        assert_eq!(transaction.shard, usize::from(key == service.elm.tenant), "{transaction:?}");
        for (name, value) in asked.iter().filter_map(|text| text.strip_prefix("SET LOCAL ")).filter_map(|set| set.split_once(" = ")) {
            assert!(
                name != "app.tenant_id" || value.contains(&key.to_string()) || value.contains(&Uuid::nil().to_string()),
                "{transaction:?}"
            );
        }
    }
    let whose = |tenant: Uuid| seen.transactions.iter().filter(|transaction| transaction.key == tenant).count();
    assert!(whose(service.oak.tenant) > 5 && whose(service.elm.tenant) > 5 && whose(Uuid::nil()) > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_school_moves_to_another_shard_with_all_that_it_has() {
    let service = Service::start().await;
    if service.front.seen.is_none() {
        return; // what PgDog is told stands in a file
    }
    let (oak, elm) = (service.sign_in(&service.oak, "admin").await, service.sign_in(&service.elm, "admin").await);
    for title in ["Algebra", "Biology"] {
        elm.ok(CREATE, json!({ "t": title })).await;
    }
    let seen = "{ courses { nodes { id title createdAt } } users { nodes { id name email } } viewer { signIn { id } } }";
    let before = elm.ok(seen, json!({})).await;
    let there = format!("WHERE tenant_id = '{}'", service.elm.tenant);
    let entries = service.elm.count(&format!("audit_entry {there}")).await;
    let credentials = service.elm.count("credential").await;
    let of_elm = format!("tenant WHERE tenant_id = '{}'", service.elm.tenant);
    let (settings, homes) = (&service.settings, &service.front.homes);
    let spread = ops::Spread::of(settings).unwrap().unwrap();
    let to = |to: usize| TenantMove { slug: "elm".into(), to, switch: None, remove_other: false };
    let told = async |school: Uuid, shard: usize| {
        homes.lock().unwrap().insert(school, shard);
        Ok::<_, anyhow::Error>(())
    };

    // PgDog can't be told: all is as it was.
    let refused = ops::relocate(settings, &spread, &to(1), async |_, _| anyhow::bail!("nobody is there")).await.unwrap_err();
    assert_eq!(format!("{refused:#}"), "elm stays on shard 2: nobody is there");
    assert_eq!((service.oak.count(&of_elm).await, service.elm.count(&of_elm).await), (0, 1));

    // Whether it was told nobody knows, for it says nothing any more: both copies stay until it does.
    let (wanted, removed) = (to(1), TenantMove { remove_other: true, ..to(1) });
    let silenced = ops::relocate(settings, &spread, &wanted, async |school, _| {
        homes.lock().unwrap().insert(school, 2);
        anyhow::bail!("nobody is there")
    });
    let refused = format!("{:#}", silenced.await.unwrap_err());
    assert!(refused.contains("elm lies on both shards") && refused.contains("--remove-other: nobody is there"), "{refused}");
    assert!(ops::relocate(settings, &spread, &removed, &told).await.is_err(), "nor is either removed");
    assert_eq!((service.oak.count(&of_elm).await, service.elm.count(&of_elm).await), (1, 1));
    told(service.elm.tenant, 1).await.unwrap();
    ops::relocate(settings, &spread, &removed, &told).await.unwrap();
    assert_eq!((service.oak.count(&of_elm).await, service.elm.count(&of_elm).await), (0, 1));

    // Cut off when the rows are on both sides: the one that PgDog knows counts, until it is said so.
    let moving = ops::relocate(settings, &spread, &wanted, async |_, _| std::future::pending().await);
    tokio::select! {
        ended = moving => panic!("{ended:?}"),
        () = async {
            while service.oak.count(&of_elm).await == 0 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        } => {}
    }
    let refused = ops::relocate(settings, &spread, &to(1), &told).await.unwrap_err().to_string();
    assert!(refused.contains("elm lies on shard 1 as well") && refused.contains("--remove-other"), "{refused}");
    let said = ops::relocate(settings, &spread, &removed, &told).await.unwrap();
    assert_eq!(said, "elm lies on shard 2; what lay elsewhere is removed.");
    assert_eq!((service.oak.count(&of_elm).await, service.elm.count(&of_elm).await), (0, 1));
    assert_eq!(elm.ok(seen, json!({})).await, before);

    // And now whole. Whoever listens is told to listen anew.
    let live = Live::new(service.engine.pool().clone(), vec!["booking"]);
    let mut interest = live.interest(service.elm.tenant, "booking", None).await.unwrap();
    let said = ops::relocate(settings, &spread, &to(1), &told).await.unwrap();
    assert!(said.starts_with("elm lies on shard 1 now: ") && said.contains("the same on both sides") && said.ends_with(" s."), "{said}");
    assert!(tokio::time::timeout(Duration::from_secs(60), interest.next()).await.unwrap().is_err());
    assert_eq!((service.oak.count(&of_elm).await, service.elm.count("tenant").await), (1, 0));
    assert_eq!(service.elm.count(&format!("audit_entry {there}")).await, 0);
    assert_eq!(service.oak.count(&format!("audit_entry {there}")).await, entries, "nothing is logged anew");
    assert_eq!(service.oak.count(&format!("credential {there}")).await, credentials, "secrets come along");
    for shard in [&service.oak, &service.elm] {
        assert_eq!(shard.count("pg_trigger WHERE tgenabled = 'D'").await, 0);
        let grants = "pg_class WHERE relname = 'audit_entry' AND has_table_privilege('lectern_platform', oid, 'DELETE')";
        assert_eq!(shard.count(grants).await, 0, "the log is for ever again");
    }
    // The same token, the same rows; and the school goes on there.
    assert_eq!(elm.ok(seen, json!({})).await, before);
    elm.ok(CREATE, json!({ "t": "Chemistry" })).await;
    assert_eq!(elm.ok("{ courses { totalCount } }", json!({})).await["courses"]["totalCount"], 3);
    assert_eq!(oak.ok("{ courses { totalCount } }", json!({})).await["courses"]["totalCount"], 0);
    assert_eq!(ops::relocate(settings, &spread, &to(1), &told).await.unwrap(), "elm lies on shard 1 already.");

    // And back, told by somebody who fails when that is done.
    let wanted = to(2);
    let back = ops::relocate(settings, &spread, &wanted, async |school, shard| {
        told(school, shard).await?;
        anyhow::bail!("no answer came")
    });
    let said = back.await.unwrap();
    assert!(said.starts_with("elm lies on shard 2 now: ") && said.contains("although telling it failed (no answer came)"), "{said}");
    assert_eq!((service.oak.count(&of_elm).await, service.elm.count(&of_elm).await), (0, 1));
    assert_eq!(elm.ok("{ courses { totalCount } }", json!({})).await["courses"]["totalCount"], 3);
}

#[tokio::test]
async fn a_document_that_is_for_one_school_is_for_all_roles_of_it() {
    let service = Service::start().await;
    for (shard, who) in [(&service.oak, Who::Learner), (&service.elm, Who::Viewer)] {
        let client = service.sign_in(shard, &format!("{who:?}").to_lowercase()).await;
        let name = client.ok("{ viewer { user { name } tenant { slug } } }", json!({})).await;
        assert_eq!(name["viewer"]["tenant"]["slug"], shard.slug);
    }
}
