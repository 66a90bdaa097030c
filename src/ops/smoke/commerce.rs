//! What a school sells places in. Nothing is sold: a program that is never active is made and removed, and the books are read.

use serde_json::json;

use super::{PAGE, Smoke, text};

const DELETE_PROGRAM: &str = "mutation($id: ID!) { deleteProgram(id: $id) }";

impl Smoke {
    /// A draft of a program, with a form, a product and a coupon; what is scanned at its door is nothing.
    pub(super) async fn commerce(&mut self) -> Option<()> {
        for list in
            ["programs", "applications", "attendees", "coupons", "referrals", "orders", "payments", "invoices", "ledger", "checkIns"]
        {
            self.client.ask("commerce", &format!("{{ {list}{PAGE} }}"), json!({})).await;
        }
        self.client.ask("commerce", "{ paymentSettings { providers invoicePrefix } }", json!({})).await;
        let create = "mutation($i: CreateProgramInput!) { createProgram(input: $i) { id status isOpen } }";
        let program = json!({ "i": { "name": "Smoke test", "currencies": ["EUR"] } });
        let program = text(&self.client.ask("commerce", create, program).await?["id"]);
        self.remember(&program, DELETE_PROGRAM, json!({ "id": program }));
        let form = "mutation($i: SetProgramFormInput!) { setProgramForm(input: $i) { form { version } } }";
        let fields = json!([{ "key": "town", "label": "Where do you come from?", "type": "TEXT" }]);
        self.client.ask("commerce", form, json!({ "i": { "programId": program, "expectedVersion": 0, "fields": fields } })).await;
        let stale = json!({ "i": { "programId": program, "expectedVersion": 0, "fields": [] } });
        self.client.refused("setProgramForm, of another version", form, stale, "CONFLICT STALE").await;
        let product = "mutation($i: CreateProductInput!) { createProduct(input: $i) { id availability } }";
        let price = json!([{ "amount": 1000, "currency": "EUR" }]);
        let product = self
            .client
            .ask("commerce", product, json!({ "i": { "programId": program, "name": "Smoke test", "kind": "TICKET", "prices": price } }))
            .await?;
        let coupon = "mutation($i: CreateCouponInput!) { createCoupon(input: $i) { id } }";
        self.client.ask("commerce", coupon, json!({ "i": { "programId": program, "code": "SMOKE-TEST", "percentOff": 12.5 } })).await;
        let start = "mutation($i: StartApplicationInput!) { startApplication(input: $i) { id } }";
        self.client
            .refused("startApplication, to a draft", start, json!({ "i": { "programId": program } }), "CONFLICT PROGRAM_CLOSED")
            .await;
        let scan = "mutation($i: CheckInInput!) { checkIn(input: $i) { outcome } }";
        let scans = json!({ "i": { "programId": program, "scans": [{ "clientId": "smoke", "code": "SMOKE" }] } });
        self.client.ask("commerce", scan, scans).await;
        let roster = "query($p: ID!) { checkInRoster(programId: $p) { totalCount } programParticipants(programId: $p) { totalCount } }";
        self.client.ask("commerce", roster, json!({ "p": program })).await;
        let report = "query($p: ID!) { reports { commerce(programId: $p) { totals { revenue } funnel { started } reconciled } } }";
        self.client.ask("commerce", report, json!({ "p": program })).await;
        self.client.ask("commerce", "mutation($id: ID!) { deleteProduct(id: $id) }", json!({ "id": product["id"] })).await;
        self.remove(&program, "commerce").await;
        Some(())
    }
}
