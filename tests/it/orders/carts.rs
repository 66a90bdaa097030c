//! A thousand random carts: what was shown is what is charged, and parts sum to the whole.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{CANCEL, PLACE, PREVIEW, Shop, applied, id, order_of};
use crate::{
    app::{Client, PASSWORD},
    classroom::learners,
};

const CURRENCIES: [&str; 3] = ["EUR", "JPY", "KWD"];
const BUYERS: usize = 8;
const CARTS: usize = 125;

/// Numbers that look random, and are the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
}

fn amount(money: &Value) -> i64 {
    money["amount"].as_i64().unwrap_or_else(|| panic!("{money} is no money"))
}

fn sum(lines: &[Value], of: &str) -> i64 {
    lines.iter().map(|line| amount(&line[of])).sum()
}

/// Products with every kind of price and tax: whether the tax is in it, by name.
async fn products(shop: &Shop, dice: &mut Dice) -> Vec<(String, bool)> {
    let mut products = Vec::new();
    for n in 0..12 {
        let included = n % 2 == 0;
        let mut price = |currency| json!({ "amount": if n == 0 { 0 } else { dice.below(30_000) }, "currency": currency });
        let prices = CURRENCIES.map(&mut price);
        #[allow(clippy::cast_precision_loss)]
        let tax = dice.below(3_000) as f64 / 100.0;
        let input = json!({ "name": format!("Product {n}"), "kind": "OTHER", "prices": prices, "taxPercent": if n == 1 { 0.0 } else { tax }, "taxIncluded": included,
            "discountable": n % 5 != 3 });
        products.push((shop.product(input).await, included));
    }
    products
}

/// A cart of some of them.
fn cart(dice: &mut Dice, application: &str, attendee: &str, products: &[(String, bool)]) -> (Value, Vec<bool>) {
    let currency = CURRENCIES[usize::try_from(dice.below(3)).unwrap()];
    let chosen: Vec<&(String, bool)> = products.iter().filter(|_| dice.one_in(3)).collect();
    let chosen = if chosen.is_empty() { vec![&products[2]] } else { chosen };
    let lines: Vec<Value> =
        chosen.iter().map(|(product, _)| json!({ "productId": product, "attendeeId": attendee, "quantity": 1 + dice.below(7) })).collect();
    let mut cart = json!({ "applicationId": application, "currency": currency, "lines": lines });
    match dice.below(4) {
        0 => cart["couponCode"] = json!("THIRD"),
        1 if currency == "EUR" => cart["couponCode"] = json!("AMOUNT"),
        _ => {}
    }
    (cart, chosen.iter().map(|(_, included)| *included).collect())
}

/// Whether the parts of a quote, or of an order, sum to the whole.
fn assert_sums(quote: &Value, included: &[bool]) {
    let lines = quote["lines"].as_array().unwrap();
    for (line, included) in lines.iter().zip(included) {
        let on_top = if *included { 0 } else { amount(&line["tax"]) };
        assert_eq!(amount(&line["unitPrice"]) * line["quantity"].as_i64().unwrap(), amount(&line["subtotal"]), "{line}");
        assert_eq!(amount(&line["subtotal"]) - amount(&line["discount"]) + on_top, amount(&line["total"]), "{line}");
        assert!(amount(&line["discount"]) <= amount(&line["subtotal"]) && amount(&line["tax"]) <= amount(&line["total"]), "{line}");
    }
    assert_eq!(sum(lines, "subtotal"), amount(&quote["subtotal"]), "{quote}");
    assert_eq!(sum(lines, "tax"), amount(&quote["tax"]), "{quote}");
    let off = quote["discount"].as_object().map_or(0, |discount| amount(&discount["amount"]));
    assert_eq!(sum(lines, "discount"), off, "{quote}");
    let left = sum(lines, "total") - amount(&quote["returned"]) - amount(&quote["creditApplied"]);
    assert_eq!(amount(&quote["total"]), left.max(0), "{quote}");
}

