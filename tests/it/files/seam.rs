//! What other parts lean on, tried by a small one: posters point at files, and show them to the whole school under a rule of their own.

use std::sync::LazyLock;

use async_graphql::Context;
use lectern::{
    domains::{
        self,
        files::{File, require_own},
    },
    http::HttpOptions,
    schema::Lectern,
};
use lectern_kernel::{
    db::OnConstraint,
    error::{Error, Result},
    execute::Schema,
    ids::Id,
    resolve::{
        Insert, Loaded, Rows, SchemaOf, one,
        registry::{Domain, Registry},
    },
};
use lectern_macros::{mutations, object, queries, resolvers};
use serde_json::json;

use super::{DELETE, FILE, line, refused, show, text};
use crate::app::{TestApp, Who};

/// A poster on the wall of a school.
#[object(table = "poster", alias = "po", id = "poster", resolvers)]
#[derive(Clone, Debug)]
pub struct Poster {
    /// Its id.
    pub id: Id<Poster>,
    #[hidden]
    pub file_id: Id<File>,
}

#[resolvers]
impl Poster {
    /// What it shows: to everybody who sees the poster.
    async fn file(id: Id<Poster>, ctx: &Context<'_>) -> Result<Option<Loaded<File>>> {
        Ok(ctx.row("SELECT {f} FROM app.poster_file($2) f WHERE f.tenant_id = $1", &[&id]).await?)
    }
}

/// Queries of posters.
pub struct Queries;

#[queries]
impl Queries {
    /// A poster.
    async fn poster(
        ctx: &Context<'_>,
        /// Its id.
        id: Id<Poster>,
    ) -> Result<Option<Loaded<Poster>>> {
        one(ctx, id).await
    }
}

/// Mutations of posters.
pub struct Mutations;

#[mutations("Poster")]
impl Mutations {
    /// Hangs a poster.
    async fn hang_poster(
        ctx: &Context<'_>,
        /// What it shows.
        file_id: Id<File>,
    ) -> Result<Loaded<Poster>> {
        let file = require_own(ctx, "fileId", file_id).await?;
        let hung = Insert::<Poster>::new().set(Poster::COLUMNS.file_id, file).run(ctx).await;
        Ok(hung.on_constraint("poster_file_fkey", |_| Error::not_found("file").field("fileId"))?)
    }
}

const DOMAIN: Domain =
    Domain { objects: &[Poster::object], operations: &[Queries::OPERATIONS, Mutations::OPERATIONS], ..Domain::new("posters") };

/// The product's schema, with posters.
struct Trial;

impl SchemaOf for Trial {
    fn domains() -> &'static [&'static Domain] {
        static ALL: LazyLock<Vec<&Domain>> = LazyLock::new(|| [domains::ALL, &[&DOMAIN]].concat());
        &ALL
    }

    const DESCRIPTION: &'static str = Lectern::DESCRIPTION;
    const QUERY: &'static str = Lectern::QUERY;
    const MUTATION: &'static str = Lectern::MUTATION;
    const SUBSCRIPTION: &'static str = Lectern::SUBSCRIPTION;
}

static REGISTRY: LazyLock<Registry> = LazyLock::new(|| Registry::new(Trial::domains()));

