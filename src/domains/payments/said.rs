//! What a provider says: read out of what it sends, and taken.

use lectern_kernel::{
    db::{DbError, Tx},
    ids::Id,
};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::{Payment, PaymentProvider, refund::Refund, sql};

/// What something that a provider says does.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Effect {
    /// The money has come.
    Approve,
    /// It is on its way.
    Process,
    /// It was refused.
    Reject,
    /// It did not come in time.
    Expire,
    /// The payer disputes it.
    Dispute,
    /// So much went back in all.
    Refunded,
    /// A refund of ours stands like this.
    Refund(&'static str),
    /// Nothing that is of interest.
    #[default]
    Nothing,
}

impl Effect {
    fn word(&self) -> &'static str {
        match self {
            Effect::Approve => "APPROVE",
            Effect::Process => "PROCESS",
            Effect::Reject => "REJECT",
            Effect::Expire => "EXPIRE",
            Effect::Dispute => "DISPUTE",
            Effect::Refunded => "REFUNDED",
            Effect::Refund(_) => "REFUND",
            Effect::Nothing => "NOTHING",
        }
    }
}

/// What a provider says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Said {
    /// Its own name for it.
    pub event: String,
    /// What it is, in its words.
    pub kind: String,
    /// What follows.
    pub effect: Effect,
    /// Our payment.
    pub payment: Option<Uuid>,
    /// Stripe's intent.
    pub intent: Option<String>,
    /// Stripe's session.
    pub session: Option<String>,
    /// In minor units.
    pub amount: Option<i64>,
    /// In any case.
    pub currency: Option<String>,
    /// Our refund.
    pub refund: Option<Uuid>,
    /// As what the provider knows that.
    pub provider_refund: Option<String>,
    /// Why it was refused.
    pub why: Option<String>,
}

/// Names and words of a provider are this long at most.
const LONGEST: usize = 255;

/// What the test provider sends.
#[derive(Deserialize)]
struct OfTest {
    id: String,
    r#type: String,
    payment: String,
    amount: Option<i64>,
    currency: Option<String>,
}

/// An event of Stripe.
#[derive(Deserialize)]
struct OfStripe {
    id: String,
    r#type: String,
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    object: Value,
}

fn text(object: &Value, name: &str) -> Option<String> {
    // What Stripe expands is an object with an id.
    let value = &object[name];
    value
        .as_str()
        .or_else(|| value["id"].as_str())
        .filter(|text| !text.is_empty() && text.len() <= LONGEST && !text.contains('\0'))
        .map(str::to_owned)
}

/// A payment of ours that is named in what a provider says.
fn named(text: Option<&str>) -> Option<Uuid> {
    text.and_then(|text| Id::<Payment>::parse("payment", &text.into()).ok()).map(|id| id.0)
}

fn is_word(text: &str) -> bool {
    (1..=LONGEST).contains(&text.chars().count()) && !text.contains('\0')
}

impl Said {
    /// What stands in the body of a webhook; none where it is no event.
    pub fn read(provider: PaymentProvider, body: &[u8]) -> Option<Said> {
        let said = match provider {
            PaymentProvider::Test => Said::of_test(serde_json::from_slice(body).ok()?),
            PaymentProvider::Stripe => {
                let OfStripe { id, r#type, data } = serde_json::from_slice(body).ok()?;
                let about = match r#type.split('.').next() {
                    _ if r#type.starts_with("checkout.session.") => Said::of_session(&data.object, &r#type),
                    Some("charge") if r#type == "charge.refunded" => Said::of_charge(&data.object),
                    Some("charge") if r#type == "charge.dispute.created" => Said {
                        effect: Effect::Dispute,
                        intent: text(&data.object, "payment_intent"),
                        payment: named(data.object["metadata"]["payment"].as_str()),
                        ..Said::default()
                    },
                    _ if r#type == "refund.updated" => Said::of_refund(&data.object),
                    _ => Said::default(),
                };
                Said { event: id, kind: r#type, ..about }
            }
            PaymentProvider::Manual => return None,
        };
        (is_word(&said.event) && is_word(&said.kind)).then_some(said)
    }

