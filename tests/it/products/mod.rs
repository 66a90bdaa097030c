//! Products, coupons and referrals: what is made, changed and deleted, who sees it, and what can't be.

use serde_json::{Value, json};

use crate::{
    app::Who,
    classroom::{nothing, refused, uuid, walk},
    orders::{Shop, applied, id},
};

const PRODUCT: &str = "name description kind duration admission prices { amount currency } availability perPersonLimit perOrderLimit saleStartsAt saleEndsAt validFrom validUntil exclusive \
     requiresProduct { name } discountable exchangeable taxPercent taxIncluded position isActive stock left";
const CREATE: &str = "mutation($i: CreateProductInput!) { createProduct(input: $i) { id } }";
const UPDATE: &str = "mutation($i: UpdateProductInput!) { updateProduct(input: $i) { id stock left } }";
const DELETE: &str = "mutation($id: ID!) { deleteProduct(id: $id) }";
const CREATE_COUPON: &str = "mutation($i: CreateCouponInput!) { createCoupon(input: $i) { id code percentOff amountOff { amount currency } maxUses usesPerPerson uses isActive } }";
const UPDATE_COUPON: &str =
    "mutation($i: UpdateCouponInput!) { updateCoupon(input: $i) { percentOff amountOff { amount currency } maxUses } }";
const CREATE_REFERRAL: &str =
    "mutation($i: CreateReferralInput!) { createReferral(input: $i) { id code owner { id } percentOff maxUses uses accepted isActive } }";
const UPDATE_REFERRAL: &str = "mutation($i: UpdateReferralInput!) { updateReferral(input: $i) { percentOff maxUses isActive } }";

async fn products(client: &crate::app::Client, program: &str) -> Value {
    let query = format!("query($id: ID!) {{ program(id: $id) {{ products {{ {PRODUCT} }} }} }}");
    client.ok(&query, json!({ "id": program })).await["program"]["products"].take()
}

#[tokio::test]
async fn a_product_is_as_it_was_described_and_what_is_left_out_has_a_usual_value() {
    let shop = Shop::start(json!({ "currencies": ["EUR", "JPY"] })).await;
    let plain = shop.product(json!({ "name": "Plain" })).await;
    let full = json!({ "name": " Full ", "description": "All of it", "kind": "HOUSING", "admission": "DAILY", "prices": [{ "amount": 5, "currency": "jpy" }, { "amount": 7, "currency": "EUR" }],
        "stock": 3, "perPersonLimit": 2, "perOrderLimit": 4, "saleStartsAt": "2099-01-01T00:00:00Z", "saleEndsAt": "2099-02-01T00:00:00Z", "validFrom": "2099-01-01T00:00:00Z",
        "validUntil": "2099-02-01T00:00:00Z", "exclusive": true, "requiresProductId": plain, "discountable": false, "exchangeable": false, "taxPercent": 7.25, "taxIncluded": false, "position": 2 });
    let other = shop.product(full).await;
    let usual = json!({ "name": "Plain", "description": null, "kind": "TICKET", "duration": "FULL", "admission": "ONCE", "prices": [{ "amount": 1000, "currency": "EUR" }], "availability": "ON_SALE",
        "perPersonLimit": null, "perOrderLimit": null, "saleStartsAt": null, "saleEndsAt": null, "validFrom": null, "validUntil": null, "exclusive": false, "requiresProduct": null,
        "discountable": true, "exchangeable": true, "taxPercent": 0.0, "taxIncluded": true, "position": 0, "isActive": true, "stock": null, "left": null });
    let said = json!({ "name": "Full", "description": "All of it", "kind": "HOUSING", "duration": null, "admission": "DAILY", "prices": [{ "amount": 5, "currency": "JPY" }, { "amount": 7, "currency": "EUR" }],
        "availability": "UPCOMING", "perPersonLimit": 2, "perOrderLimit": 4, "saleStartsAt": "2099-01-01T00:00:00Z", "saleEndsAt": "2099-02-01T00:00:00Z", "validFrom": "2099-01-01T00:00:00Z",
        "validUntil": "2099-02-01T00:00:00Z", "exclusive": true, "requiresProduct": { "name": "Plain" }, "discountable": false, "exchangeable": false, "taxPercent": 7.25, "taxIncluded": false,
        "position": 2, "isActive": true, "stock": 3, "left": 3 });
    assert_eq!(products(&shop.admin, &shop.program).await, json!([usual, said]));
    // What is left out stays as it is, and null clears.
    let changes = json!({ "id": other, "name": "Other", "description": null, "prices": [{ "amount": 9, "currency": "EUR" }], "stock": 0, "perPersonLimit": null, "saleStartsAt": null, "requiresProductId": null });
    shop.admin.ok(UPDATE, json!({ "i": changes })).await;
    let changed = products(&shop.admin, &shop.program).await[1].take();
    for (field, value) in [
        ("name", json!("Other")),
        ("description", Value::Null),
        ("prices", json!([{ "amount": 9, "currency": "EUR" }])),
        ("availability", json!("SOLD_OUT")),
        ("perPersonLimit", Value::Null),
        ("perOrderLimit", json!(4)),
        ("requiresProduct", Value::Null),
        ("taxPercent", json!(7.25)),
        ("left", json!(0)),
    ] {
        assert_eq!(changed[field], value, "{field}");
    }
    shop.admin.ok(UPDATE, json!({ "i": { "id": other, "stock": null } })).await;
    assert_eq!(products(&shop.admin, &shop.program).await[1]["availability"], "ON_SALE");
    shop.admin.ok(UPDATE, json!({ "i": { "id": other, "saleEndsAt": "2020-01-01T00:00:00Z" } })).await;
    assert_eq!(products(&shop.admin, &shop.program).await[1]["availability"], "ENDED");
}

