//! Resources: what there is, who may change it, and that one is in one booking at a time.

mod taken;

use serde_json::{Value, json};

use crate::{
    app::{Client, TestApp, Who},
    classroom::{nothing, refused, walk},
    hours::{OFF, RESOURCE, RULE, resource, short},
};

const CHANGE: &str = "mutation($i: UpdateResourceInput!) { updateResource(input: $i) { id name kind description location tags mode capacity setupMinutes \
    teardownMinutes timeZone } }";
const DROP: &str = "mutation($id: ID!) { deleteResource(id: $id) }";
const LIST: &str = "query($f: ResourceFilter) { resources(filter: $f) { nodes { name } totalCount } }";

async fn names(client: &Client, filter: Value) -> String {
    let answer = client.ok(LIST, json!({ "f": filter })).await["resources"].take();
    let names: Vec<&str> = answer["nodes"].as_array().unwrap().iter().map(|node| node["name"].as_str().unwrap()).collect();
    assert_eq!(answer["totalCount"], names.len());
    names.join(", ")
}

#[tokio::test]
async fn a_resource_is_added_changed_and_deleted_and_stays_what_was_left_out() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let made = "mutation($i: CreateResourceInput!) { createResource(input: $i) { id name kind description location tags mode capacity setupMinutes teardownMinutes \
        timeZone rules { id } } }";
    let made = admin.ok(made, json!({ "i": { "name": " Cessna ", "kind": "AIRCRAFT" } })).await["createResource"].take();
    let id = made["id"].clone();
    assert!(id.as_str().unwrap().starts_with("resource_"));
    assert_eq!(
        made,
        json!({ "id": id, "name": "Cessna", "kind": "AIRCRAFT", "description": null, "location": null, "tags": [], "mode": "FREE", "capacity": null,
                "setupMinutes": 0, "teardownMinutes": 0, "timeZone": "Europe/Berlin", "rules": [] })
    );
    let all = json!({ "i": { "id": id, "name": "Cessna 172", "description": "Full tanks", "location": "Hangar 2", "tags": ["Trainer"], "mode": "APPROVAL_REQUIRED",
                             "capacity": 4, "setupMinutes": 10, "teardownMinutes": 480, "timeZone": "America/Denver" } });
    let changed = json!({ "id": id, "name": "Cessna 172", "kind": "AIRCRAFT", "description": "Full tanks", "location": "Hangar 2", "tags": ["trainer"],
                          "mode": "APPROVAL_REQUIRED", "capacity": 4, "setupMinutes": 10, "teardownMinutes": 480, "timeZone": "America/Denver" });
    assert_eq!(admin.ok(CHANGE, all).await["updateResource"], changed);
    assert_eq!(admin.ok(CHANGE, json!({ "i": { "id": id } })).await["updateResource"], changed);
    let cleared = json!({ "i": { "id": id, "description": null, "location": null, "tags": null, "capacity": null } });
    let cleared = admin.ok(CHANGE, cleared).await["updateResource"].take();
    assert_eq!(
        (&cleared["description"], &cleared["location"], &cleared["tags"], &cleared["capacity"]),
        (&Value::Null, &Value::Null, &json!([]), &Value::Null)
    );

    // Its hours go with it.
    let rule = json!({ "i": { "resourceId": id, "weekdays": ["MONDAY"], "from": "08:00", "until": "18:00" } });
    admin.ok(RULE, rule).await;
    admin.ok(OFF, json!({ "i": { "resourceId": id, "startsAt": "2099-03-02T08:00:00Z", "endsAt": "2099-03-04T08:00:00Z" } })).await;
    let rules = admin.ok("query($id: ID!) { resource(id: $id) { rules { from until } } }", json!({ "id": id })).await;
    assert_eq!(rules["resource"]["rules"], json!([{ "from": "08:00", "until": "18:00" }]));
    assert_eq!(admin.ok(DROP, json!({ "id": id })).await["deleteResource"], id);
    assert_eq!(admin.ok("query($id: ID!) { resource(id: $id) { id } }", json!({ "id": id })).await["resource"], Value::Null);
    assert_eq!(
        (app.count("availability_rule").await, app.count("time_off").await, app.count("resource WHERE deleted_at IS NULL").await),
        (0, 0, 0)
    );
    for (operation, count) in [("createResource", 1), ("updateResource", 2), ("deleteResource", 3)] {
        assert_eq!(app.changes(operation).await, count, "{operation}");
    }
}

