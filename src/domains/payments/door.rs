//! Who stands at a school's webhooks: proven by a signature over the time and the body, as Stripe writes it.

use aws_lc_rs::{constant_time, hmac};
use data_encoding::HEXLOWER_PERMISSIVE;
use jiff::Timestamp;
use lectern_kernel::{
    db::{DbError, Tx},
    error::Result,
    sealing::Sealer,
};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{PaymentProvider, secret::Secret, sql};

/// So many seconds may lie between the time of a signature and ours.
const TOLERANCE: u64 = 300;

/// The school behind an address of webhooks, and the secret that is shared with a provider. None where there is no such school, where its subscription does not run, or
/// where it has no secret.
///
/// # Errors
/// Where the database fails, and where the secret does not open.
pub async fn door(tx: &Tx, sealer: &Sealer, school: &str, provider: PaymentProvider) -> Result<Option<(Uuid, Zeroizing<String>)>> {
    let which = match provider {
        PaymentProvider::Stripe => Secret::StripeWebhook,
        PaymentProvider::Test => Secret::TestWebhook,
        PaymentProvider::Manual => return Ok(None),
    };
    if school.contains('\0') {
        return Ok(None);
    }
    tx.go_to_school_named(school).await?;
    let rows = tx.query(sql::DOOR, &[&school, &provider]).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let (tenant, sealed): (Uuid, Vec<u8>) = (row.try_get(0).map_err(DbError::from)?, row.try_get(1).map_err(DbError::from)?);
    Ok(Some((tenant, which.open(sealer, tenant, &sealed)?)))
}

/// The signature of a body at a time, as a provider writes it: `t=…,v1=…`.
pub fn sign(secret: &str, seconds: i64, body: &[u8]) -> String {
    format!("t={seconds},v1={}", data_encoding::HEXLOWER.encode(tag(secret, &seconds.to_string(), body).as_ref()))
}

fn tag(secret: &str, time: &str, body: &[u8]) -> hmac::Tag {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()));
    for part in [time.as_bytes(), b".", body] {
        context.update(part);
    }
    context.sign()
}

/// Whether a header is the signature of a body, made within five minutes of now. Any of several `v1` may be; how long that takes says nothing of the secret.
pub fn is_signed(secret: &str, header: &str, body: &[u8], now: Timestamp) -> bool {
    let parts = || header.split(',').filter_map(|part| part.trim().split_once('='));
    let Some(time) = parts().find_map(|(name, value)| (name == "t").then_some(value)) else { return false };
    let is_near = time.parse::<i64>().is_ok_and(|seconds| now.as_second().abs_diff(seconds) <= TOLERANCE);
    let expected = tag(secret, time, body);
    let is_one = parts().filter(|(name, _)| *name == "v1").take(10).fold(false, |found, (_, value)| {
        let given = HEXLOWER_PERMISSIVE.decode(value.as_bytes()).unwrap_or_default();
        constant_time::verify_slices_are_equal(&given, expected.as_ref()).is_ok() | found
    });
    is_near && is_one
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_0123456789abcdef";

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    #[test]
    fn a_signature_is_over_the_time_and_the_bytes() {
        let header = sign(SECRET, 1_000_000, b"{}");
        assert!(is_signed(SECRET, &header, b"{}", at(1_000_000)));
        assert!(!is_signed(SECRET, &header, b"{ }", at(1_000_000)));
        assert!(!is_signed("whsec_0123456789abcdeg", &header, b"{}", at(1_000_000)));
        assert!(!is_signed(SECRET, &header.replace("t=1000000", "t=1000001"), b"{}", at(1_000_000)));
    }

    #[test]
    fn it_is_good_for_five_minutes_both_ways() {
        let header = sign(SECRET, 1_000_000, b"{}");
        for (now, is_good) in [(999_700, true), (999_699, false), (1_000_300, true), (1_000_301, false)] {
            assert_eq!(is_signed(SECRET, &header, b"{}", at(now)), is_good, "{now}");
        }
    }

    #[test]
    fn any_of_several_may_match_and_nothing_else_does() {
        let good = sign(SECRET, 1_000_000, b"{}");
        let (_, tag) = good.split_once("v1=").unwrap();
        let now = at(1_000_000);
        assert!(is_signed(SECRET, &format!("t=1000000,v1=00,v1={tag},v0=zz"), b"{}", now));
        assert!(is_signed(SECRET, &format!("v1={}, t=1000000", tag.to_uppercase()), b"{}", now));
        for none in ["", "t=1000000", "t=x,v1=00", &format!("v1={tag}"), &format!("t=1000000,v0={tag}"), "t=1000000,v1="] {
            assert!(!is_signed(SECRET, none, b"{}", now), "{none}");
        }
    }
}