#[tokio::test]
async fn a_wrong_product_is_refused_at_its_field() {
    let shop = Shop::start(json!({ "currencies": ["EUR", "JPY"] })).await;
    let other = id(&shop.admin, "createProgram", "CreateProgramInput", json!({ "name": "Other", "currencies": ["EUR"] })).await;
    let price = json!([{ "amount": 1, "currency": "EUR" }]);
    let foreign = id(
        &shop.admin,
        "createProduct",
        "CreateProductInput",
        json!({ "programId": other, "name": "Else", "kind": "OTHER", "prices": price }),
    )
    .await;
    let input = |more: Value| {
        let mut input = json!({ "programId": shop.program, "name": "Ticket", "kind": "TICKET", "prices": price });
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "i": input })
    };
    for (more, line) in [
        (json!({ "programId": nothing("program") }), "NOT_FOUND @programId"),
        (json!({ "name": " " }), "BAD_USER_INPUT @name"),
        (json!({ "kind": "MERCH", "duration": "DAY" }), "BAD_USER_INPUT @duration"),
        (json!({ "prices": [] }), "BAD_USER_INPUT @prices"),
        (json!({ "prices": [{ "amount": 1, "currency": "USD" }] }), "BAD_USER_INPUT CURRENCY_UNAVAILABLE @prices.0.currency"),
        (
            json!({ "prices": [{ "amount": 1, "currency": "EUR" }, { "amount": 2, "currency": "eur" }] }),
            "BAD_USER_INPUT @prices.1.currency",
        ),
        (json!({ "prices": [{ "amount": 2_000_000_000, "currency": "EUR" }] }), "BAD_USER_INPUT AMOUNT_TOO_LARGE @prices.0.amount"),
        (json!({ "prices": [{ "amount": -1, "currency": "EUR" }] }), "BAD_USER_INPUT @prices.0.amount"),
        (json!({ "stock": -1 }), "BAD_USER_INPUT @stock"),
        (json!({ "perPersonLimit": 0 }), "BAD_USER_INPUT @perPersonLimit"),
        (json!({ "perOrderLimit": 0 }), "BAD_USER_INPUT @perOrderLimit"),
        (json!({ "taxPercent": 100.01 }), "BAD_USER_INPUT @taxPercent"),
        (json!({ "taxPercent": 7.255 }), "BAD_USER_INPUT @taxPercent"),
        (json!({ "position": -1 }), "BAD_USER_INPUT @position"),
        (json!({ "saleStartsAt": "2099-01-02T00:00:00Z", "saleEndsAt": "2099-01-01T00:00:00Z" }), "BAD_USER_INPUT @saleEndsAt"),
        (json!({ "validFrom": "2099-01-02T00:00:00Z", "validUntil": "2099-01-01T00:00:00Z" }), "BAD_USER_INPUT @validUntil"),
        (json!({ "requiresProductId": foreign }), "NOT_FOUND @requiresProductId"),
        (json!({ "requiresProductId": nothing("product") }), "NOT_FOUND @requiresProductId"),
    ] {
        refused(&shop.app, &shop.admin, CREATE, input(more), line).await;
    }
    let product = shop.product(json!({})).await;
    refused(
        &shop.app,
        &shop.admin,
        UPDATE,
        json!({ "i": { "id": product, "requiresProductId": product } }),
        "BAD_USER_INPUT @requiresProductId",
    )
    .await;
    refused(&shop.app, &shop.admin, UPDATE, json!({ "i": { "id": product, "prices": null } }), "BAD_USER_INPUT @prices").await;
    refused(&shop.app, &shop.admin, UPDATE, json!({ "i": { "id": nothing("product"), "name": "X" } }), "NOT_FOUND @id").await;
    // Two hundred of a program.
    let more = format!(
        "INSERT INTO product (tenant_id, id, program_id, name, kind) SELECT '{}', gen_random_uuid(), '{}', 'More', 'OTHER' FROM generate_series(1, 199)",
        shop.app.oak.tenant,
        uuid(&shop.program)
    );
    shop.app.sql(&more).await;
    refused(&shop.app, &shop.admin, CREATE, input(json!({})), "LIMIT_REACHED @programId").await;
}