#[tokio::test]
async fn each_wrong_resource_is_refused_with_its_field_and_changes_nothing() {
    let app = TestApp::start().await;
    let [admin, foreign] = [app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.elm, Who::Admin).await];
    let of_elm = resource(&foreign, json!({ "name": "Room", "kind": "ROOM" })).await;
    let room = resource(&admin, json!({ "name": "Room", "kind": "ROOM" })).await;
    for (extra, line) in [
        (json!({ "name": " " }), "BAD_USER_INPUT @name"),
        (json!({ "location": " " }), "BAD_USER_INPUT @location"),
        (json!({ "capacity": 0 }), "BAD_USER_INPUT @capacity"),
        (json!({ "capacity": 100_001 }), "BAD_USER_INPUT @capacity"),
        (json!({ "setupMinutes": -1 }), "BAD_USER_INPUT @setupMinutes"),
        (json!({ "teardownMinutes": 481 }), "BAD_USER_INPUT @teardownMinutes"),
        (json!({ "timeZone": "Nowhere" }), "BAD_USER_INPUT @timeZone"),
        (json!({ "tags": ["a", "A"] }), "BAD_USER_INPUT @tags.1"),
    ] {
        let with = |mut input: Value| {
            input.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
            json!({ "i": input })
        };
        refused(&app, &admin, RESOURCE, with(json!({ "name": "Van", "kind": "VEHICLE" })), line).await;
        refused(&app, &admin, CHANGE, with(json!({ "id": room })), line).await;
    }
    for null in ["name", "kind", "mode", "setupMinutes", "timeZone"] {
        refused(&app, &admin, CHANGE, json!({ "i": { "id": room, null: null } }), &format!("BAD_USER_INPUT @{null}")).await;
    }
    for id in [of_elm, json!(nothing("resource"))] {
        refused(&app, &admin, CHANGE, json!({ "i": { "id": id, "name": "Ours" } }), "NOT_FOUND @id").await;
        refused(&app, &admin, DROP, json!({ "id": id }), "NOT_FOUND @id").await;
    }
    for who in [Who::Instructor, Who::Learner, Who::Viewer] {
        let client = app.sign_in(&app.oak, who).await;
        for (mutation, variables) in [
            (RESOURCE, json!({ "i": { "name": "Van", "kind": "VEHICLE" } })),
            (CHANGE, json!({ "i": { "id": room, "name": "Mine" } })),
            (DROP, json!({ "id": room })),
        ] {
            refused(&app, &client, mutation, variables, "FORBIDDEN [SCHEDULE_MANAGE]").await;
        }
        // All of the school sees what can be booked.
        assert_eq!(names(&client, json!({})).await, "Room");
    }
}

