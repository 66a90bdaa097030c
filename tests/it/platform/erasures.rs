//! Asking for the erasure of a school. What the job does is tested where that is.

use serde_json::{Value, json};

use super::{OLIVE, id_of, operator, refused};
use crate::app::TestApp;

const ERASE: &str = "mutation($i: EraseTenantInput!) { eraseTenant(input: $i) { id tenantId slug state requestedBy { email } tables rows files remaining error finishedAt } }";
const SUSPEND: &str = "mutation($i: SuspendTenantInput!) { suspendTenant(input: $i) { state } }";

#[tokio::test]
async fn only_a_suspended_school_is_erased_whose_slug_was_typed_and_once() {
    let app = TestApp::start().await;
    let olive = operator(&app).await;
    let erase = |slug: &str| json!({ "i": { "id": id_of(&app.oak), "confirmSlug": slug } });
    refused(&app, &olive, ERASE, erase("oak"), "CONFLICT NOT_SUSPENDED @id").await;
    olive.ok(SUSPEND, json!({ "i": { "id": id_of(&app.oak), "reason": "Closed" } })).await;
    for typed in ["elm", "OAK", ""] {
        refused(&app, &olive, ERASE, erase(typed), "BAD_USER_INPUT @confirmSlug").await;
    }
    let never = json!({ "i": { "id": lectern_kernel::ids::encode("tenant", uuid::Uuid::now_v7()), "confirmSlug": "oak" } });
    refused(&app, &olive, ERASE, never, "NOT_FOUND @id").await;

    let asked = olive.ok(ERASE, erase("oak")).await["eraseTenant"].take();
    assert_eq!((&asked["tenantId"], &asked["slug"], &asked["state"]), (&json!(id_of(&app.oak)), &json!("oak"), &json!("QUEUED")));
    assert_eq!(asked["requestedBy"]["email"], json!(OLIVE));
    refused(&app, &olive, ERASE, erase("oak"), "CONFLICT ERASURE_RUNNING @id").await;
    let reactivate = "mutation($id: ID!) { reactivateTenant(id: $id) { state } }";
    refused(&app, &olive, reactivate, json!({ "id": id_of(&app.oak) }), "CONFLICT ERASURE_RUNNING @id").await;
    let one = olive.ok("query($id: ID!) { tenantErasure(id: $id) { slug } }", json!({ "id": asked["id"] })).await;
    assert_eq!(one["tenantErasure"]["slug"], json!("oak"));
    let list = olive.ok("{ tenantErasures { totalCount nodes { id } } }", json!({})).await["tenantErasures"].take();
    assert_eq!(list, json!({ "totalCount": 1, "nodes": [{ "id": asked["id"] }] }));
    let log = olive
        .ok("{ auditLog(filter: { operation: \"eraseTenant\", outcome: CHANGED }) { nodes { tenantId before after } } }", json!({}))
        .await;
    let entry = &log["auditLog"]["nodes"][0];
    assert_eq!(
        (&entry["tenantId"], &entry["before"]["slug"], &entry["after"]["erasure"]),
        (&json!(id_of(&app.oak)), &json!("oak"), &asked["id"])
    );
    // What was refused stands in it, too.
    let log = olive.ok("{ auditLog(filter: { outcome: REFUSED }) { nodes { operation code reason tenantId } } }", json!({})).await;
    let reasons: Vec<&Value> = log["auditLog"]["nodes"].as_array().unwrap().iter().map(|entry| &entry["reason"]).collect();
    assert_eq!(reasons, [&json!("ERASURE_RUNNING"), &json!("ERASURE_RUNNING"), &json!(null), &json!("NOT_SUSPENDED")]);
}
