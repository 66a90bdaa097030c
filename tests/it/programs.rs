//! Programs: what a school sells places in, their forms, reviewers, links and groups, and what everybody may know of them.

mod forms;
mod parts;
mod public;
mod races;

use serde_json::{Value, json};

use crate::{
    app::{Client, TestApp, Who},
    classroom::{is_due, nothing, refused, uuid, walk},
};

pub const CREATE: &str = "mutation($i: CreateProgramInput!) { createProgram(input: $i) { id slug name description kind status isOpen capacity placesTaken waitlistCount currencies \
     applicationFee { amount currency } creditFeeOnAcceptance offerHours payWithinDays paymentMinutes transferDays exchangesUntil hasDirectory enrollWhen referralsPerPerson \
     allowedTransitions form { version fields { key } } courses { id } groups { id } reviewPolicy { strategy veto approvalsNeeded acceptScore rejectScore } \
     reviewers { isRequired } programGroups { percentOff } } }";
pub const UPDATE: &str = "mutation($i: UpdateProgramInput!) { updateProgram(input: $i) { name slug description kind capacity currencies applicationFee { amount currency } \
     startsAt endsAt reviewPolicy { strategy acceptScore } } }";
pub const STATUS: &str = "mutation($i: SetProgramStatusInput!) { setProgramStatus(input: $i) { status allowedTransitions isOpen } }";
pub const DELETE: &str = "mutation($id: ID!) { deleteProgram(id: $id) }";
pub const READ: &str = "query($id: ID!) { program(id: $id) { name status } node(id: $id) { __typename } programs { totalCount } }";

/// A program out of an input, in euros unless it says otherwise: its id.
pub async fn program(client: &Client, mut input: Value) -> String {
    if input["currencies"].is_null() {
        input["currencies"] = json!(["EUR"]);
    }
    client.ok(CREATE, json!({ "i": input })).await["createProgram"]["id"].as_str().unwrap().to_owned()
}

/// Takes a program on.
pub async fn set_status(client: &Client, id: &str, status: &str) -> Value {
    client.ok(STATUS, json!({ "i": { "id": id, "status": status } })).await["setProgramStatus"].take()
}

/// A program that takes applications.
pub async fn active(client: &Client, input: Value) -> String {
    let id = program(client, input).await;
    set_status(client, &id, "ACTIVE").await;
    id
}

/// Somebody has applied to a program, past every rule.
async fn applied(app: &TestApp, id: &str, person: &Client) {
    app.sql(&format!(
        "SET session_replication_role = replica;
         INSERT INTO application (tenant_id, id, program_id, user_id) VALUES ('{}', gen_random_uuid(), '{}', '{}');
         SET session_replication_role = DEFAULT",
        app.oak.tenant,
        uuid(id),
        uuid(&person.user_id)
    ))
    .await;
}