#[tokio::test]
async fn resources_are_found_by_words_kinds_modes_tags_and_by_when_they_are_free() {
    let app = TestApp::start().await;
    let [admin, learner] = [app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await];
    let mut ids = Vec::new();
    for input in [
        json!({ "name": "Äther simulator", "kind": "DEVICE", "location": "First floor", "tags": ["ground school"], "setupMinutes": 30 }),
        json!({ "name": "Cessna", "kind": "AIRCRAFT", "location": "Hangar 2", "tags": ["trainer"], "mode": "APPROVAL_REQUIRED" }),
        json!({ "name": "Broken van", "kind": "VEHICLE", "mode": "UNBOOKABLE" }),
    ] {
        ids.push(resource(&admin, input).await);
    }
    for (filter, expected) in [
        (json!({}), "Äther simulator, Broken van, Cessna"),
        (json!({ "search": "ather" }), "Äther simulator"),
        (json!({ "search": "sch" }), "Äther simulator"),
        (json!({ "search": "hang" }), "Cessna"),
        (json!({ "kinds": ["VEHICLE", "AIRCRAFT"] }), "Broken van, Cessna"),
        (json!({ "modes": ["FREE"] }), "Äther simulator"),
        (json!({ "tag": "TRAINER" }), "Cessna"),
        (json!({ "tag": "train" }), ""),
    ] {
        assert_eq!(names(&learner, filter.clone()).await, expected, "{filter}");
    }
    assert_eq!(walk(&learner, "resources", "", "/name").await, ["Äther simulator", "Broken van", "Cessna"]);

    // Free: open all the while, taken by nobody with setup and teardown, and not UNBOOKABLE.
    let free = |from: &str, to: &str| json!({ "freeFrom": format!("2099-03-02T{from}:00Z"), "freeTo": format!("2099-03-02T{to}:00Z") });
    assert_eq!(names(&learner, free("09:00", "10:00")).await, "Äther simulator, Cessna");
    let rule = json!({ "i": { "resourceId": ids[1], "weekdays": ["MONDAY"], "from": "08:00", "until": "18:00", "timeZone": "UTC", "validFrom": "2099-01-01" } });
    admin.ok(RULE, rule).await;
    admin.ok(OFF, json!({ "i": { "resourceId": ids[1], "startsAt": "2099-03-02T12:00:00Z", "endsAt": "2099-03-02T13:00:00Z" } })).await;
    taken::booked(&app, &ids[0], "2099-03-02T14:00Z", "2099-03-02T15:00Z").await;
    for (from, to, expected) in [
        ("08:00", "12:00", "Äther simulator, Cessna"),
        ("07:00", "09:00", "Äther simulator"),
        ("11:00", "12:30", "Äther simulator"),
        ("13:00", "13:30", "Äther simulator, Cessna"),
        // What is booked from two o'clock on begins half an hour before.
        ("13:00", "13:31", "Cessna"),
        // And whoever would come after it needs half an hour as well.
        ("15:29", "16:00", "Cessna"),
        ("15:30", "16:00", "Äther simulator, Cessna"),
    ] {
        assert_eq!(names(&learner, free(from, to)).await, expected, "{from} {to}");
    }
    for (filter, line) in [
        (json!({ "freeFrom": "2099-03-02T12:00:00Z" }), "BAD_USER_INPUT @filter.freeTo"),
        (json!({ "freeTo": "2099-03-02T12:00:00Z" }), "BAD_USER_INPUT @filter.freeFrom"),
        (free("12:00", "12:00"), "BAD_USER_INPUT @filter.freeTo"),
        (json!({ "freeFrom": "2099-03-02T12:00:00Z", "freeTo": "2099-06-02T12:00:00Z" }), "BAD_USER_INPUT @filter.freeTo"),
    ] {
        assert_eq!(learner.refused(LIST, json!({ "f": filter })).await, line, "{filter}");
    }

    // Its calendar: what is free of its hours, what is busy of them, and the bookings that one sees.
    let calendar = "query($id: ID!) { resourceCalendar(resourceId: $id, from: \"2099-03-02T00:00:00Z\", to: \"2099-03-03T00:00:00Z\", timeZone: \"UTC\") { \
        days { bookings { id } free { startsAt endsAt resource { id } instructor { id } } busy { startsAt endsAt resource { id } instructor { id } } } } }";
    let day = async |client: &Client, id: &Value| {
        let answer = client.ok(calendar, json!({ "id": id })).await["resourceCalendar"]["days"][0].take();
        let spans = |name: &str| {
            let spans = answer[name].as_array().unwrap();
            assert!(spans.iter().all(|span| span["resource"]["id"] == *id && span["instructor"].is_null()), "{answer}");
            spans.iter().map(short).collect::<Vec<_>>().join(" ")
        };
        (answer["bookings"].as_array().unwrap().len(), spans("free"), spans("busy"))
    };
    let of_simulator = "03-02T00:00/03-02T13:30 03-02T15:00/03-03T00:00".to_owned();
    assert_eq!(day(&admin, &ids[0]).await, (1, of_simulator.clone(), "03-02T13:30/03-02T15:00".into()));
    assert_eq!(day(&app.sign_in(&app.oak, Who::Instructor).await, &ids[0]).await, (0, of_simulator, "03-02T13:30/03-02T15:00".into()));
    assert_eq!(day(&learner, &ids[1]).await, (0, "03-02T08:00/03-02T12:00 03-02T13:00/03-02T18:00".into(), String::new()));
    let foreign = app.sign_in(&app.elm, Who::Admin).await;
    for (client, id) in [(&foreign, ids[0].clone()), (&admin, json!(nothing("resource")))] {
        assert_eq!(client.ok(calendar, json!({ "id": id })).await["resourceCalendar"], Value::Null);
    }
    let long = "query($id: ID!) { resourceCalendar(resourceId: $id, from: \"2099-03-02T00:00:00Z\", to: \"2099-06-03T00:00:00Z\") { days { date } } }";
    assert_eq!(learner.refused(long, json!({ "id": ids[0] })).await, "BAD_USER_INPUT @to");
}

