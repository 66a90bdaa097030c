//! Discounts: they never add up, and the one that takes most off this cart wins.

use serde_json::{Value, json};

use super::{PLACE, PREVIEW, Shop, applied, cart_for, id, order_of, with};
use crate::{
    app::{Client, refusal},
    classroom::{ADD_MEMBERS, group, uuid},
};

const ASSIGN: &str = "mutation($i: AssignDiscountInput!) { assignDiscount(input: $i) { discountPercent } }";

async fn quote(client: &Client, cart: &Value) -> Value {
    client.ok(PREVIEW, json!({ "i": cart })).await["previewOrder"].take()
}

/// Where a discount comes from, and how much it is: `COUPON TEN 100`.
fn off(quote: &Value) -> String {
    match &quote["discount"] {
        Value::Null => "none".to_owned(),
        discount => {
            format!("{} {} {}", discount["source"].as_str().unwrap(), discount["label"].as_str().unwrap(), discount["amount"]["amount"])
        }
    }
}

#[tokio::test]
async fn the_discount_that_takes_most_off_this_cart_wins() {
    let shop = Shop::start(json!({})).await;
    let (ticket, book) =
        (shop.product(json!({})).await, shop.product(json!({ "name": "Book", "kind": "MERCH", "discountable": false })).await);
    let cart = shop.cart(&[(&ticket, 1), (&book, 1)]);
    assert_eq!(off(&quote(&shop.lea, &cart).await), "none");
    let friends = group(&shop.admin, json!({ "name": "Friends" })).await;
    let best = group(&shop.admin, json!({ "name": "Best friends" })).await;
    let terms = "mutation($i: SetProgramGroupInput!) { setProgramGroup(input: $i) { percentOff } }";
    for (group, percent) in [(&friends, 5.0), (&best, 10.0)] {
        shop.admin.ok(terms, json!({ "i": { "programId": shop.program, "groupId": group, "percentOff": percent } })).await;
        shop.admin.ok(ADD_MEMBERS, json!({ "i": { "groupId": group, "userIds": [shop.lea.user_id] } })).await;
    }
    assert_eq!(off(&quote(&shop.lea, &cart).await), "GROUP Best friends 100");
    // On a tie what was assigned comes first; a coupon that does not win is not used.
    shop.admin.ok(ASSIGN, json!({ "i": { "applicationId": shop.application, "percentOff": 10 } })).await;
    let ten = shop.coupon("TEN", json!({ "percentOff": 10, "maxUses": 1 })).await;
    let with_ten = with(&cart, json!({ "couponCode": "TEN" }));
    let tied = quote(&shop.lea, &with_ten).await;
    assert_eq!((off(&tied), &tied["couponApplied"]), ("ASSIGNED Assigned discount 100".to_owned(), &json!(false)));
    let order = shop.buy(&shop.lea, &with_ten, "not-by-coupon").await;
    assert_eq!(order["couponCode"], Value::Null);
    assert_eq!(shop.app.count(&format!("coupon_uses WHERE coupon_id = '{}' AND uses = 0", uuid(&ten))).await, 1);
    // An amount is never more than what can be discounted, and is spread over that.
    shop.coupon("MUCH", json!({ "amountOff": { "amount": 5000, "currency": "EUR" } })).await;
    let much = quote(&shop.lea, &with(&cart, json!({ "couponCode": "MUCH" }))).await;
    assert_eq!((off(&much), &much["couponApplied"], &much["total"]["amount"]), ("COUPON MUCH 1000".to_owned(), &json!(true), &json!(1000)));
    // Where it takes off everything, it is used as well.
    let all = shop.buy(&shop.lea, &with(&shop.cart(&[(&ticket, 1)]), json!({ "couponCode": "MUCH" })), "all-of-it").await;
    assert_eq!((&all["status"], &all["couponCode"]), (&json!("PAID"), &json!("MUCH")));
    shop.assert_counted().await;
}

