//! How much more time a person takes: theirs to know, and the school's to say.

use serde_json::json;

use crate::{
    app::{TestApp, Who},
    classroom::{nothing, refused},
};

const SET: &str = "mutation($i: SetTimeFactorInput!) { setTimeFactor(input: $i) { id timeFactor } }";
const READ: &str = "query($id: ID!) { user(id: $id) { timeFactor } }";

#[tokio::test]
async fn a_time_factor_shows_to_its_person_and_to_who_sets_it() {
    let app = TestApp::start().await;
    let (admin, lea, ada) =
        (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await, app.sign_in(&app.oak, Who::Instructor).await);
    let own = "{ viewer { user { timeFactor } } }";
    assert_eq!(lea.ok(own, json!({})).await["viewer"]["user"]["timeFactor"], 1.0);
    let set = |factor: f64| json!({ "i": { "userId": lea.user_id, "factor": factor } });
    assert_eq!(admin.ok(SET, set(1.5)).await["setTimeFactor"], json!({ "id": lea.user_id, "timeFactor": 1.5 }));
    assert_eq!(lea.ok(own, json!({})).await["viewer"]["user"]["timeFactor"], 1.5);
    assert_eq!(admin.ok(READ, json!({ "id": lea.user_id })).await["user"]["timeFactor"], 1.5);
    assert_eq!(ada.ok(READ, json!({ "id": lea.user_id })).await["user"]["timeFactor"], json!(null));
    for factor in [0.99, 4.01, -1.0] {
        refused(&app, &admin, SET, set(factor), "BAD_USER_INPUT @factor").await;
    }
    refused(&app, &ada, SET, set(2.0), "FORBIDDEN [ACCOMMODATION_MANAGE]").await;
    refused(&app, &admin, SET, json!({ "i": { "userId": nothing("user"), "factor": 2 } }), "NOT_FOUND @userId").await;
    refused(&app, &app.sign_in(&app.elm, Who::Admin).await, SET, set(2.0), "NOT_FOUND @userId").await;
    admin.ok("mutation($id: ID!) { deleteUser(id: $id) }", json!({ "id": lea.user_id })).await;
    assert_eq!(app.count("accommodation").await, 0, "it goes with the person");
    refused(&app, &admin, SET, set(2.0), "NOT_FOUND @userId").await;
}
