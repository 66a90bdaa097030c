//! What each kind of lessons holds.

use serde_json::{Value, json};

use super::{CREATE, UPDATE, lesson_of, section};
use crate::{
    app::{TestApp, Who},
    classroom::{draft, refused},
};

const SETTINGS: &str = "mutation($i: UpdateTenantSettingsInput!) { updateTenantSettings(input: $i) { embedHosts } }";

fn of(kind: &str, section: &str, mut more: Value) -> Value {
    (more["sectionId"], more["kind"], more["title"]) = (json!(section), json!(kind), json!("Sets"));
    json!({ "i": more })
}

#[tokio::test]
async fn each_kind_takes_exactly_what_it_shows() {
    let app = TestApp::start().await;
    let ada = app.sign_in(&app.oak, Who::Instructor).await;
    let algebra = draft(&ada, json!({ "title": "Algebra" })).await;
    let sets = section(&ada, &algebra, "Sets").await;
    let url = json!({ "url": "https://player.vimeo.com/video/7" });
    for kind in ["VIDEO", "AUDIO", "LINK", "EMBED"] {
        refused(&app, &ada, CREATE, of(kind, &sets, json!({})), "BAD_USER_INPUT @url").await;
        for bad in ["http://player.vimeo.com/", "javascript:alert(1)", "//player.vimeo.com", "https://ada@player.vimeo.com/", ""] {
            refused(&app, &ada, CREATE, of(kind, &sets, json!({ "url": bad })), "BAD_USER_INPUT @url").await;
        }
        let id = lesson_of(&ada, &sets, json!({ "kind": kind, "title": kind, "url": url["url"] })).await;
        refused(&app, &ada, UPDATE, json!({ "i": { "id": id, "url": null } }), "BAD_USER_INPUT @url").await;
    }
    refused(&app, &ada, CREATE, of("FILE", &sets, json!({})), "BAD_USER_INPUT @fileId").await;
    refused(&app, &ada, CREATE, of("FILE", &sets, url), "BAD_USER_INPUT @url").await;

    let meeting = |from: &str, to: &str| json!({ "startsAt": format!("2099-01-01T{from}:00Z"), "endsAt": format!("2099-01-01T{to}:00Z") });
    refused(&app, &ada, CREATE, of("LIVE", &sets, meeting("10:00", "10:00")), "BAD_USER_INPUT @endsAt").await;
    refused(&app, &ada, CREATE, of("LIVE", &sets, json!({ "startsAt": "2099-01-01T10:00:00Z" })), "BAD_USER_INPUT @endsAt").await;
    let id = lesson_of(&ada, &sets, of("LIVE", &sets, meeting("10:00", "11:00"))["i"].clone()).await;
    let read = "query($id: ID!) { lesson(id: $id) { startsAt endsAt url } }";
    ada.ok(UPDATE, json!({ "i": { "id": id, "url": "https://meet.example/7" } })).await;
    assert_eq!(
        ada.ok(read, json!({ "id": id })).await["lesson"],
        json!({ "startsAt": "2099-01-01T10:00:00Z", "endsAt": "2099-01-01T11:00:00Z", "url": "https://meet.example/7" })
    );
    refused(&app, &ada, UPDATE, json!({ "i": { "id": id, "endsAt": null } }), "BAD_USER_INPUT @endsAt").await;
    ada.ok(UPDATE, json!({ "i": { "id": id, "startsAt": null, "endsAt": null } })).await;
}

#[tokio::test]
async fn what_is_embedded_comes_from_the_schools_hosts() {
    let app = TestApp::start().await;
    let (admin, ada) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await);
    let algebra = draft(&ada, json!({ "title": "Algebra" })).await;
    let sets = section(&ada, &algebra, "Sets").await;
    let embed = |url: &str| of("EMBED", &sets, json!({ "url": url }));
    for good in ["https://www.youtube-nocookie.com/embed/7", "https://player.vimeo.com/video/7"] {
        ada.ok(CREATE, embed(good)).await;
    }
    for bad in [
        "https://youtube.com/7",
        "https://vimeo.com/7",
        "https://player.vimeo.com.evil.example/",
        "https://evilplayer.vimeo.com/",
        "https://127.0.0.1/",
    ] {
        refused(&app, &ada, CREATE, embed(bad), "BAD_USER_INPUT HOST_NOT_ALLOWED @url").await;
    }
    let id = lesson_of(&ada, &sets, json!({ "kind": "EMBED", "title": "Film", "url": "https://player.vimeo.com/video/7" })).await;
    refused(&app, &ada, UPDATE, json!({ "i": { "id": id, "url": "https://vimeo.com/7" } }), "BAD_USER_INPUT HOST_NOT_ALLOWED @url").await;

    let hosts = |hosts: Value| json!({ "i": { "embedHosts": hosts } });
    let changed = admin.ok(SETTINGS, hosts(json!(["Maps.Example", " films.example "]))).await;
    assert_eq!(changed["updateTenantSettings"]["embedHosts"], json!(["maps.example", "films.example"]));
    ada.ok(CREATE, embed("https://tiles.maps.example/7")).await;
    refused(&app, &ada, CREATE, embed("https://player.vimeo.com/video/7"), "BAD_USER_INPUT HOST_NOT_ALLOWED @url").await;
    // What is there stays, and can be changed otherwise.
    ada.ok(UPDATE, json!({ "i": { "id": id, "title": "The film" } })).await;
    for (bad, field) in [
        (json!(["https://maps.example"]), "embedHosts.0"),
        (json!(["maps.example", "MAPS.example"]), "embedHosts.1"),
        (json!(["localhost"]), "embedHosts.0"),
        (json!(["*.maps.example"]), "embedHosts.0"),
        (json!(["maps.example."]), "embedHosts.0"),
        (json!(["10.0.0.1"]), "embedHosts.0"),
        (json!((0..51).map(|n| format!("h{n}.example")).collect::<Vec<_>>()), "embedHosts"),
    ] {
        refused(&app, &admin, SETTINGS, hosts(bad), &format!("BAD_USER_INPUT @{field}")).await;
    }
    refused(&app, &ada, SETTINGS, hosts(json!([])), "FORBIDDEN [TENANT_MANAGE]").await;
    assert_eq!(admin.ok(SETTINGS, hosts(json!(null))).await["updateTenantSettings"]["embedHosts"], json!([]));
}
