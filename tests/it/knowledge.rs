//! Documents and knowledge bases: who sees and changes them, what they are read to say, and that nobody finds what they may not read.

mod finding;
mod reading;

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::{
    agents::agent,
    app::{Client, TestApp, Who},
    classroom::{nothing, refused, uuid, walk},
    files,
    projects::{join_as, project},
};

pub const CREATE: &str = "mutation($i: CreateDocumentInput!) { createDocument(input: $i) { id title state mediaType byteSize passageCount project { id } knowledgeBases { id } } }";
pub const UPDATE: &str = "mutation($i: UpdateDocumentInput!) { updateDocument(input: $i) { id title state passageCount } }";
const REPROCESS: &str = "mutation($id: ID!) { reprocessDocument(id: $id) { id state attempts } }";
pub const DELETE: &str = "mutation($id: ID!) { deleteDocument(id: $id) }";
pub const DOCUMENT: &str = "query($id: ID!) { document(id: $id) { id title state failureReason attempts pageCount characterCount passageCount processedAt file { id name } } }";
pub const CREATE_BASE: &str = "mutation($i: CreateKnowledgeBaseInput!) { createKnowledgeBase(input: $i) { id name documentCount passageCount documents { nodes { id } } } }";
const UPDATE_BASE: &str = "mutation($i: UpdateKnowledgeBaseInput!) { updateKnowledgeBase(input: $i) { name description } }";
const ADD: &str =
    "mutation($i: AddKnowledgeBaseDocumentsInput!) { addKnowledgeBaseDocuments(input: $i) { id documentCount passageCount } }";
const REMOVE: &str = "mutation($i: RemoveKnowledgeBaseDocumentsInput!) { removeKnowledgeBaseDocuments(input: $i) { id documentCount } }";
const DELETE_BASE: &str = "mutation($id: ID!) { deleteKnowledgeBase(id: $id) }";
const BASE: &str = "query($id: ID!) { knowledgeBase(id: $id) { name documentCount documents { nodes { id } } } }";

/// A document of a text; answers its id. It is not read yet.
pub async fn document(client: &Client, title: &str, text: &str, more: Value) -> String {
    let mut input = json!({ "title": title, "text": text });
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    client.ok(CREATE, json!({ "i": input })).await["createDocument"]["id"].as_str().unwrap().to_owned()
}

/// A knowledge base; answers its id.
pub async fn base(client: &Client, input: Value) -> String {
    client.ok(CREATE_BASE, json!({ "i": input })).await["createKnowledgeBase"]["id"].as_str().unwrap().to_owned()
}

fn held(base: &str, documents: &[&str]) -> Value {
    json!({ "i": { "knowledgeBaseId": base, "documentIds": documents } })
}

#[tokio::test]
async fn a_document_is_added_read_changed_read_anew_and_deleted() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let made =
        admin.ok(CREATE, json!({ "i": { "title": " Wind ", "text": "The crosswind limit is 15 knots." } })).await["createDocument"].take();
    let id = made["id"].as_str().unwrap().to_owned();
    assert_eq!(
        json!([made["title"], made["state"], made["mediaType"], made["byteSize"], made["passageCount"]]),
        json!(["Wind", "PENDING", "text/plain", 32, 0])
    );
    refused(&app, &admin, REPROCESS, json!({ "id": id }), "CONFLICT ALREADY_PROCESSING @id").await;
    refused(&app, &admin, UPDATE, json!({ "i": { "id": id, "text": "Other." } }), "CONFLICT ALREADY_PROCESSING @id").await;
    admin.ok(UPDATE, json!({ "i": { "id": id, "title": "Winds" } })).await;
    app.work().await;
    let read = admin.ok(DOCUMENT, json!({ "id": id })).await["document"].take();
    assert_eq!(
        json!([read["state"], read["attempts"], read["pageCount"], read["characterCount"], read["passageCount"], read["file"]]),
        json!(["COMPLETED", 1, null, 32, 1, null])
    );
    assert!(read["processedAt"].is_string());
    // New contents: the old are searched until they are read.
    admin.ok(UPDATE, json!({ "i": { "id": id, "text": "# Limits\n\nTailwind: 5 knots.", "mediaType": "text/markdown" } })).await;
    assert_eq!(finding::found(&admin, "crosswind", json!({})).await.len(), 1);
    app.work().await;
    assert!(finding::found(&admin, "crosswind", json!({})).await.is_empty());
    assert_eq!(finding::found(&admin, "tailwind", json!({})).await.len(), 1);
    assert_eq!(admin.ok(REPROCESS, json!({ "id": id })).await["reprocessDocument"], json!({ "id": id, "state": "PENDING", "attempts": 0 }));
    app.work().await;
    assert_eq!(admin.ok(DELETE, json!({ "id": id })).await["deleteDocument"], json!(id));
    assert_eq!(app.count("passage").await, 0);
    assert_eq!(admin.ok(DOCUMENT, json!({ "id": id })).await["document"], json!(null));
    refused(&app, &admin, DELETE, json!({ "id": id }), "NOT_FOUND @id").await;
}