#[tokio::test]
async fn what_was_ordered_stays_and_no_limit_goes_below_what_is_used() {
    let shop = Shop::start(json!({})).await;
    let (sold, spare) = (shop.product(json!({ "stock": 5 })).await, shop.product(json!({ "name": "Spare" })).await);
    let coupon = shop.coupon("TEN", json!({ "percentOff": 10 })).await;
    let mut cart = shop.cart(&[(&sold, 3)]);
    cart["couponCode"] = json!("TEN");
    shop.place(&shop.lea, &cart, "three-of-them").await;
    let less = |product: &str, stock: i32| json!({ "i": { "id": product, "stock": stock } });
    refused(&shop.app, &shop.admin, UPDATE, less(&sold, 2), "CONFLICT BELOW_USED @stock").await;
    let answer = shop.admin.ask(UPDATE, less(&sold, 2)).await;
    assert_eq!((&answer["errors"][0]["extensions"]["limit"], &answer["errors"][0]["extensions"]["used"]), (&json!(2), &json!(3)));
    assert_eq!(shop.admin.ok(UPDATE, less(&sold, 3)).await["updateProduct"]["left"], 0);
    refused(&shop.app, &shop.admin, DELETE, json!({ "id": sold }), "CONFLICT IN_USE @id").await;
    refused(&shop.app, &shop.admin, "mutation($id: ID!) { deleteCoupon(id: $id) }", json!({ "id": coupon }), "CONFLICT IN_USE @id").await;
    refused(&shop.app, &shop.admin, DELETE, json!({ "id": nothing("product") }), "NOT_FOUND @id").await;
    assert_eq!(shop.admin.ok(DELETE, json!({ "id": spare })).await["deleteProduct"], json!(spare));
    // A currency that something is priced in stays, too.
    let currencies = "mutation($i: UpdateProgramInput!) { updateProgram(input: $i) { currencies } }";
    assert!(
        shop.admin.refused(currencies, json!({ "i": { "id": shop.program, "currencies": ["CHF"] } })).await.starts_with("CONFLICT IN_USE")
    );
}