#[tokio::test]
async fn a_percentage_is_of_the_line_half_up_and_an_amount_by_the_largest_remainder() {
    let shop = Shop::start(json!({})).await;
    let price = |amount: i32| json!([{ "amount": amount, "currency": "EUR" }]);
    let (odd, even) = (
        shop.product(json!({ "name": "Odd", "prices": price(33) })).await,
        shop.product(json!({ "name": "Even", "prices": price(100) })).await,
    );
    shop.coupon("HALF", json!({ "percentOff": 50 })).await;
    shop.coupon("TEN", json!({ "amountOff": { "amount": 10, "currency": "EUR" } })).await;
    let cart = shop.cart(&[(&odd, 3), (&even, 2)]);
    // 49.5 of 99 is 50; three times 17 would be 51.
    let half = quote(&shop.lea, &with(&cart, json!({ "couponCode": "HALF" }))).await;
    assert_eq!((&half["lines"][0]["discount"]["amount"], &half["lines"][1]["discount"]["amount"]), (&json!(50), &json!(100)));
    // 990 / 299 is 3, rest 93; 2000 / 299 is 6, rest 206.
    let ten = quote(&shop.lea, &with(&cart, json!({ "couponCode": "TEN" }))).await;
    assert_eq!((&ten["lines"][0]["discount"]["amount"], &ten["lines"][1]["discount"]["amount"]), (&json!(3), &json!(7)));
}

#[tokio::test]
async fn a_referral_takes_something_off_while_it_is_active() {
    let shop = Shop::open(json!({})).await;
    let ticket = shop.product(json!({})).await;
    let make = "mutation($i: CreateReferralInput!) { createReferral(input: $i) { id code percentOff uses accepted } }";
    let referral = shop
        .admin
        .ok(make, json!({ "i": { "programId": shop.program, "code": "friend-1", "percentOff": 20, "maxUses": 1 } }))
        .await["createReferral"]
        .take();
    assert_eq!((&referral["code"], &referral["percentOff"], &referral["uses"]), (&json!("FRIEND-1"), &json!(20.0), &json!(0)));
    let start = "mutation($i: StartApplicationInput!) { startApplication(input: $i) { id } }";
    let named = |code: &str| json!({ "i": { "programId": shop.program, "referralCode": code } });
    assert_eq!(shop.admin.refused(start, named("FRIEND-1")).await, "CONFLICT OWN_REFERRAL @referralCode");
    let application = shop.lea.ok(start, named(" friend-1 ")).await["startApplication"]["id"].as_str().unwrap().to_owned();
    let eve = shop.app.person(&shop.app.oak, "eve@oak.example", &["LEARNER"]).await;
    assert_eq!(eve.refused(start, named("FRIEND-1")).await, "CONFLICT CODE_EXHAUSTED @referralCode");
    assert_eq!(eve.refused(start, named("FRIEND-2")).await, "NOT_FOUND CODE_UNKNOWN @referralCode");
    assert_eq!(eve.refused(start, named("a friend's")).await, "NOT_FOUND CODE_UNKNOWN @referralCode");
    let submit = "mutation($id: ID!) { submitApplication(id: $id) { attendees { id } } }";
    let attendee =
        shop.lea.ok(submit, json!({ "id": application })).await["submitApplication"]["attendees"][0]["id"].as_str().unwrap().to_owned();
    let cart = cart_for(&application, &attendee, &[(&ticket, 1)]);
    assert_eq!(off(&quote(&shop.lea, &cart).await), "REFERRAL FRIEND-1 200");
    let read = "query($p: ID!) { referrals(filter: { programId: $p }) { nodes { uses accepted owner { id } } } }";
    let seen = shop.admin.ok(read, json!({ "p": shop.program })).await;
    assert_eq!(seen["referrals"]["nodes"], json!([{ "uses": 1, "accepted": 1, "owner": { "id": shop.admin.user_id } }]));
    let update = "mutation($i: UpdateReferralInput!) { updateReferral(input: $i) { isActive } }";
    shop.admin.ok(update, json!({ "i": { "id": referral["id"], "isActive": false } })).await;
    assert_eq!(off(&quote(&shop.lea, &cart).await), "none");
    // What it is not: a coupon.
    assert_eq!(
        shop.lea.refused(PREVIEW, json!({ "i": with(&cart, json!({ "couponCode": "FRIEND-1" })) })).await,
        "NOT_FOUND CODE_UNKNOWN @couponCode"
    );
}

