//! What everybody may know of programs.

use serde_json::{Value, json};

use super::{active, program, set_status};
use crate::{
    app::{TestApp, Who},
    classroom::uuid,
};

const LIST: &str = "query($t: String!) { publicPrograms(tenant: $t) { totalCount nodes { slug name description kind startsAt endsAt applicationsCloseAt isFull } } }";
const ONE: &str = "query($t: String!, $s: String!) { publicProgram(tenant: $t, slug: $s) { name isFull } }";

#[tokio::test]
async fn strangers_see_what_is_active_and_whether_it_is_full() {
    let app = TestApp::start().await;
    let (admin, stranger) = (app.sign_in(&app.oak, Who::Admin).await, app.stranger());
    let id = active(&admin, json!({ "name": "Camp", "slug": "camp", "description": "Tents", "kind": "CAMP", "capacity": 2 })).await;
    program(&admin, json!({ "name": "Draft", "slug": "draft" })).await;
    active(&app.sign_in(&app.elm, Who::Admin).await, json!({ "name": "Elm's", "slug": "elms" })).await;
    let shown = json!({ "slug": "camp", "name": "Camp", "description": "Tents", "kind": "CAMP", "startsAt": null, "endsAt": null, "applicationsCloseAt": null,
                        "isFull": false });
    for client in [&stranger, &admin, &app.sign_in(&app.elm, Who::Learner).await] {
        assert_eq!(client.ok(LIST, json!({ "t": " OAK" })).await["publicPrograms"], json!({ "totalCount": 1, "nodes": [shown] }));
        assert_eq!(client.ok(ONE, json!({ "t": "oak", "s": "camp" })).await["publicProgram"], json!({ "name": "Camp", "isFull": false }));
    }
    for (school, slug) in [("oak", "draft"), ("oak", "elms"), ("oak", "nothing"), ("nothing", "camp"), ("elm", "camp")] {
        assert_eq!(stranger.ok(ONE, json!({ "t": school, "s": slug })).await["publicProgram"], Value::Null, "{school} {slug}");
    }
    let none = json!({ "totalCount": 0, "nodes": [] });
    assert_eq!(stranger.ok(LIST, json!({ "t": "nothing" })).await["publicPrograms"], none);
    app.sql(&format!("UPDATE program_places SET taken = 2 WHERE program_id = '{}'", uuid(&id))).await;
    assert_eq!(stranger.ok(ONE, json!({ "t": "oak", "s": "camp" })).await["publicProgram"]["isFull"], true);
    // Whoever asks stays in their own school.
    let both = "{ publicPrograms(tenant: \"elm\") { nodes { name } } programs { nodes { name } } again: publicPrograms(tenant: \"oak\") { totalCount } }";
    let found = admin.ok(both, json!({})).await;
    assert_eq!(
        found,
        json!({ "publicPrograms": { "nodes": [{ "name": "Elm's" }] }, "programs": { "nodes": [{ "name": "Camp" }, { "name": "Draft" }] }, "again": { "totalCount": 1 } })
    );
    // What is over, and schools that are not in good standing, show nothing.
    for (change, back) in [
        ("UPDATE program SET ends_at = now() WHERE slug = 'camp'", "UPDATE program SET ends_at = NULL WHERE slug = 'camp'"),
        ("UPDATE tenant SET is_listed = false WHERE slug = 'oak'", "UPDATE tenant SET is_listed = true WHERE slug = 'oak'"),
        ("UPDATE tenant SET suspended_at = now() WHERE slug = 'oak'", "UPDATE tenant SET suspended_at = NULL WHERE slug = 'oak'"),
        ("UPDATE tenant SET subscription_end = now() WHERE slug = 'oak'", "UPDATE tenant SET subscription_end = NULL WHERE slug = 'oak'"),
    ] {
        app.sql(change).await;
        assert_eq!(stranger.ok(LIST, json!({ "t": "oak" })).await["publicPrograms"], none, "{change}");
        app.sql(back).await;
        assert_eq!(stranger.ok(LIST, json!({ "t": "oak" })).await["publicPrograms"]["totalCount"], 1, "{back}");
    }
    set_status(&admin, &id, "ENDED").await;
    assert_eq!(stranger.ok(LIST, json!({ "t": "oak" })).await["publicPrograms"], none);
}