pub const TABLE: &str = "
CREATE TABLE poster (
    tenant_id uuid NOT NULL, id uuid NOT NULL, file_id uuid NOT NULL, PRIMARY KEY (tenant_id, id),
    CONSTRAINT poster_file_fkey FOREIGN KEY (tenant_id, file_id) REFERENCES file ON DELETE RESTRICT
);
CREATE INDEX poster_file_idx ON poster (tenant_id, file_id);
ALTER TABLE poster OWNER TO lectern_owner;
CALL app.raise_wall('poster');
CREATE POLICY poster_read ON poster FOR SELECT TO lectern_app USING (true);
CREATE POLICY poster_add ON poster FOR INSERT TO lectern_app WITH CHECK (true);
CREATE POLICY definer_read ON poster FOR SELECT TO lectern_definer USING (true);
GRANT SELECT, INSERT ON poster TO lectern_app;
GRANT SELECT ON poster TO lectern_definer;
-- What a poster shows. Reveals: the file of a poster that the actor sees, as all of the school do.
CREATE FUNCTION app.poster_file(wanted uuid) RETURNS SETOF file
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT f.* FROM poster p JOIN file f ON f.tenant_id = p.tenant_id AND f.id = p.file_id WHERE p.tenant_id = app.tenant_id() AND p.id = wanted;
END
$$;
ALTER FUNCTION app.poster_file(uuid) OWNER TO lectern_definer;
REVOKE ALL ON FUNCTION app.poster_file(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.poster_file(uuid) TO lectern_app;
";

const HANG: &str = "mutation($id: ID!) { hangPoster(fileId: $id) { id } }";
const POSTER: &str = "query($id: ID!) { poster(id: $id) { file { name size download { url } audience { users { id } } } } }";

async fn start() -> TestApp {
    TestApp::start_of(&[], HttpOptions::default(), (Schema::of::<Trial>, &REGISTRY), TABLE).await
}

#[tokio::test]
async fn another_part_shows_a_file_under_a_rule_of_its_own_and_keeps_it_from_being_deleted() {
    let app = start().await;
    let (learner, viewer) = (app.sign_in(&app.oak, Who::Learner).await, app.sign_in(&app.oak, Who::Viewer).await);
    let id = text(&learner, "a.txt").await;
    let poster = learner.ok(HANG, json!({ "id": id })).await["hangPoster"]["id"].clone();
    assert_eq!(viewer.ok(FILE, json!({ "id": id })).await["file"], json!(null), "the file itself is private");
    let shown = viewer.ok(POSTER, json!({ "id": poster })).await["poster"]["file"].take();
    assert_eq!(json!([shown["name"], shown["size"], shown["audience"]]), json!(["a.txt", 5.0, null]));
    let answer = app.stranger().http.get(shown["download"]["url"].as_str().unwrap()).send().await.unwrap();
    assert_eq!(answer.text().await.unwrap(), "a.txt");
    let elm = app.sign_in(&app.elm, Who::Admin).await;
    assert_eq!(elm.ok(POSTER, json!({ "id": poster })).await["poster"], json!(null));

    refused(&app, &learner, DELETE, json!({ "id": id }), "CONFLICT IN_USE @id").await;
    // Nor does it go with its owner.
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    admin.ok("mutation($id: ID!) { deleteUser(id: $id) }", json!({ "id": learner.user_id })).await;
    assert_eq!(viewer.ok(POSTER, json!({ "id": poster })).await["poster"]["file"]["name"], "a.txt");
    app.sql("DELETE FROM poster").await;
    admin.ok(DELETE, json!({ "id": id })).await;
    let gone = app.stranger().http.get(shown["download"]["url"].as_str().unwrap()).send().await.unwrap();
    assert_eq!(line(gone).await, "404 NOT_FOUND");
}

#[tokio::test]
async fn a_file_is_attached_by_its_owner_or_by_whoever_manages_files() {
    let app = start().await;
    let (learner, viewer) = (app.sign_in(&app.oak, Who::Learner).await, app.sign_in(&app.oak, Who::Viewer).await);
    let (admin, elm) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.elm, Who::Admin).await);
    let id = text(&learner, "a.txt").await;
    refused(&app, &viewer, HANG, json!({ "id": id }), "NOT_FOUND @fileId").await;
    refused(&app, &elm, HANG, json!({ "id": id }), "NOT_FOUND @fileId").await;
    show(&learner, &id, "SHARED", json!({ "userIds": [app.sign_in(&app.oak, Who::Instructor).await.user_id] })).await;
    refused(&app, &app.sign_in(&app.oak, Who::Instructor).await, HANG, json!({ "id": id }), "FORBIDDEN NOT_YOURS @fileId").await;
    admin.ok(HANG, json!({ "id": id })).await;
    learner.ok(HANG, json!({ "id": id })).await;
    assert_eq!(app.count("poster").await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_is_deleted_or_attached_and_never_both() {
    let app = start().await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    for _ in 0..10 {
        let id = text(&learner, "a.txt").await;
        let variables = json!({ "id": id });
        let (deleted, hung) = tokio::join!(learner.ask(DELETE, variables.clone()), learner.ask(HANG, variables.clone()));
        let told = |answer: &serde_json::Value| answer["errors"].get(0).map_or_else(|| "done".to_owned(), crate::app::refusal);
        match (told(&deleted).as_str(), told(&hung).as_str()) {
            ("done", "NOT_FOUND @fileId") => assert_eq!(app.count("poster").await, 0),
            ("CONFLICT IN_USE @id", "done") => app.sql("DELETE FROM poster").await,
            told => panic!("{told:?}"),
        }
    }
}