#[tokio::test]
async fn products_are_seen_with_their_program_and_hidden_ones_by_who_manages_it() {
    let shop = Shop::start(json!({})).await;
    shop.product(json!({ "name": "Shown", "stock": 3 })).await;
    shop.product(json!({ "name": "Hidden", "isActive": false, "position": 1 })).await;
    let names = |client: crate::app::Client| {
        let program = shop.program.clone();
        async move {
            let query = "query($id: ID!) { program(id: $id) { products { name } } }";
            client.ok(query, json!({ "id": program })).await["program"]["products"].to_string()
        }
    };
    let (vera, ada) = (shop.app.sign_in(&shop.app.oak, Who::Viewer).await, shop.app.sign_in(&shop.app.oak, Who::Instructor).await);
    for (client, sees_hidden) in [(&shop.admin, true), (&vera, true), (&shop.lea, false), (&ada, false)] {
        let names = names(client.clone()).await;
        assert_eq!((names.contains("Shown"), names.contains("Hidden")), (true, sees_hidden), "{names}");
    }
    let counted = "query($id: ID!) { program(id: $id) { products { availability stock left } } }";
    let answer = shop.lea.ask(counted, json!({ "id": shop.program })).await;
    assert_eq!(answer["data"]["program"]["products"], json!([{ "availability": "ON_SALE", "stock": null, "left": null }]));
    assert_eq!(answer["errors"].as_array().unwrap().len(), 2);
    assert_eq!(vera.ok(counted, json!({ "id": shop.program })).await["program"]["products"][0]["left"], 3);
    // Everybody may know what is sold, but not how many there are.
    let public = "query($t: String!) { publicPrograms(tenant: $t) { nodes { name products { name kind prices { amount currency } availability } } } }";
    let shown = shop.app.stranger().ok(public, json!({ "t": "oak" })).await;
    let product =
        json!({ "name": "Shown", "kind": "TICKET", "prices": [{ "amount": 1000, "currency": "EUR" }], "availability": "ON_SALE" });
    assert_eq!(shown["publicPrograms"]["nodes"], json!([{ "name": "Camp", "products": [product] }]));
    // Another school knows nothing of it, and who may not manage programs makes none.
    let elm = shop.app.sign_in(&shop.app.elm, Who::Admin).await;
    assert_eq!(
        elm.refused(
            CREATE,
            json!({ "i": { "programId": shop.program, "name": "X", "kind": "OTHER", "prices": [{ "amount": 1, "currency": "EUR" }] } })
        )
        .await,
        "NOT_FOUND @programId"
    );
    for client in [&shop.lea, &ada, &vera] {
        assert_eq!(client.refused(DELETE, json!({ "id": nothing("product") })).await, "FORBIDDEN [PROGRAM_MANAGE]");
    }
}