#[tokio::test]
async fn a_code_says_why_it_can_not_be_used() {
    let shop = Shop::start(json!({ "currencies": ["EUR", "JPY"] })).await;
    let ticket = shop.product(json!({})).await;
    let other = id(&shop.admin, "createProgram", "CreateProgramInput", json!({ "name": "Other", "currencies": ["EUR"] })).await;
    id(&shop.admin, "createCoupon", "CreateCouponInput", json!({ "programId": other, "code": "ELSEWHERE", "percentOff": 10 })).await;
    shop.coupon("OFF", json!({ "percentOff": 10, "isActive": false })).await;
    shop.coupon("SOON", json!({ "percentOff": 10, "startsAt": "2099-01-01T00:00:00Z" })).await;
    shop.coupon("GONE", json!({ "percentOff": 10, "endsAt": "2020-01-01T00:00:00Z" })).await;
    shop.coupon("YEN", json!({ "amountOff": { "amount": 10, "currency": "JPY" } })).await;
    shop.coupon("ONCE", json!({ "percentOff": 10, "usesPerPerson": 1 })).await;
    shop.coupon("LAST", json!({ "percentOff": 10, "maxUses": 1 })).await;
    let cart = shop.cart(&[(&ticket, 1)]);
    let by = |code: &str| with(&cart, json!({ "couponCode": code }));
    shop.buy(&shop.lea, &by("ONCE"), "by-code-once").await;
    shop.buy(&shop.lea, &by("LAST"), "by-code-last").await;
    for (code, line) in [
        ("NOWHERE", "NOT_FOUND CODE_UNKNOWN @couponCode"),
        ("ELSEWHERE", "NOT_FOUND CODE_UNKNOWN @couponCode"),
        ("OFF", "NOT_FOUND CODE_UNKNOWN @couponCode"),
        ("é!", "NOT_FOUND CODE_UNKNOWN @couponCode"),
        ("SOON", "CONFLICT CODE_NOT_YET_VALID @couponCode"),
        ("GONE", "CONFLICT CODE_EXPIRED @couponCode"),
        ("YEN", "CONFLICT CURRENCY_UNAVAILABLE @couponCode"),
        ("ONCE", "CONFLICT CODE_USED @couponCode"),
        ("LAST", "CONFLICT CODE_EXHAUSTED @couponCode"),
    ] {
        assert_eq!(shop.lea.refused(PREVIEW, json!({ "i": by(code) })).await, line, "{code}");
        assert_eq!(shop.lea.refused(PLACE, json!({ "i": order_of(&by(code), &json!(900), "by-a-code") })).await, line, "{code}");
    }
}

#[tokio::test]
async fn after_ten_unknown_codes_none_is_looked_at_for_a_while_and_orders_without_one_go_on() {
    let shop = Shop::start(json!({})).await;
    let ticket = shop.product(json!({})).await;
    shop.coupon("REAL", json!({ "percentOff": 10 })).await;
    let cart = shop.cart(&[(&ticket, 1)]);
    let by = |code: &str| json!({ "i": with(&cart, json!({ "couponCode": code })) });
    for n in 0..5 {
        assert_eq!(shop.lea.refused(PREVIEW, by(&format!("GUESS-{n}"))).await, "NOT_FOUND CODE_UNKNOWN @couponCode");
        let order = json!({ "i": order_of(&by(&format!("GUESS-A{n}"))["i"], &json!(1000), "guessing-1") });
        assert_eq!(shop.lea.refused(PLACE, order).await, "NOT_FOUND CODE_UNKNOWN @couponCode");
    }
    let answer = shop.lea.ask(PREVIEW, by("REAL")).await;
    let refused = &answer["errors"][0];
    assert!(refusal(refused).starts_with("RATE_LIMITED"), "{answer}");
    assert!((1..=600).contains(&refused["extensions"]["retryAfter"].as_u64().unwrap()), "{answer}");
    shop.place(&shop.lea, &cart, "without-a-code").await;
    // Others are not concerned, and one document tries one code.
    let eve = shop.app.person(&shop.app.oak, "eve@oak.example", &["LEARNER"]).await;
    let (application, attendee) = applied(&eve, &shop.program).await;
    let own = with(&cart_for(&application, &attendee, &[(&ticket, 1)]), json!({ "couponCode": "REAL" }));
    assert_eq!(off(&quote(&eve, &own).await), "COUPON REAL 100");
    let two =
        "query($i: PreviewOrderInput!) { one: previewOrder(input: $i) { couponApplied } two: previewOrder(input: $i) { couponApplied } }";
    assert!(eve.refused(two, json!({ "i": own })).await.starts_with("BAD_USER_INPUT"));
}