#[tokio::test]
async fn what_can_not_be_a_document_is_refused_with_its_field() {
    let app = TestApp::start().await;
    let (admin, ada) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await);
    let picture = files::file(&admin, "a.png", "image/png", b"\x89PNG\r\n\x1A\n more").await["id"].clone();
    let theirs = files::text(&ada, "theirs.txt").await;
    files::show(&ada, &theirs, "TENANT", json!({})).await;
    let hidden = files::text(&ada, "hidden.txt").await;
    let lea = app.sign_in(&app.oak, Who::Learner).await;
    for (input, line) in [
        (json!({}), "BAD_USER_INPUT @fileId"),
        (json!({ "text": "a", "fileId": theirs }), "BAD_USER_INPUT @text"),
        (json!({ "text": " " }), "BAD_USER_INPUT @text"),
        (json!({ "text": "a".repeat(200_001) }), "BAD_USER_INPUT @text"),
        (json!({ "text": "a\u{0}b" }), "BAD_USER_INPUT @text"),
        (json!({ "title": " ", "text": "a" }), "BAD_USER_INPUT @title"),
        (json!({ "text": "a", "mediaType": "application/pdf" }), "BAD_USER_INPUT UNSUPPORTED_MEDIA_TYPE @mediaType"),
        (json!({ "fileId": theirs, "mediaType": "text/plain" }), "BAD_USER_INPUT @mediaType"),
        (json!({ "fileId": picture }), "BAD_USER_INPUT UNSUPPORTED_MEDIA_TYPE @fileId"),
        (json!({ "fileId": nothing("file") }), "NOT_FOUND @fileId"),
        (json!({ "text": "a", "projectId": nothing("project") }), "NOT_FOUND @projectId"),
        (json!({ "text": "a", "knowledgeBaseIds": [nothing("knowledge")] }), "NOT_FOUND @knowledgeBaseIds.0"),
    ] {
        let mut whole = json!({ "title": "A" });
        whole.as_object_mut().unwrap().extend(input.as_object().unwrap().clone());
        refused(&app, &admin, CREATE, json!({ "i": whole }), line).await;
    }
    // Another's file, seen or not, by who does not manage files.
    let own = project(&ada, "Winter").await;
    let foreign = files::text(&admin, "of-admin.txt").await;
    refused(&app, &ada, CREATE, json!({ "i": { "title": "A", "projectId": own, "fileId": foreign } }), "NOT_FOUND @fileId").await;
    files::show(&admin, &foreign, "TENANT", json!({})).await;
    refused(&app, &ada, CREATE, json!({ "i": { "title": "A", "projectId": own, "fileId": foreign } }), "FORBIDDEN NOT_YOURS @fileId").await;
    refused(&app, &lea, CREATE, json!({ "i": { "title": "A", "text": "a" } }), "FORBIDDEN [DOCUMENT_UPLOAD]").await;
    refused(&app, &ada, CREATE, json!({ "i": { "title": "A", "text": "a" } }), "FORBIDDEN [AGENT_MANAGE]").await;
    // Whoever sees the document reads the file through it, whoever that is shown to.
    let id = ada.ok(CREATE, json!({ "i": { "title": "A", "projectId": own, "fileId": hidden } })).await["createDocument"]["id"].take();
    join_as(&ada, &own, &lea.user_id, "VIEWER").await;
    assert_eq!(lea.ok(DOCUMENT, json!({ "id": id })).await["document"]["file"]["name"], "hidden.txt");
    refused(&app, &ada, "mutation($id: ID!) { deleteFile(id: $id) }", json!({ "id": hidden }), "CONFLICT IN_USE @id").await;
}