#[tokio::test]
async fn a_coupon_takes_off_a_part_or_an_amount_and_its_code_is_one_of_its_program() {
    let shop = Shop::start(json!({})).await;
    let input = |more: Value| {
        let mut input = json!({ "programId": shop.program, "code": " early_bird " });
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "i": input })
    };
    let made = shop.admin.ok(CREATE_COUPON, input(json!({ "percentOff": 12.5, "maxUses": 2 }))).await["createCoupon"].take();
    let expected = json!({ "id": made["id"], "code": "EARLY_BIRD", "percentOff": 12.5, "amountOff": null, "maxUses": 2, "usesPerPerson": null, "uses": 0, "isActive": true });
    assert_eq!(made, expected);
    for (more, line) in [
        (json!({ "percentOff": 10 }), "CONFLICT CODE_TAKEN @code"),
        (json!({ "code": "x", "percentOff": 10 }), "BAD_USER_INPUT @code"),
        (json!({ "code": "NEITHER" }), "BAD_USER_INPUT @percentOff"),
        (json!({ "code": "BOTH", "percentOff": 10, "amountOff": { "amount": 1, "currency": "EUR" } }), "BAD_USER_INPUT @percentOff"),
        (json!({ "code": "NONE", "percentOff": 0 }), "BAD_USER_INPUT @percentOff"),
        (json!({ "code": "NOTHING", "amountOff": { "amount": 0, "currency": "EUR" } }), "BAD_USER_INPUT @amountOff.amount"),
        (
            json!({ "code": "DOLLARS", "amountOff": { "amount": 1, "currency": "USD" } }),
            "BAD_USER_INPUT CURRENCY_UNAVAILABLE @amountOff.currency",
        ),
        (json!({ "code": "NEVER", "percentOff": 10, "maxUses": 0 }), "BAD_USER_INPUT @maxUses"),
        (
            json!({ "code": "BACKWARDS", "percentOff": 10, "startsAt": "2099-01-02T00:00:00Z", "endsAt": "2099-01-01T00:00:00Z" }),
            "BAD_USER_INPUT @endsAt",
        ),
    ] {
        refused(&shop.app, &shop.admin, CREATE_COUPON, input(more), line).await;
    }
    let taken = json!({ "i": { "programId": shop.program, "code": "Early_Bird" } });
    refused(&shop.app, &shop.admin, CREATE_REFERRAL, taken, "CONFLICT CODE_TAKEN @code").await;
    // What is left out stays: one way takes the other's place where that is cleared with it.
    let change = |more: Value| {
        let mut change = json!({ "id": made["id"] });
        change.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "i": change })
    };
    let amount = json!({ "amount": 500, "currency": "eur" });
    for more in [json!({ "amountOff": amount }), json!({ "amountOff": amount, "percentOff": 10 }), json!({ "percentOff": null })] {
        refused(&shop.app, &shop.admin, UPDATE_COUPON, change(more), "BAD_USER_INPUT @percentOff").await;
    }
    let by_amount = shop.admin.ok(UPDATE_COUPON, change(json!({ "amountOff": amount, "percentOff": null, "maxUses": null }))).await;
    assert_eq!(
        by_amount["updateCoupon"],
        json!({ "percentOff": null, "amountOff": { "amount": 500, "currency": "EUR" }, "maxUses": null })
    );
    refused(&shop.app, &shop.admin, UPDATE_COUPON, change(json!({ "amountOff": null })), "BAD_USER_INPUT @percentOff").await;
    // Those who manage programs or read orders see coupons, by their codes too.
    let vera = shop.app.sign_in(&shop.app.oak, Who::Viewer).await;
    let list = "query($f: CouponFilter) { coupons(filter: $f) { nodes { code } } }";
    assert_eq!(
        vera.ok(list, json!({ "f": { "code": "early_bird", "programId": shop.program } })).await["coupons"]["nodes"],
        json!([{ "code": "EARLY_BIRD" }])
    );
    assert_eq!(vera.ok(list, json!({ "f": { "isActive": false } })).await["coupons"]["nodes"], json!([]));
    assert_eq!(shop.lea.ask(list, json!({})).await["data"]["coupons"], Value::Null);
    assert_eq!(
        shop.admin.ok("mutation($id: ID!) { deleteCoupon(id: $id) }", json!({ "id": made["id"] })).await["deleteCoupon"],
        made["id"]
    );
    // Its code is free again.
    shop.coupon("EARLY_BIRD", json!({ "percentOff": 1 })).await;
}