#[tokio::test]
async fn a_program_is_made_with_what_it_says_and_the_usual_for_the_rest() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let mut made =
        admin.ok(CREATE, json!({ "i": { "name": " Größe zählt: Camp 2027 ", "currencies": ["eur", " Chf "] } })).await["createProgram"]
            .take();
    let (id, slug) = (made["id"].take(), made["slug"].take());
    let slug = slug.as_str().unwrap();
    assert!(slug.starts_with("grosse-zahlt-camp-2027-") && slug.len() == "grosse-zahlt-camp-2027-".len() + 4, "{slug}");
    assert_eq!(
        made,
        json!({
            "id": null, "slug": null, "name": "Größe zählt: Camp 2027", "description": null, "kind": "OTHER", "status": "DRAFT", "isOpen": false, "capacity": null,
            "placesTaken": 0, "waitlistCount": 0, "currencies": ["EUR", "CHF"], "applicationFee": null, "creditFeeOnAcceptance": false, "offerHours": 48,
            "payWithinDays": null, "paymentMinutes": 35, "transferDays": 7, "exchangesUntil": null, "hasDirectory": false, "enrollWhen": "PAID", "referralsPerPerson": 0,
            "allowedTransitions": ["ACTIVE", "ARCHIVED"], "form": { "version": 0, "fields": [] }, "courses": [], "groups": [],
            "reviewPolicy": { "strategy": null, "veto": "STRONG_NO", "approvalsNeeded": 1, "acceptScore": 2, "rejectScore": -2 }, "reviewers": [], "programGroups": [],
        })
    );
    // What is left out stays, null clears.
    admin.ok(UPDATE, json!({ "i": { "id": id } })).await;
    assert_eq!(app.changes("updateProgram").await, 0);
    let input = json!({ "id": id, "slug": "camp-2027", "description": "Tents", "capacity": 30, "applicationFee": { "amount": 2500, "currency": "chf" },
                        "reviewStrategy": "WEIGHTED", "acceptScore": 4, "startsAt": "2099-07-01T00:00:00Z", "endsAt": "2099-07-08T00:00:00Z" });
    let changed = admin.ok(UPDATE, json!({ "i": input })).await["updateProgram"].take();
    assert_eq!(
        changed,
        json!({ "name": "Größe zählt: Camp 2027", "slug": "camp-2027", "description": "Tents", "kind": "OTHER", "capacity": 30, "currencies": ["EUR", "CHF"],
                "applicationFee": { "amount": 2500, "currency": "CHF" }, "startsAt": "2099-07-01T00:00:00Z", "endsAt": "2099-07-08T00:00:00Z",
                "reviewPolicy": { "strategy": "WEIGHTED", "acceptScore": 4 } })
    );
    let cleared = json!({ "id": id, "description": null, "capacity": null, "applicationFee": null, "reviewStrategy": null, "endsAt": null, "currencies": ["CHF"] });
    let cleared = admin.ok(UPDATE, json!({ "i": cleared })).await["updateProgram"].take();
    assert_eq!(
        (
            &cleared["description"],
            &cleared["capacity"],
            &cleared["applicationFee"],
            &cleared["reviewPolicy"]["strategy"],
            &cleared["currencies"]
        ),
        (&Value::Null, &Value::Null, &Value::Null, &Value::Null, &json!(["CHF"]))
    );
}

