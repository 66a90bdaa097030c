//! Mail: what is asked for, how it leaves, what is seen of it.

mod feedback;
mod operators;
mod outbox;
mod plans;
mod sending;
mod settings;
mod sink;

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use lectern::{
    domains::mail::{Content, Letter, MailTemplate, Parameter, Postman, SmtpServer, TEMPLATES, Texts, Way},
    http::HttpOptions,
};
use lectern_kernel::{
    db::{ActorKind, Identity, Mode, Opening, Pool, PoolOptions, Tx},
    ids::Id,
    jobs::{JobOptions, Outside, Worker},
};
use serde_json::{Map, Value, json};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use self::sink::Sink;
use crate::app::{School, TestApp, Who};

/// Longer than anything here may take.
const NEVER: Duration = Duration::from_secs(180);

/// A mail with a secret in it, about somebody's own account. No id or time happens to be written like it.
static CODE: MailTemplate = MailTemplate {
    name: "trial_code",
    is_essential: true,
    parameters: &[
        Parameter { name: "code", content: Content::Secret, sample: "zebra47" },
        Parameter { name: "course", content: Content::Plain, sample: "Algebra" },
    ],
    english: Texts {
        subject: "Your code for {{ course }}",
        body: "The code is {{ code }}.",
        action: Some(("Sign in", "{{ app }}/in?code={{ code }}")),
    },
    german: Texts { subject: "Ihr Code für {{ course }}", body: "Der Code ist {{ code }}.", action: None },
};

/// One that nobody needs.
static NEWS: MailTemplate = MailTemplate {
    name: "trial_news",
    is_essential: false,
    parameters: &[],
    english: Texts { subject: "News of {{ school }}", body: "There are some.", action: None },
    german: Texts { subject: "Neues von {{ school }}", body: "Es gibt welches.", action: None },
};

fn postman(way: Way, is_embedded: bool) -> Postman {
    let templates = TEMPLATES.iter().copied().chain([&CODE, &NEWS]).collect();
    Postman::new(templates, "Post <post@mail.example>", "https://app.example", way, is_embedded).unwrap()
}

/// A service whose resolvers know the templates of the trials; nothing leaves by itself.
async fn start(way: Way, is_embedded: bool) -> TestApp {
    start_with(way, is_embedded, HttpOptions::default()).await
}

async fn start_with(way: Way, is_embedded: bool, options: HttpOptions) -> TestApp {
    TestApp::start_beside(options, Outside::default().with(postman(way, is_embedded))).await
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("outbox-{}", Uuid::now_v7()))
}

fn nowhere() -> Way {
    Way::Outbox(folder())
}

fn to(sink: &Sink) -> Way {
    within(Duration::from_secs(30), &sink.url)
}

/// To a server that has so long to answer.
fn within(patience: Duration, url: &str) -> Way {
    Way::Smtp(SmtpServer::from_url(url, "mail.example", patience).unwrap())
}

/// A worker that sends mails; what has failed waits until a test has it tried again.
struct Working {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Working {
    fn start(app: &TestApp, way: Way, is_embedded: bool) -> Working {
        let pool = Pool::new(&app.database.url("lectern_app"), &PoolOptions { size: 4, ..PoolOptions::default() }).unwrap();
        let outside = Outside::default().with(app.engine.services().sealer.clone()).with(postman(way, is_embedded));
        let kinds = lectern::domains::registry().jobs().filter(|kind| kind.name.starts_with("mail.send")).collect();
        let (drain, backoff) = (Duration::from_secs(5), Duration::from_secs(3600));
        let options = JobOptions { poll: Duration::from_millis(20), drain, backoff, ..JobOptions::default() };
        let worker = Worker::new(pool.ringing(app.engine.pool()), kinds, outside, options);
        let stop = CancellationToken::new();
        let task = tokio::spawn(worker.run(stop.clone()));
        Working { stop, task }
    }

    async fn stop(self) {
        self.stop.cancel();
        self.task.await.unwrap();
    }
}

/// Sends what waits, until so many mails are in a state.
async fn send(app: &TestApp, way: Way, state: &str, count: i64) {
    let working = Working::start(app, way, false);
    until(app, &format!("mail WHERE state = '{state}'"), count).await;
    until(app, "job WHERE state = 'RUNNING'", 0).await;
    working.stop().await;
}

async fn until(app: &TestApp, rows: &str, count: i64) {
    let began = Instant::now();
    loop {
        let found = app.count(rows).await;
        if found == count {
            return;
        }
        let mails = app.text("SELECT string_agg(concat_ws(' ', m.template, m.state, m.error, j.state, j.last_error), '; ') FROM mail m LEFT JOIN job j ON j.tenant_id = m.tenant_id AND j.key = m.id::text").await;
        assert!(began.elapsed() < NEVER, "{rows}: {found} instead of {count}; {mails:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// A transaction of a school, without anybody in it.
async fn opened(app: &TestApp, school: &School) -> std::sync::Arc<Tx> {
    let identity = Identity { tenant: school.tenant, ..Identity::default() };
    let opening = Opening { mode: Mode::Write, identity, correlation_id: "trial", actors: &ActorKind::TENANT };
    Tx::open(app.engine.pool(), &opening).await.unwrap().0
}

/// Asks for a mail to a person of a school; its id.
async fn ask(app: &TestApp, school: &School, template: &'static MailTemplate, who: Who) -> String {
    let client = app.sign_in(school, who).await;
    let parameters: Map<String, Value> =
        template.parameters.iter().map(|parameter| (parameter.name.to_owned(), json!(parameter.sample))).collect();
    let person = Id::parse("userId", &client.user_id.clone().into()).unwrap();
    let tx = opened(app, school).await;
    let letter = Letter { person: Some(person), parameters, ..Letter::of(template) };
    let id = letter.send(&tx, &app.engine.services().sealer).await.unwrap().unwrap();
    tx.commit().await.unwrap();
    id.to_string()
}

/// A column of the only mail of a template.
async fn of_mail(app: &TestApp, template: &str, column: &str) -> Option<String> {
    app.text(&format!("SELECT ({column})::text FROM mail WHERE template = '{template}'")).await
}