#[tokio::test]
async fn who_is_accepted_makes_as_many_referrals_as_the_program_says() {
    let shop = Shop::open(json!({ "referralsPerPerson": 2 })).await;
    let own = |more: Value| {
        let mut own = json!({ "programId": shop.program });
        own.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "i": own })
    };
    assert_eq!(shop.lea.refused(CREATE_REFERRAL, own(json!({}))).await, "CONFLICT NOT_ACCEPTED @programId");
    applied(&shop.lea, &shop.program).await;
    let made = shop.lea.ok(CREATE_REFERRAL, own(json!({}))).await["createReferral"].take();
    assert_eq!(
        (made["code"].as_str().unwrap().len(), &made["owner"]["id"], &made["percentOff"]),
        (8, &json!(shop.lea.user_id), &json!(0.0))
    );
    assert_eq!(shop.lea.refused(CREATE_REFERRAL, own(json!({ "percentOff": 10 }))).await, "FORBIDDEN [PROGRAM_MANAGE] @percentOff");
    assert_eq!(shop.lea.refused(CREATE_REFERRAL, own(json!({ "userId": shop.admin.user_id }))).await, "FORBIDDEN [PROGRAM_MANAGE] @userId");
    shop.lea.ok(CREATE_REFERRAL, own(json!({ "code": "leas-friends", "maxUses": 3 }))).await;
    let answer = shop.lea.ask(CREATE_REFERRAL, own(json!({}))).await;
    let limit = &answer["errors"][0]["extensions"];
    assert_eq!((&limit["code"], &limit["limit"], &limit["used"]), (&json!("LIMIT_REACHED"), &json!(2), &json!(2)));
    // Who manages programs makes any, for anybody.
    let given = shop.admin.ok(CREATE_REFERRAL, own(json!({ "userId": shop.lea.user_id, "percentOff": 15 }))).await["createReferral"].take();
    assert_eq!((&given["owner"]["id"], &given["percentOff"]), (&json!(shop.lea.user_id), &json!(15.0)));
    assert_eq!(walk_codes(&shop.lea).await, 3);
    let change = |client: crate::app::Client, more: Value| {
        let mut change = json!({ "id": made["id"] });
        change.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        async move { client.ask(UPDATE_REFERRAL, json!({ "i": change })).await }
    };
    let off = change(shop.lea.clone(), json!({ "isActive": false, "maxUses": 5 })).await;
    assert_eq!(off["data"]["updateReferral"], json!({ "percentOff": 0.0, "maxUses": 5, "isActive": false }));
    assert_eq!(change(shop.lea.clone(), json!({ "percentOff": 50 })).await["errors"][0]["extensions"]["code"], "FORBIDDEN");
    assert_eq!(change(shop.admin.clone(), json!({ "percentOff": 50 })).await["data"]["updateReferral"]["percentOff"], 50.0);
    let eve = shop.app.person(&shop.app.oak, "eve@oak.example", &["LEARNER"]).await;
    assert_eq!(change(eve.clone(), json!({ "isActive": true })).await["errors"][0]["extensions"]["code"], "NOT_FOUND");
    assert_eq!(walk_codes(&eve).await, 0);
}

/// How many referrals somebody sees.
async fn walk_codes(client: &crate::app::Client) -> usize {
    client.ok("{ referrals(first: 100) { nodes { code } } }", json!({})).await["referrals"]["nodes"].as_array().unwrap().len()
}

#[tokio::test]
async fn products_of_many_programs_cost_one_statement_for_each_of_their_parts() {
    let shop = Shop::start(json!({})).await;
    for n in 0..3 {
        shop.product(json!({ "name": format!("Product {n}") })).await;
    }
    let query = "{ programs { nodes { products { name prices { amount } availability stock } } } }";
    let one = shop.app.statements(&shop.admin, query, json!({})).await;
    for n in 0..4 {
        let program =
            id(&shop.admin, "createProgram", "CreateProgramInput", json!({ "name": format!("Camp {n}"), "currencies": ["EUR"] })).await;
        id(
            &shop.admin,
            "createProduct",
            "CreateProductInput",
            json!({ "programId": program, "name": "X", "kind": "OTHER", "prices": [{ "amount": 1, "currency": "EUR" }] }),
        )
        .await;
    }
    assert_eq!(shop.app.statements(&shop.admin, query, json!({})).await, one);
    assert_eq!(walk(&shop.admin, "programs", "", "/name").await.len(), 5);
}