#[tokio::test]
async fn what_is_wrong_is_refused_with_its_field() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let id = program(
        &admin,
        json!({ "name": "Camp", "slug": "camp", "currencies": ["EUR", "CHF"], "applicationFee": { "amount": 100, "currency": "EUR" } }),
    )
    .await;
    for (input, line) in [
        (json!({ "name": " " }), "BAD_USER_INPUT @name"),
        (json!({ "slug": "Camp" }), "BAD_USER_INPUT @slug"),
        (json!({ "slug": "camp" }), "CONFLICT SLUG_TAKEN @slug"),
        (json!({ "currencies": [] }), "BAD_USER_INPUT @currencies"),
        (json!({ "currencies": ["EUR", "eur"] }), "BAD_USER_INPUT @currencies.1"),
        (json!({ "currencies": ["EUR", "XYZ"] }), "BAD_USER_INPUT UNKNOWN_CURRENCY @currencies.1"),
        (json!({ "currencies": ["EURO"] }), "BAD_USER_INPUT UNKNOWN_CURRENCY @currencies.0"),
        (json!({ "currencies": ["EUR", "CHF", "USD", "GBP", "JPY", "SEK"] }), "BAD_USER_INPUT @currencies"),
        (json!({ "applicationFee": { "amount": 1, "currency": "USD" } }), "BAD_USER_INPUT CURRENCY_UNAVAILABLE @applicationFee.currency"),
        (json!({ "applicationFee": { "amount": 0, "currency": "EUR" } }), "BAD_USER_INPUT @applicationFee.amount"),
        (
            json!({ "applicationFee": { "amount": 2_000_000_000, "currency": "EUR" } }),
            "BAD_USER_INPUT AMOUNT_TOO_LARGE @applicationFee.amount",
        ),
        (json!({ "startsAt": "2099-07-01T00:00:00Z", "endsAt": "2099-07-01T00:00:00Z" }), "BAD_USER_INPUT @endsAt"),
        (
            json!({ "applicationsOpenAt": "2099-07-01T00:00:00Z", "applicationsCloseAt": "2099-06-01T00:00:00Z" }),
            "BAD_USER_INPUT @applicationsCloseAt",
        ),
        (json!({ "acceptScore": -2 }), "BAD_USER_INPUT @acceptScore"),
        (json!({ "capacity": 0 }), "BAD_USER_INPUT @capacity"),
        (json!({ "paymentMinutes": 30 }), "BAD_USER_INPUT @paymentMinutes"),
        (json!({ "transferDays": 61 }), "BAD_USER_INPUT @transferDays"),
        (json!({ "offerHours": 0 }), "BAD_USER_INPUT @offerHours"),
        (json!({ "referralsPerPerson": -1 }), "BAD_USER_INPUT @referralsPerPerson"),
    ] {
        let mut whole = json!({ "name": "Other", "currencies": ["EUR"] });
        whole.as_object_mut().unwrap().extend(input.as_object().unwrap().clone());
        refused(&app, &admin, CREATE, json!({ "i": whole }), line).await;
        if line == "CONFLICT SLUG_TAKEN @slug" {
            continue; // it is its own
        }
        let mut change = input.clone();
        change["id"] = json!(id);
        refused(&app, &admin, UPDATE, json!({ "i": change }), line).await;
    }
    for (input, line) in [
        (json!({ "name": null }), "BAD_USER_INPUT @name"),
        (json!({ "currencies": null }), "BAD_USER_INPUT @currencies"),
        (json!({ "kind": null }), "BAD_USER_INPUT @kind"),
        (json!({ "currencies": ["CHF"] }), "CONFLICT IN_USE @currencies"),
        (json!({ "id": nothing("program") }), "NOT_FOUND @id"),
    ] {
        let mut change = json!({ "id": id });
        change.as_object_mut().unwrap().extend(input.as_object().unwrap().clone());
        refused(&app, &admin, UPDATE, json!({ "i": change }), line).await;
    }
    // The other school's is none; and its slugs are its own.
    let elm = app.sign_in(&app.elm, Who::Admin).await;
    refused(&app, &elm, UPDATE, json!({ "i": { "id": id, "name": "Mine" } }), "NOT_FOUND @id").await;
    refused(&app, &elm, STATUS, json!({ "i": { "id": id, "status": "ACTIVE" } }), "NOT_FOUND @id").await;
    refused(&app, &elm, DELETE, json!({ "id": id }), "NOT_FOUND @id").await;
    program(&elm, json!({ "name": "Camp", "slug": "camp" })).await;
    for who in [Who::Instructor, Who::Learner, Who::Viewer] {
        let client = app.sign_in(&app.oak, who).await;
        refused(&app, &client, CREATE, json!({ "i": { "name": "Camp", "currencies": ["EUR"] } }), "FORBIDDEN [PROGRAM_MANAGE]").await;
        refused(&app, &client, UPDATE, json!({ "i": { "id": id } }), "FORBIDDEN [PROGRAM_MANAGE]").await;
        refused(&app, &client, STATUS, json!({ "i": { "id": id, "status": "ACTIVE" } }), "FORBIDDEN [PROGRAM_MANAGE]").await;
        refused(&app, &client, DELETE, json!({ "id": id }), "FORBIDDEN [PROGRAM_MANAGE]").await;
    }
}