#[tokio::test]
async fn who_sees_and_changes_documents_follows_from_project_role_and_permissions() {
    let app = TestApp::start().await;
    let (admin, ada) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await);
    let (lea, vic) = (app.sign_in(&app.oak, Who::Learner).await, app.sign_in(&app.oak, Who::Viewer).await);
    let ian = app.person(&app.oak, "ian@oak.example", &["INSTRUCTOR"]).await;
    let pat = app.person(&app.oak, "pat@oak.example", &["PARTICIPANT"]).await;
    let elsewhere = app.sign_in(&app.elm, Who::Admin).await;
    let school = document(&admin, "School", "For all.", json!({})).await;
    let winter = project(&ada, "Winter").await;
    let inside = document(&ada, "Inside", "For few.", json!({ "projectId": winter })).await;
    for (person, sees) in [
        (&admin, [true, true]),
        (&ada, [true, true]),
        (&lea, [true, false]),
        (&ian, [true, false]),
        (&vic, [false, false]),
        (&pat, [false, false]),
        (&elsewhere, [false, false]),
    ] {
        for (id, sees) in [&school, &inside].into_iter().zip(sees) {
            assert_eq!(person.ok(DOCUMENT, json!({ "id": id })).await["document"].is_null(), !sees);
        }
    }
    // PROJECT_READ sees the project, and finds it empty.
    let lists = "query($id: ID!) { project(id: $id) { documents { totalCount nodes { id } } knowledgeBases { totalCount } } }";
    assert_eq!(vic.ok(lists, json!({ "id": winter })).await["project"]["documents"], json!({ "totalCount": 0, "nodes": [] }));
    assert_eq!(ada.ok(lists, json!({ "id": winter })).await["project"]["documents"]["nodes"][0]["id"], json!(inside));
    refused(&app, &ada, UPDATE, json!({ "i": { "id": school, "title": "Mine" } }), "FORBIDDEN [AGENT_MANAGE]").await;
    refused(&app, &ian, UPDATE, json!({ "i": { "id": inside, "title": "Mine" } }), "NOT_FOUND @id").await;
    refused(&app, &lea, UPDATE, json!({ "i": { "id": school, "title": "Mine" } }), "FORBIDDEN [DOCUMENT_UPLOAD]").await;
    refused(&app, &ian, CREATE, json!({ "i": { "title": "A", "text": "a", "projectId": winter } }), "NOT_FOUND @projectId").await;
    // A MEMBER adds, and changes the own ones; a VIEWER reads.
    join_as(&ada, &winter, &ian.user_id, "VIEWER").await;
    refused(&app, &ian, CREATE, json!({ "i": { "title": "A", "text": "a", "projectId": winter } }), "FORBIDDEN NOT_YOURS @projectId").await;
    let role = "mutation($i: UpdateProjectMemberInput!) { updateProjectMember(input: $i) { id } }";
    ada.ok(role, json!({ "i": { "projectId": winter, "userId": ian.user_id, "role": "MEMBER" } })).await;
    let own = document(&ian, "Own", "a", json!({ "projectId": winter })).await;
    ian.ok(UPDATE, json!({ "i": { "id": own, "title": "Still own" } })).await;
    refused(&app, &ian, UPDATE, json!({ "i": { "id": inside, "title": "Mine" } }), "FORBIDDEN NOT_YOURS @id").await;
    refused(&app, &ian, DELETE, json!({ "id": inside }), "FORBIDDEN NOT_YOURS @id").await;
    refused(&app, &ian, CREATE_BASE, json!({ "i": { "name": "A", "projectId": winter } }), "FORBIDDEN NOT_YOURS @projectId").await;
    ada.ok(UPDATE, json!({ "i": { "id": own, "title": "Managed" } })).await;
    // Nothing changes in one that is archived.
    ada.ok("mutation($i: UpdateProjectInput!) { updateProject(input: $i) { id } }", json!({ "i": { "id": winter, "isArchived": true } }))
        .await;
    for (query, variables, field) in [
        (CREATE, json!({ "i": { "title": "A", "text": "a", "projectId": winter } }), "projectId"),
        (UPDATE, json!({ "i": { "id": inside, "title": "A" } }), "id"),
        (DELETE, json!({ "id": inside }), "id"),
        (CREATE_BASE, json!({ "i": { "name": "A", "projectId": winter } }), "projectId"),
    ] {
        refused(&app, &ada, query, variables, &format!("CONFLICT PROJECT_ARCHIVED @{field}")).await;
    }
    assert_eq!(ada.ok(DOCUMENT, json!({ "id": inside })).await["document"]["title"], "Inside");
    // DOCUMENT_DELETE deletes whatever it sees.
    admin.ok(DELETE, json!({ "id": school })).await;
    refused(&app, &elsewhere, DELETE, json!({ "id": inside }), "NOT_FOUND @id").await;
}