    fn of_test(sent: OfTest) -> Said {
        let effect = match sent.r#type.as_str() {
            "payment.approved" => Effect::Approve,
            "payment.rejected" => Effect::Reject,
            "payment.expired" => Effect::Expire,
            _ => Effect::Nothing,
        };
        let why = (effect == Effect::Reject).then(|| "The test provider has refused it.".to_owned());
        Said {
            event: sent.id,
            kind: sent.r#type,
            effect,
            payment: named(Some(&sent.payment)),
            amount: sent.amount.or(Some(-1)),
            currency: sent.currency.or(Some(String::new())),
            why,
            ..Said::default()
        }
    }

    /// A session of Stripe's page, as an event of this type tells of it.
    fn of_session(session: &Value, kind: &str) -> Said {
        let is_unpaid = session["payment_status"].as_str() == Some("unpaid");
        let effect = match kind {
            "checkout.session.completed" if is_unpaid => Effect::Process,
            "checkout.session.completed" | "checkout.session.async_payment_succeeded" => Effect::Approve,
            "checkout.session.async_payment_failed" => Effect::Reject,
            "checkout.session.expired" => Effect::Expire,
            _ => Effect::Nothing,
        };
        let why = (effect == Effect::Reject).then(|| "The payment was not completed by the payer's bank.".to_owned());
        let reference = session["client_reference_id"].as_str().or_else(|| session["metadata"]["payment"].as_str());
        Said {
            effect,
            payment: named(reference),
            intent: text(session, "payment_intent"),
            session: text(session, "id"),
            amount: session["amount_total"].as_i64().or(Some(-1)),
            currency: text(session, "currency").or(Some(String::new())),
            why,
            ..Said::default()
        }
    }

    fn of_charge(charge: &Value) -> Said {
        Said {
            effect: Effect::Refunded,
            payment: named(charge["metadata"]["payment"].as_str()),
            intent: text(charge, "payment_intent"),
            amount: charge["amount_refunded"].as_i64().or(Some(0)),
            ..Said::default()
        }
    }

    /// A refund, as Stripe shows it.
    pub fn of_refund(refund: &Value) -> Said {
        let effect = match refund["status"].as_str() {
            Some("succeeded") => Effect::Refund("SUCCEEDED"),
            Some("failed" | "canceled") => Effect::Refund("FAILED"),
            Some("pending" | "requires_action") => Effect::Refund("PENDING"),
            _ => Effect::Nothing,
        };
        let ours = refund["metadata"]["refund"].as_str().and_then(|text| Id::<Refund>::parse("refund", &text.into()).ok());
        Said {
            effect,
            payment: named(refund["metadata"]["payment"].as_str()),
            intent: text(refund, "payment_intent"),
            refund: ours.map(|id| id.0),
            provider_refund: text(refund, "id"),
            why: text(refund, "failure_reason"),
            ..Said::default()
        }
    }

    /// What Stripe answers of a session that it is asked about, as the event would be that tells of it; none while it is open.
    pub fn of_answer(payment: Uuid, session: &Value) -> Option<Said> {
        let kind = match (session["status"].as_str(), session["payment_status"].as_str()) {
            (Some("complete"), _) => "checkout.session.completed",
            (Some("expired"), _) => "checkout.session.expired",
            _ => return None,
        };
        let said = Said::of_session(session, kind);
        let id = Id::<Payment>::from_uuid(payment);
        let word = said.effect.word().to_lowercase();
        Some(Said { event: format!("answer:{id}:{word}"), kind: kind.to_owned(), payment: Some(payment), ..said })
    }

    /// Takes it, once: in a transaction of the school, in which nobody acts. Answers whether it was taken for the first time.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn take(&self, tx: &Tx, provider: PaymentProvider) -> Result<bool, DbError> {
        let state = match self.effect {
            Effect::Refund(state) => Some(state),
            _ => None,
        };
        let word = self.effect.word();
        let taken: Option<Option<String>> = tx.value(sql::TAKE, &self.params(&provider, &state, &word)).await?;
        Ok(taken.flatten().is_some())
    }

    /// The parameters of [`sql::TAKE`].
    fn params<'a>(
        &'a self,
        provider: &'a PaymentProvider,
        state: &'a Option<&'static str>,
        effect: &'a &'static str,
    ) -> [&'a (dyn tokio_postgres::types::ToSql + Sync); 13] {
        [
            provider,
            &self.event,
            &self.kind,
            effect,
            &self.payment,
            &self.intent,
            &self.session,
            &self.amount,
            &self.currency,
            &self.refund,
            &self.provider_refund,
            state,
            &self.why,
        ]
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn id() -> Id<Payment> {
        Id::from_uuid(Uuid::max())
    }

    fn read(provider: PaymentProvider, sent: &Value) -> Option<Said> {
        Said::read(provider, sent.to_string().as_bytes())
    }

    #[test]
    fn the_test_provider_says_what_came() {
        let sent =
            json!({ "id": "e1", "type": "payment.approved", "created": 1, "payment": id().to_string(), "amount": 5, "currency": "EUR" });
        let said = read(PaymentProvider::Test, &sent).unwrap();
        assert_eq!(
            (said.effect, said.payment, said.amount, said.currency.as_deref()),
            (Effect::Approve, Some(Uuid::max()), Some(5), Some("EUR"))
        );
        // Without an amount it approves nothing.
        let said = read(PaymentProvider::Test, &json!({ "id": "e1", "type": "payment.approved", "payment": id().to_string() })).unwrap();
        assert_eq!(said.amount, Some(-1));
        for none in [json!([]), json!({}), json!({ "id": "", "type": "x", "payment": "y" }), json!({ "id": "e", "type": "x" })] {
            assert!(read(PaymentProvider::Test, &none).is_none(), "{none}");
        }
        let strange = read(PaymentProvider::Test, &json!({ "id": "e", "type": "x", "payment": "y" })).unwrap();
        assert_eq!((strange.effect, strange.payment), (Effect::Nothing, None));
    }

    #[test]
    fn stripe_says_what_became_of_a_session() {
        let session = |kind: &str, status: &str| {
            let object = json!({
                "id": "cs_1", "client_reference_id": id().to_string(), "payment_intent": "pi_1", "payment_status": status, "amount_total": 5, "currency": "eur",
            });
            read(PaymentProvider::Stripe, &json!({ "id": "evt_1", "type": kind, "data": { "object": object } })).unwrap()
        };
        for (kind, status, effect) in [
            ("checkout.session.completed", "paid", Effect::Approve),
            ("checkout.session.completed", "unpaid", Effect::Process),
            ("checkout.session.async_payment_succeeded", "paid", Effect::Approve),
            ("checkout.session.async_payment_failed", "unpaid", Effect::Reject),
            ("checkout.session.expired", "unpaid", Effect::Expire),
            ("customer.created", "", Effect::Nothing),
        ] {
            let said = session(kind, status);
            assert_eq!((said.effect, said.event.as_str()), (effect.clone(), "evt_1"), "{kind} {status}");
            if effect != Effect::Nothing {
                assert_eq!(
                    (said.payment, said.intent.as_deref(), said.session.as_deref()),
                    (Some(Uuid::max()), Some("pi_1"), Some("cs_1"))
                );
            }
        }
    }

    #[test]
    fn stripe_says_what_went_back_and_what_is_disputed() {
        let event = |kind: &str, object: Value| {
            read(PaymentProvider::Stripe, &json!({ "id": "evt", "type": kind, "data": { "object": object } })).unwrap()
        };
        let charge = event(
            "charge.refunded",
            json!({ "amount_refunded": 7, "payment_intent": { "id": "pi_1" }, "metadata": { "payment": id().to_string() } }),
        );
        assert_eq!((charge.effect, charge.amount, charge.intent.as_deref()), (Effect::Refunded, Some(7), Some("pi_1")));
        let dispute = event("charge.dispute.created", json!({ "payment_intent": "pi_1" }));
        assert_eq!((dispute.effect, dispute.intent.as_deref(), dispute.payment), (Effect::Dispute, Some("pi_1"), None));
        let ours = Id::<Refund>::from_uuid(Uuid::max()).to_string();
        for (status, state) in [("succeeded", "SUCCEEDED"), ("failed", "FAILED"), ("canceled", "FAILED"), ("pending", "PENDING")] {
            let refund = event("refund.updated", json!({ "id": "re_1", "status": status, "metadata": { "refund": ours } }));
            assert_eq!(
                (refund.effect, refund.refund, refund.provider_refund.as_deref()),
                (Effect::Refund(state), Some(Uuid::max()), Some("re_1"))
            );
        }
    }

    #[test]
    fn an_open_session_says_nothing_yet() {
        assert!(Said::of_answer(Uuid::max(), &json!({ "status": "open", "payment_status": "unpaid" })).is_none());
        let paid =
            Said::of_answer(Uuid::max(), &json!({ "status": "complete", "payment_status": "paid", "amount_total": 5, "currency": "eur" }))
                .unwrap();
        assert_eq!((paid.effect, paid.payment), (Effect::Approve, Some(Uuid::max())));
    }
}