#[tokio::test]
async fn a_program_goes_through_its_states_and_is_seen_as_they_say() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let (ada, lea, viewer) =
        (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await, app.sign_in(&app.oak, Who::Viewer).await);
    let id = program(&admin, json!({ "name": "Camp" })).await;
    let sees = async |client: &Client, seen: bool| {
        let found = client.ok(READ, json!({ "id": id })).await;
        assert_eq!(
            (found["program"].is_null(), found["node"].is_null(), &found["programs"]["totalCount"]),
            (!seen, !seen, &json!(i32::from(seen))),
            "{found}"
        );
    };
    for (client, seen) in [(&admin, true), (&viewer, true), (&ada, false), (&lea, false)] {
        sees(client, seen).await;
    }
    for status in ["DRAFT", "ENDED"] {
        refused(&app, &admin, STATUS, json!({ "i": { "id": id, "status": status } }), "CONFLICT INVALID_TRANSITION @status").await;
    }
    assert_eq!(
        set_status(&admin, &id, "ACTIVE").await,
        json!({ "status": "ACTIVE", "allowedTransitions": ["DRAFT", "ENDED"], "isOpen": true })
    );
    for client in [&admin, &viewer, &ada, &lea] {
        sees(client, true).await;
    }
    let steps = "query($id: ID!) { program(id: $id) { allowedTransitions } }";
    assert_eq!(lea.ok(steps, json!({ "id": id })).await["program"]["allowedTransitions"], json!([]));
    set_status(&admin, &id, "DRAFT").await;
    set_status(&admin, &id, "ACTIVE").await;
    // Once somebody has applied it is no draft any more.
    applied(&app, &id, &lea).await;
    refused(&app, &admin, STATUS, json!({ "i": { "id": id, "status": "DRAFT" } }), "CONFLICT IN_USE @status").await;
    assert_eq!(
        set_status(&admin, &id, "ENDED").await,
        json!({ "status": "ENDED", "allowedTransitions": ["ACTIVE", "ARCHIVED"], "isOpen": false })
    );
    assert_eq!(set_status(&admin, &id, "ACTIVE").await["allowedTransitions"], json!(["ENDED"]));
    refused(&app, &admin, DELETE, json!({ "id": id }), "CONFLICT IN_USE @id").await;
    set_status(&admin, &id, "ENDED").await;
    sees(&ada, true).await;
    assert_eq!(set_status(&admin, &id, "ARCHIVED").await["allowedTransitions"], json!([]));
    for (client, seen) in [(&admin, true), (&viewer, true), (&ada, false), (&lea, true)] {
        sees(client, seen).await; // who has applied sees it still
    }
    for status in ["DRAFT", "ACTIVE", "ENDED", "ARCHIVED"] {
        refused(&app, &admin, STATUS, json!({ "i": { "id": id, "status": status } }), "CONFLICT INVALID_TRANSITION @status").await;
    }
    // A draft that nobody has applied to goes with all that belongs to it.
    let draft = program(&admin, json!({ "name": "Draft" })).await;
    admin.ok(forms::SET, forms::form(&draft, 0, json!([{ "key": "diet", "label": "Diet", "type": "TEXT" }]))).await;
    let product = json!({ "programId": draft, "name": "Day", "kind": "TICKET", "prices": [{ "amount": 1000, "currency": "EUR" }] });
    let product = crate::orders::id(&admin, "createProduct", "CreateProductInput", product).await;
    crate::orders::id(&admin, "createCoupon", "CreateCouponInput", json!({ "programId": draft, "code": "LAKE", "percentOff": 10 })).await;
    assert_eq!(admin.ok(DELETE, json!({ "id": draft })).await["deleteProgram"], json!(draft));
    assert_eq!(app.count(&format!("product_stock WHERE product_id = '{}'", uuid(&product))).await, 0);
    for table in
        ["program", "program_currency", "program_places", "program_form_field", "program_form_key", "product", "product_price", "coupon"]
    {
        let column = if table == "program" { "id" } else { "program_id" };
        assert_eq!(app.count(&format!("{table} WHERE {column} = '{}'", uuid(&draft))).await, 0, "{table}");
    }
    refused(&app, &admin, DELETE, json!({ "id": draft }), "NOT_FOUND @id").await;
}

#[tokio::test]
async fn a_program_is_open_as_its_dates_say_and_ends_by_itself() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let id = active(&admin, json!({ "name": "Camp" })).await;
    let open = "query($id: ID!) { program(id: $id) { isOpen status } }";
    for (dates, is_open) in [
        ("applications_open_at = now() + interval '1 hour'", false),
        ("applications_open_at = now() - interval '1 hour', applications_close_at = now() + interval '1 hour'", true),
        ("applications_open_at = NULL, applications_close_at = now() - interval '1 second'", false),
        ("applications_close_at = NULL, ends_at = now() + interval '1 hour'", true),
        ("ends_at = now() - interval '1 second'", false),
    ] {
        app.sql(&format!("UPDATE program SET {dates} WHERE id = '{}'", uuid(&id))).await;
        let found = admin.ok(open, json!({ "id": id })).await["program"].take();
        assert_eq!(found, json!({ "isOpen": is_open, "status": "ACTIVE" }), "{dates}");
        assert_eq!(is_due(&app, &app.oak, "program.end").await, dates == "ends_at = now() - interval '1 second'", "{dates}");
    }
    app.sql(&format!("BEGIN; SET LOCAL app.tenant_id = '{}'; SELECT app.enqueue('program.end', NULL, '{{}}'); COMMIT", app.oak.tenant))
        .await;
    app.work().await;
    assert_eq!(admin.ok(open, json!({ "id": id })).await["program"], json!({ "isOpen": false, "status": "ENDED" }));
    assert_eq!(app.count("audit_entry WHERE resource = 'Program' AND operation = 'system:program.end'").await, 1);
}