#[tokio::test]
async fn a_knowledge_base_holds_documents_of_its_scope_each_once() {
    let app = TestApp::start().await;
    let (admin, ada) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await);
    let (winter, summer) = (project(&ada, "Winter").await, project(&ada, "Summer").await);
    let school = document(&admin, "School", "For all.", json!({})).await;
    let inside = document(&ada, "Inside", "For few.", json!({ "projectId": winter })).await;
    let other = document(&ada, "Other", "For others.", json!({ "projectId": summer })).await;
    app.work().await;
    let of_winter = base(&ada, json!({ "name": "Winter", "projectId": winter, "documentIds": [school] })).await;
    let of_school = base(&admin, json!({ "name": "School" })).await;
    refused(&app, &ada, ADD, held(&of_winter, &[&other]), "BAD_USER_INPUT SCOPE_MISMATCH @documentIds").await;
    refused(&app, &admin, ADD, held(&of_school, &[&inside]), "BAD_USER_INPUT SCOPE_MISMATCH @documentIds").await;
    refused(&app, &ada, ADD, held(&of_winter, &[&inside, &school]), "CONFLICT ALREADY_ADDED @documentIds").await;
    refused(&app, &ada, ADD, held(&of_winter, &[&inside, &nothing("document")]), "NOT_FOUND @documentIds.1").await;
    refused(&app, &ada, ADD, held(&of_school, &[&school]), "FORBIDDEN [AGENT_MANAGE]").await;
    refused(&app, &ada, ADD, held(&nothing("knowledge"), &[&school]), "NOT_FOUND @knowledgeBaseId").await;
    refused(
        &app,
        &ada,
        CREATE,
        json!({ "i": { "title": "A", "text": "a", "projectId": summer, "knowledgeBaseIds": [of_winter] } }),
        "BAD_USER_INPUT SCOPE_MISMATCH @knowledgeBaseIds",
    )
    .await;
    assert_eq!(
        ada.ok(ADD, held(&of_winter, &[&inside])).await["addKnowledgeBaseDocuments"],
        json!({ "id": of_winter, "documentCount": 2, "passageCount": 2 })
    );
    // Counts are true; what is listed is what one sees.
    let vic = app.person(&app.oak, "vic2@oak.example", &["PARTICIPANT"]).await;
    join_as(&ada, &winter, &vic.user_id, "VIEWER").await;
    let seen = vic.ok(BASE, json!({ "id": of_winter })).await["knowledgeBase"].take();
    assert_eq!(seen, json!({ "name": "Winter", "documentCount": 2, "documents": { "nodes": [{ "id": inside }] } }));
    refused(&app, &ada, REMOVE, held(&of_winter, &[&other]), "NOT_FOUND @documentIds.0").await;
    assert_eq!(ada.ok(REMOVE, held(&of_winter, &[&school])).await["removeKnowledgeBaseDocuments"]["documentCount"], 1);
    let change = ada.ok(UPDATE_BASE, json!({ "i": { "id": of_winter, "name": "Cold", "description": "Snow" } })).await;
    assert_eq!(change["updateKnowledgeBase"], json!({ "name": "Cold", "description": "Snow" }));
    // One that an agent goes by stays.
    let helper = agent(&ada, json!({ "projectId": winter, "knowledgeBaseIds": [of_winter] })).await;
    let bases = ada.ok("query($id: ID!) { agent(id: $id) { knowledgeBases { id } } }", json!({ "id": helper })).await;
    assert_eq!(bases["agent"]["knowledgeBases"], json!([{ "id": of_winter }]));
    refused(&app, &ada, DELETE_BASE, json!({ "id": of_winter }), "CONFLICT IN_USE @id").await;
    refused(&app, &ada, DELETE_BASE, json!({ "id": of_school }), "FORBIDDEN [AGENT_MANAGE]").await;
    admin.ok(DELETE_BASE, json!({ "id": of_school })).await;
    assert_eq!(admin.ok(DOCUMENT, json!({ "id": school })).await["document"]["title"], "School", "documents stay");
    ada.ok(DELETE, json!({ "id": inside })).await;
    assert_eq!(ada.ok(BASE, json!({ "id": of_winter })).await["knowledgeBase"]["documentCount"], 0);
}

