//! What payments do outside a request. What is to be said is read in one transaction and what came of it written in another: none is open while Stripe is asked.

use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use lectern_kernel::{
    ids::Id,
    jobs::{Done, Failure, Job, JobKind, JobLane, Scope},
    sealing::Sealer,
};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::{
    Payment, PaymentProvider,
    refund::Refund,
    said::{Effect, Said},
    secret::Secret,
    sql,
    stripe::{Stripe, Unable, segment},
    taking::Taking,
};

/// Begins a payment at Stripe: asked for with each that is made there.
pub const START: JobKind = JobKind { limit: Duration::from_secs(60), ..JobKind::new("payment.start", JobLane::Delivery, start) };

/// Asks Stripe what became of payments that nothing was heard of, every five minutes: a webhook that was lost heals.
pub const RECONCILE: JobKind =
    JobKind::new("payment.reconcile", JobLane::Default, reconcile).every(Duration::from_secs(300), Scope::Schools);

/// Gives money back at Stripe: asked for with each refund of a payment that was made there.
pub const REFUND: JobKind = JobKind { limit: Duration::from_secs(60), ..JobKind::new("refund.send", JobLane::Delivery, send_refund) };

/// A session lasts half an hour at least, from when Stripe hears of it; what is sent takes its time, and may be sent again.
const SHORTEST: SignedDuration = SignedDuration::from_mins(32);
/// It ends so long before the hold does.
const BEFORE: SignedDuration = SignedDuration::from_mins(5);
/// The longest that Stripe takes is a day.
const LONGEST: SignedDuration = SignedDuration::from_hours(23);
/// Payments that are asked about in one go.
const BATCH: i32 = 100;

fn stripe(job: &Job, sealed: &[u8]) -> Result<Stripe, Failure> {
    let key = Secret::StripeKey.open(&*job.outside::<Sealer>()?, job.tenant(), sealed)?;
    Ok(Stripe::new(job.outside::<Taking>()?, key))
}

/// When the session of a payment ends: five minutes before the hold does, as far as Stripe takes that. However often it is asked for, it is the same: under one key Stripe
/// takes no other request.
fn ends(asked: Timestamp, hold: Option<Timestamp>) -> Timestamp {
    let at = hold.map_or(asked + LONGEST, |hold| hold - BEFORE);
    at.clamp(asked + SHORTEST, asked + LONGEST)
}

#[derive(Deserialize)]
struct OfPayment {
    payment: Uuid,
}

fn start(mut job: Job) -> BoxFuture<'static, Result<Done, Failure>> {
    Box::pin(async move {
        let OfPayment { payment } = job.payload()?;
        let tx = job.begin().await?;
        let rows = tx.query(sql::TO_START, &[&payment]).await?;
        let Some(row) = rows.first() else { return job.finish(tx).await };
        let (amount, currency, reference): (i32, String, String) =
            (row.try_get("amount")?, row.try_get("currency")?, row.try_get("reference")?);
        let (program, asked, hold): (String, Timestamp, Option<Timestamp>) =
            (row.try_get("program")?, row.try_get("created_at")?, row.try_get("expires_at")?);
        let back: Option<String> = row.try_get("return_url")?;
        let sealed: Option<Vec<u8>> = row.try_get("secret")?;
        tx.end_read();
        drop(tx);
        let id = Id::<Payment>::from_uuid(payment).to_string();
        let begun = match sealed {
            None => Err(Unable::Refused("The school has no key of Stripe.".to_owned())),
            Some(sealed) => {
                let mut form = vec![
                    ("mode", "payment".to_owned()),
                    ("client_reference_id", id.clone()),
                    ("metadata[payment]", id.clone()),
                    ("payment_intent_data[metadata][payment]", id.clone()),
                    ("line_items[0][quantity]", "1".to_owned()),
                    ("line_items[0][price_data][currency]", currency.to_lowercase()),
                    ("line_items[0][price_data][unit_amount]", amount.to_string()),
                    ("line_items[0][price_data][product_data][name]", format!("{program} · {reference}")),
                    ("expires_at", ends(asked, hold).as_second().to_string()),
                ];
                // Stripe does not begin without a page to come back to.
                let back = back.unwrap_or_else(|| "https://stripe.com/".to_owned());
                form.extend([("success_url", back.clone()), ("cancel_url", back)]);
                stripe(&job, &sealed)?.post("/v1/checkout/sessions", &id, &form).await
            }
        };
        let tx = job.begin().await?;
        match begun {
            Ok(session) => {
                let text = |name: &str| session[name].as_str().map(str::to_owned);
                tx.query(sql::STARTED, &[&payment, &text("id"), &text("payment_intent"), &text("url")]).await?;
            }
            Err(Unable::Refused(why)) => {
                let said = Said {
                    event: format!("answer:{id}:refused"),
                    kind: "session.refused".to_owned(),
                    effect: Effect::Reject,
                    payment: Some(payment),
                    why: Some(why),
                    ..Said::default()
                };
                said.take(&tx, PaymentProvider::Stripe).await?;
            }
            Err(Unable::Later(error)) => return Err(Failure::Again(error, None)),
        }
        job.finish(tx).await
    })
}