#[tokio::test]
async fn an_extra_opening_of_a_resource_is_a_schedulers_to_say_and_stands_apart_from_instructors() {
    let app = TestApp::start().await;
    let [admin, ada] = [app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await];
    let room = resource(&admin, json!({ "name": "Room", "kind": "ROOM", "timeZone": "UTC" })).await;
    let open = "mutation($i: CreateAvailabilityInput!) { createAvailability(input: $i) { id resource { name } instructor { id } } }";
    let span = |extra: Value| {
        let mut input = json!({ "startsAt": "2099-03-03T20:00:00Z", "endsAt": "2099-03-03T22:00:00Z" });
        input.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        json!({ "i": input })
    };
    refused(&app, &ada, open, span(json!({ "resourceId": room })), "FORBIDDEN [SCHEDULE_MANAGE] @resourceId").await;
    refused(&app, &admin, open, span(json!({ "resourceId": room, "instructorId": ada.user_id })), "BAD_USER_INPUT @resourceId").await;
    refused(&app, &admin, open, span(json!({ "resourceId": nothing("resource") })), "NOT_FOUND @resourceId").await;
    let rule = json!({ "i": { "resourceId": room, "weekdays": ["MONDAY"], "from": "08:00", "until": "18:00", "validFrom": "2099-01-01", "timeZone": "UTC" } });
    admin.ok(RULE, rule).await;
    let made = admin.ok(open, span(json!({ "resourceId": room }))).await["createAvailability"].take();
    assert_eq!((&made["resource"]["name"], &made["instructor"]), (&json!("Room"), &Value::Null));
    ada.ok(open, span(json!({}))).await;

    // Where no resource is named, the list is that of instructors, as ever.
    let list = "query($f: AvailabilityFilter) { availabilities(filter: $f) { totalCount nodes { resource { name } instructor { id } } } }";
    let all = ada.ok(list, json!({})).await["availabilities"].take();
    assert_eq!(all, json!({ "totalCount": 1, "nodes": [{ "resource": null, "instructor": { "id": ada.user_id } }] }));
    let of_room = ada.ok(list, json!({ "f": { "resourceId": room } })).await["availabilities"].take();
    assert_eq!(of_room, json!({ "totalCount": 1, "nodes": [{ "resource": { "name": "Room" }, "instructor": null }] }));
    // On Tuesday it is open by that alone.
    assert_eq!(names(&ada, json!({ "freeFrom": "2099-03-03T20:00:00Z", "freeTo": "2099-03-03T22:00:00Z" })).await, "Room");
    assert_eq!(names(&ada, json!({ "freeFrom": "2099-03-03T19:59:00Z", "freeTo": "2099-03-03T22:00:00Z" })).await, "");
    let drop = "mutation($id: ID!) { deleteAvailability(id: $id) }";
    refused(&app, &ada, drop, json!({ "id": made["id"] }), "FORBIDDEN NOT_YOURS").await;
    admin.ok(drop, json!({ "id": made["id"] })).await;
    assert_eq!(names(&ada, json!({ "freeFrom": "2099-03-03T20:00:00Z", "freeTo": "2099-03-03T22:00:00Z" })).await, "");
}