#[tokio::test]
async fn a_base_holds_no_more_than_it_may() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let id = base(&admin, json!({ "name": "Full" })).await;
    let (tenant, base_id) = (app.oak.tenant, uuid(&id));
    app.sql(&format!(
        "SET app.audit = 'off'; SET app.tenant_id = '{tenant}';
         INSERT INTO document (tenant_id, id, title, text, media_type, byte_size, state, passage_count) SELECT '{tenant}', gen_random_uuid(), 'D', 'x', 'text/plain', 1, 'COMPLETED', 39 FROM generate_series(1, 500);
         INSERT INTO knowledge_base_document (tenant_id, knowledge_base_id, document_id) SELECT tenant_id, '{base_id}', id FROM document; RESET app.audit; RESET app.tenant_id"
    ))
    .await;
    let more = document(&admin, "More", "a", json!({})).await;
    refused(&app, &admin, ADD, held(&id, &[&more]), "LIMIT_REACHED @documentIds").await;
    // Passages are counted as they come.
    let other = base(&admin, json!({ "name": "Other" })).await;
    let other_id = uuid(&other);
    app.sql(&format!(
        "SET app.audit = 'off'; SET app.tenant_id = '{tenant}'; UPDATE document SET passage_count = 20000 WHERE id = (SELECT min(id::text)::uuid FROM document WHERE title = 'D');
         INSERT INTO knowledge_base_document (tenant_id, knowledge_base_id, document_id) SELECT tenant_id, '{other_id}', id FROM document WHERE passage_count = 20000; RESET app.audit; RESET app.tenant_id"
    ))
    .await;
    admin.ok(ADD, held(&other, &[&more])).await;
    app.work().await;
    let read = admin.ok(DOCUMENT, json!({ "id": more })).await["document"].take();
    assert_eq!(json!([read["state"], read["failureReason"]]), json!(["FAILED", "LIMIT_REACHED"]));
}