fn reconcile(mut job: Job) -> BoxFuture<'static, Result<Done, Failure>> {
    Box::pin(async move {
        let tx = job.begin().await?;
        tx.query(sql::CHASE, &[&BATCH]).await?;
        let rows = tx.query(sql::TO_ASK, &[&BATCH]).await?;
        let mut asked: Vec<(Uuid, String, Vec<u8>)> = Vec::with_capacity(rows.len());
        for row in &rows {
            asked.push((row.try_get("payment")?, row.try_get("session")?, row.try_get("secret")?));
        }
        job.step(tx).await?;
        for (payment, session, sealed) in asked {
            let path = format!("/v1/checkout/sessions/{}", segment(&session));
            let said = match stripe(&job, &sealed)?.get(&path).await {
                Ok(session) => Said::of_answer(payment, &session),
                Err(Unable::Refused(_)) => None,
                // The next round asks again.
                Err(Unable::Later(error)) => {
                    tracing::warn!(error = error.for_operator(), "a payment could not be asked about");
                    None
                }
            };
            if let Some(said) = said {
                let tx = job.begin().await?;
                said.take(&tx, PaymentProvider::Stripe).await?;
                // What is on its way may come yet.
                if said.effect != Effect::Process {
                    tx.query(sql::CHECKED, &[&payment]).await?;
                }
                job.step(tx).await?;
            }
        }
        let tx = job.begin().await?;
        job.finish(tx).await
    })
}

#[derive(Deserialize)]
struct OfRefund {
    refund: Uuid,
}

fn send_refund(mut job: Job) -> BoxFuture<'static, Result<Done, Failure>> {
    Box::pin(async move {
        let OfRefund { refund } = job.payload()?;
        let tx = job.begin().await?;
        let rows = tx.query(sql::TO_REFUND, &[&refund]).await?;
        let Some(row) = rows.first() else { return job.finish(tx).await };
        let (amount, payment): (i32, Uuid) = (row.try_get("amount")?, row.try_get("payment")?);
        let (session, intent, known): (Option<String>, Option<String>, Option<String>) =
            (row.try_get("session")?, row.try_get("intent")?, row.try_get("known")?);
        let (is_old, sealed): (bool, Option<Vec<u8>>) = (row.try_get("is_old")?, row.try_get("secret")?);
        tx.end_read();
        drop(tx);
        let (id, of) = (Id::<Refund>::from_uuid(refund).to_string(), Id::<Payment>::from_uuid(payment).to_string());
        let answer = match sealed {
            None => Err(Unable::Refused("The school has no key of Stripe.".to_owned())),
            Some(sealed) => {
                let stripe = stripe(&job, &sealed)?;
                give_back(&stripe, &Asked { id: &id, of: &of, amount, session, intent, known, is_old }).await
            }
        };
        let said = match answer {
            Ok(answer) => Said::of_refund(&answer),
            Err(Unable::Refused(why)) => Said { effect: Effect::Refund("FAILED"), why: Some(why), ..Said::default() },
            Err(Unable::Later(error)) => return Err(Failure::Again(error, None)),
        };
        let state = if let Effect::Refund(state) = said.effect { state } else { "PENDING" };
        let said = Said {
            event: format!("answer:{id}:{}", state.to_lowercase()),
            kind: "refund.answered".to_owned(),
            effect: Effect::Refund(state),
            payment: Some(payment),
            refund: Some(refund),
            ..said
        };
        let tx = job.begin().await?;
        said.take(&tx, PaymentProvider::Stripe).await?;
        job.finish(tx).await
    })
}

/// A refund that Stripe is asked for.
struct Asked<'a> {
    id: &'a str,
    of: &'a str,
    amount: i32,
    session: Option<String>,
    intent: Option<String>,
    known: Option<String>,
    is_old: bool,
}

/// Asks for a refund, or what became of it. Stripe forgets keys after a day: one that is older is looked for before.
async fn give_back(stripe: &Stripe, asked: &Asked<'_>) -> Result<Value, Unable> {
    if let Some(known) = &asked.known {
        return stripe.get(&format!("/v1/refunds/{}", segment(known))).await;
    }
    let refused = |why: &str| Unable::Refused(why.to_owned());
    let intent = match (&asked.intent, &asked.session) {
        (Some(intent), _) => intent.clone(),
        (None, Some(session)) => {
            let session = stripe.get(&format!("/v1/checkout/sessions/{}", segment(session))).await?;
            session["payment_intent"].as_str().map(str::to_owned).ok_or_else(|| refused("Stripe knows no payment of this session."))?
        }
        (None, None) => return Err(refused("Stripe was never told of this payment.")),
    };
    if asked.is_old {
        let made = stripe.get(&format!("/v1/refunds?limit=100&payment_intent={}", segment(&intent))).await?;
        let ours = made["data"].as_array().into_iter().flatten().find(|refund| refund["metadata"]["refund"].as_str() == Some(asked.id));
        return ours.cloned().ok_or_else(|| refused("Stripe was not told of it in time."));
    }
    let form = [
        ("payment_intent", intent),
        ("amount", asked.amount.to_string()),
        ("metadata[refund]", asked.id.to_owned()),
        ("metadata[payment]", asked.of.to_owned()),
    ];
    stripe.post("/v1/refunds", asked.id, &form).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_ends_before_the_hold_as_far_as_stripe_takes_that() {
        let now: Timestamp = "2027-03-01T12:00:00Z".parse().unwrap();
        let minutes = |count: i64| now + SignedDuration::from_mins(count);
        assert_eq!(ends(now, Some(minutes(60))), minutes(55));
        // Stripe takes none that is shorter than half an hour.
        assert_eq!(ends(now, Some(minutes(31))), now + SHORTEST);
        assert_eq!(ends(now, Some(minutes(7 * 24 * 60))), now + LONGEST);
        assert_eq!(ends(now, None), now + LONGEST);
    }

    #[test]
    fn what_goes_into_an_address_stays_a_part_of_it() {
        assert_eq!(segment("cs_test_a1"), "cs_test_a1");
        assert_eq!(segment("../refunds?x=1"), "..%2Frefunds%3Fx%3D1");
    }
}