#[tokio::test]
async fn programs_are_listed_in_every_order_and_filtered() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    for (name, kind, starts_at) in [
        ("Äpfel", "CAMP", json!("2099-03-01T00:00:00Z")),
        ("Birnen", "TERM", json!("2099-01-01T00:00:00Z")),
        ("Zwetschgen", "CAMP", Value::Null),
        ("apricots", "EVENT", json!("2099-02-01T00:00:00Z")),
    ] {
        program(&admin, json!({ "name": name, "kind": kind, "startsAt": starts_at })).await;
    }
    for (order, names) in [
        ("", ["Äpfel", "apricots", "Birnen", "Zwetschgen"]),
        (", orderBy: { field: STARTS_AT, direction: ASC }", ["Birnen", "apricots", "Äpfel", "Zwetschgen"]),
        (", orderBy: { field: CREATED_AT, direction: DESC }", ["apricots", "Zwetschgen", "Birnen", "Äpfel"]),
    ] {
        assert_eq!(walk(&admin, "programs", order, "/name").await, names, "{order}");
    }
    let list = "query($f: ProgramFilter) { programs(filter: $f) { nodes { name } } }";
    for (filter, names) in [
        (json!({ "kinds": ["CAMP"] }), json!([{ "name": "Äpfel" }, { "name": "Zwetschgen" }])),
        (json!({ "search": "apf" }), json!([{ "name": "Äpfel" }])),
        (json!({ "statuses": ["ACTIVE"] }), json!([])),
        (json!({ "kinds": [], "search": " " }), json!([])),
    ] {
        assert_eq!(admin.ok(list, json!({ "f": filter })).await["programs"]["nodes"], names, "{filter}");
    }
}

#[tokio::test]
async fn a_capacity_below_what_is_taken_is_refused_with_both_numbers() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let id = program(&admin, json!({ "name": "Camp", "capacity": 10 })).await;
    app.sql(&format!("UPDATE program_places SET taken = 7, waiting = 2 WHERE program_id = '{}'", uuid(&id))).await;
    let counts = "query($id: ID!) { program(id: $id) { placesTaken waitlistCount } }";
    assert_eq!(admin.ok(counts, json!({ "id": id })).await["program"], json!({ "placesTaken": 7, "waitlistCount": 2 }));
    refused(&app, &admin, UPDATE, json!({ "i": { "id": id, "capacity": 6 } }), "CONFLICT BELOW_USED @capacity").await;
    let answer = admin.ask(UPDATE, json!({ "i": { "id": id, "capacity": 6 } })).await;
    let extensions = &answer["errors"][0]["extensions"];
    assert_eq!((&extensions["limit"], &extensions["used"]), (&json!(6), &json!(7)));
    admin.ok(UPDATE, json!({ "i": { "id": id, "capacity": 7 } })).await;
    admin.ok(UPDATE, json!({ "i": { "id": id, "capacity": null } })).await;
}

#[tokio::test]
async fn a_page_of_programs_costs_as_many_statements_as_one() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let query = "query($n: Int) { programs(first: $n) { nodes { name placesTaken waitlistCount allowedTransitions form { version fields { key } } \
                 courses { title } groups { name } reviewers { user { name } } programGroups { group { name } memberCount } } } }";
    for nth in 0..5 {
        let id = program(&admin, json!({ "name": format!("Camp {nth}") })).await;
        admin.ok(forms::SET, forms::form(&id, 0, json!([{ "key": "diet", "label": "Diet", "type": "TEXT" }]))).await;
        parts::all_of(&app, &admin, &id).await;
    }
    let one = app.statements(&admin, query, json!({ "n": 1 })).await;
    assert_eq!(app.statements(&admin, query, json!({ "n": 5 })).await, one);
}