async fn shop_for_all(shop: &Shop, buyer: &Client, seed: u64, products: &[(String, bool)]) {
    let mut dice = Dice(seed.wrapping_mul(0x2545_F491_4F6C_DD1D));
    let (application, attendee) = applied(buyer, &shop.program).await;
    if seed.is_multiple_of(2) {
        let assign = "mutation($i: AssignDiscountInput!) { assignDiscount(input: $i) { discountPercent } }";
        shop.admin.ok(assign, json!({ "i": { "applicationId": application, "percentOff": 33.33 } })).await;
    }
    if seed.is_multiple_of(3) {
        let grant = "mutation($i: GrantCreditInput!) { grantCredit(input: $i) { id } }";
        let credit = json!({ "applicationId": application, "amount": { "amount": 777, "currency": "EUR" }, "reason": "Sorry", "idempotencyKey": format!("credit-{seed}") });
        shop.admin.ok(grant, json!({ "i": credit })).await;
    }
    for n in 0..CARTS {
        let (cart, included) = cart(&mut dice, &application, &attendee, products);
        let quote = buyer.ok(PREVIEW, json!({ "i": cart })).await["previewOrder"].take();
        assert_sums(&quote, &included);
        let order = order_of(&cart, &quote["total"]["amount"], &format!("cart-{seed}-{n}"));
        let order = buyer.ok(PLACE, json!({ "i": order })).await["placeOrder"].take();
        assert_sums(&order, &included);
        for field in ["currency", "subtotal", "discount", "returned", "creditApplied", "tax", "total", "creditGranted"] {
            assert_eq!(order[field], quote[field], "{field} of {order}");
        }
        for (line, shown) in order["lines"].as_array().unwrap().iter().zip(quote["lines"].as_array().unwrap()) {
            for field in ["quantity", "unitPrice", "subtotal", "discount", "tax", "total"] {
                assert_eq!(line[field], shown[field], "{field} of {order}");
            }
            let tickets = line["tickets"].as_array().unwrap();
            assert_eq!(tickets.len(), usize::try_from(line["quantity"].as_u64().unwrap()).unwrap());
            assert_eq!(sum(tickets, "price"), amount(&line["total"]), "{line}");
            let prices: Vec<i64> = tickets.iter().map(|ticket| amount(&ticket["price"])).collect();
            assert!(prices.iter().max().unwrap() - prices.iter().min().unwrap() <= 1, "{prices:?}");
        }
        if order["status"] == "PENDING" {
            buyer.ok(CANCEL, json!({ "id": order["id"] })).await;
        } else {
            assert_eq!(amount(&order["total"]), 0, "{order}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_shown_is_what_is_charged_for_a_thousand_carts_in_three_currencies() {
    let shop = Shop::open(json!({ "currencies": CURRENCIES })).await;
    let products = products(&shop, &mut Dice(0x9E37_79B9_7F4A_7C15)).await;
    shop.coupon("THIRD", json!({ "percentOff": 33.34 })).await;
    shop.coupon("AMOUNT", json!({ "amountOff": { "amount": 4999, "currency": "EUR" } })).await;
    let group = id(&shop.admin, "createGroup", "CreateGroupInput", json!({ "name": "Friends" })).await;
    let terms = "mutation($i: SetProgramGroupInput!) { setProgramGroup(input: $i) { percentOff } }";
    shop.admin.ok(terms, json!({ "i": { "programId": shop.program, "groupId": group, "percentOff": 12.5 } })).await;
    let people = learners(&shop.app, &shop.app.oak, BUYERS).await;
    let add = json!({ "i": { "groupId": group, "userIds": &people[..BUYERS / 2] } });
    shop.admin.ok(crate::classroom::ADD_MEMBERS, add).await;
    let mut clients = Vec::new();
    for n in 1..=BUYERS {
        clients.push(shop.app.sign_in_as(&shop.app.oak, &format!("person{n}@oak.example"), PASSWORD).await);
    }
    join_all(clients.iter().zip(1u64..).map(|(buyer, seed)| shop_for_all(&shop, buyer, seed, &products))).await;
    shop.assert_counted().await;
    assert_eq!(shop.app.count("sales_order WHERE status NOT IN ('PAID', 'CANCELLED')").await, 0);
}