#[tokio::test]
async fn lists_are_sorted_and_narrowed() {
    let app = TestApp::start().await;
    let (admin, ada) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await);
    let winter = project(&ada, "Winter").await;
    for title in ["Cloud", "Axis", "Beam"] {
        document(&admin, title, "a", json!({})).await;
    }
    document(&ada, "Draft", "a", json!({ "projectId": winter })).await;
    for (order, wanted) in [
        ("{ field: TITLE, direction: ASC }", ["Axis", "Beam", "Cloud", "Draft"]),
        ("{ field: CREATED_AT, direction: DESC }", ["Draft", "Beam", "Axis", "Cloud"]),
    ] {
        assert_eq!(walk(&ada, "documents", &format!("orderBy: {order}"), "/title").await, wanted);
    }
    for (filter, wanted) in [
        ("{ search: \"clo\" }", vec!["Cloud"]),
        ("{ isSchoolWide: false }", vec!["Draft"]),
        ("{ isSchoolWide: true }", vec!["Axis", "Beam", "Cloud"]),
        ("{ states: [COMPLETED] }", vec![]),
    ] {
        assert_eq!(
            walk(&ada, "documents", &format!("filter: {filter}, orderBy: {{ field: TITLE, direction: ASC }}"), "/title").await,
            wanted,
            "{filter}"
        );
    }
    base(&admin, json!({ "name": "Second" })).await;
    base(&ada, json!({ "name": "First", "projectId": winter })).await;
    let query = "query($f: KnowledgeBaseFilter, $after: String) { knowledgeBases(first: 1, after: $after, filter: $f) { totalCount nodes { name } pageInfo { endCursor } } }";
    let first = ada.ok(query, json!({})).await["knowledgeBases"].take();
    assert_eq!(json!([first["totalCount"], first["nodes"]]), json!([2, [{ "name": "First" }]]));
    let second = ada.ok(query, json!({ "after": first["pageInfo"]["endCursor"] })).await["knowledgeBases"].take();
    assert_eq!(second["nodes"], json!([{ "name": "Second" }]));
    for (filter, total) in [(json!({ "isSchoolWide": false }), 1), (json!({ "search": "sec" }), 1), (json!({ "projectId": winter }), 1)] {
        assert_eq!(ada.ok(query, json!({ "f": filter })).await["knowledgeBases"]["totalCount"], total, "{filter}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_base_is_deleted_or_used_but_not_both() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    for round in 0..20 {
        let id = base(&admin, json!({ "name": format!("Base {round}") })).await;
        let create = json!({ "i": { "name": "A", "kind": "CUSTOM", "knowledgeBaseIds": [id] } });
        let (used, deleted) =
            futures_util::future::join(admin.ask(crate::agents::CREATE, create), admin.ask(DELETE_BASE, json!({ "id": id }))).await;
        let done = [&used, &deleted].iter().filter(|answer| answer.get("errors").is_none()).count();
        assert_eq!(done, 1, "{used} {deleted}");
    }
}

#[tokio::test]
async fn lists_of_many_parents_cost_one_statement_each() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let query = "{ knowledgeBases(first: 50) { nodes { documentCount passageCount documents(first: 5) { nodes { title knowledgeBases { name } } } } } }";
    let mut counts = Vec::new();
    for many in [1, 12] {
        let makes = (0..many).map(|nth| {
            let admin = &admin;
            async move {
                let id = document(admin, &format!("D{many}-{nth}"), "a", json!({})).await;
                base(admin, json!({ "name": format!("B{many}-{nth}"), "documentIds": [id] })).await
            }
        });
        join_all(makes).await;
        counts.push(app.statements(&admin, query, json!({})).await);
    }
    assert_eq!(counts[0], counts[1]);
}
