//! How a school is paid.

use async_graphql::{Context, InputObject, MaybeUndefined};
use lectern_kernel::{
    db::{ColumnReader, OnConstraint as _},
    error::{Error, Result},
    resolve::{Ctx, text},
    sealing::Sealed,
};
use lectern_macros::object;
use tokio_postgres::types::ToSql;
use url::{Host, Url};

use super::{
    PaymentProvider,
    secret::Secret,
    sql,
    taking::{not_configured, require_provider},
};
use crate::domains::identity::each_once;

/// How a school is paid, and what stands on its invoices. Secrets are never answered.
#[object]
#[derive(Debug, Clone)]
pub struct PaymentSettings {
    /// By whom it takes money.
    pub providers: Vec<PaymentProvider>,
    /// What is shown with every transfer that is waited for; null for nothing.
    pub transfer_instructions: Option<String>,
    /// Whether a key of Stripe is set.
    pub has_stripe_secret_key: bool,
    /// Whether the secret of Stripe's webhooks is.
    pub has_stripe_webhook_secret: bool,
    /// Whether the secret of the test provider's webhooks is.
    pub has_test_webhook_secret: bool,
    /// Where Stripe is to send its webhooks: a path on this service.
    pub stripe_webhook_path: String,
    /// Where the test provider's webhooks are taken: a path on this service.
    pub test_webhook_path: String,
    /// The origins of the pages that a provider may send a buyer back to.
    pub return_origins: Vec<String>,
    /// Who sells, as it stands on invoices; null for the school's own name.
    pub seller_name: Option<String>,
    /// The address beside it.
    pub seller_address: Option<String>,
    /// The number by which the tax office knows the seller.
    pub seller_tax_id: Option<String>,
    /// What stands before the numbers of invoices and credit notes.
    pub invoice_prefix: String,
}

/// A change of how the school is paid. What is left out stays as it is; an explicit null clears.
#[derive(InputObject)]
pub struct UpdatePaymentSettingsInput {
    /// By whom it takes money, each once; not null. STRIPE needs its key and the secret of its webhooks, TEST the secret of its own.
    pub providers: MaybeUndefined<Vec<PaymentProvider>>,
    /// What is shown with every transfer that is waited for; at most 2,000 characters; null for nothing.
    pub transfer_instructions: MaybeUndefined<String>,
    /// The secret key of Stripe; 16 to 500 characters; null clears. Never answered.
    pub stripe_secret_key: MaybeUndefined<String>,
    /// The secret of Stripe's webhooks; 16 to 500 characters; null clears. Never answered.
    pub stripe_webhook_secret: MaybeUndefined<String>,
    /// The secret of the test provider's webhooks; 16 to 500 characters; null clears. Never answered.
    pub test_webhook_secret: MaybeUndefined<String>,
    /// The origins of the pages that a provider may send a buyer back to, as `https://school.example`; `http` on the same machine alone; at most 20; not null.
    pub return_origins: MaybeUndefined<Vec<String>>,
    /// Who sells; 1 to 200 characters; null for the school's own name.
    pub seller_name: MaybeUndefined<String>,
    /// The address beside it; at most 1,000 characters; null for none.
    pub seller_address: MaybeUndefined<String>,
    /// The number by which the tax office knows the seller; 1 to 100 characters; null for none.
    pub seller_tax_id: MaybeUndefined<String>,
    /// What stands before the numbers of invoices; at most 20 of letters, digits and `-/_.`; null for nothing. Invoices that were issued keep theirs.
    pub invoice_prefix: MaybeUndefined<String>,
}

/// The settings as they are.
///
/// # Errors
/// When the database can't be asked.
pub async fn settings(ctx: &Context<'_>) -> Result<PaymentSettings> {
    let rows = ctx.tx().query(sql::SETTINGS, &[]).await?;
    let row = rows.first().ok_or_else(|| Error::not_found("school"))?;
    let mut reader = ColumnReader::new(row);
    let school: String = reader.next()?;
    Ok(PaymentSettings {
        providers: reader.next()?,
        transfer_instructions: reader.next()?,
        has_stripe_secret_key: reader.next()?,
        has_stripe_webhook_secret: reader.next()?,
        has_test_webhook_secret: reader.next()?,
        stripe_webhook_path: format!("/webhooks/payments/{school}/stripe"),
        test_webhook_path: format!("/webhooks/payments/{school}/test"),
        return_origins: reader.next()?,
        seller_name: reader.next()?,
        seller_address: reader.next()?,
        seller_tax_id: reader.next()?,
        invoice_prefix: reader.next()?,
    })
}

/// Whether a value is changed, and to what.
type Change<T> = (bool, Option<T>);

fn cleared<T, U>(value: MaybeUndefined<T>, check: impl FnOnce(T) -> Result<Option<U>>) -> Result<Change<U>> {
    match value {
        MaybeUndefined::Undefined => Ok((false, None)),
        MaybeUndefined::Null => Ok((true, None)),
        MaybeUndefined::Value(value) => Ok((true, check(value)?)),
    }
}

fn kept<T, U>(field: &str, value: MaybeUndefined<T>, check: impl FnOnce(T) -> Result<U>) -> Result<Change<U>> {
    match value {
        MaybeUndefined::Null => Err(Error::not_null(field)),
        value => cleared(value, |value| check(value).map(Some)),
    }
}

/// An origin that nobody on the way can read: by `https`, or on the same machine.
fn origin(field: &str, given: &str) -> Result<String> {
    let expected = || {
        Error::bad_input(field, "must be an origin such as https://school.example; http on the same machine alone")
            .reason("URL_NOT_ALLOWED")
    };
    let url = Url::parse(given.trim()).map_err(|_| expected())?;
    let is_near = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => return Err(expected()),
    };
    let is_kept = url.scheme() == "https" || url.scheme() == "http" && is_near;
    let is_plain = matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    if is_kept && is_plain && url.password().is_none() { Ok(url.origin().ascii_serialization()) } else { Err(expected()) }
}

fn origins(given: &[String]) -> Result<Vec<String>> {
    const MOST: usize = 20;
    if given.len() > MOST {
        return Err(Error::bad_input("returnOrigins", format!("must hold at most {MOST} origins")));
    }
    let read: Vec<String> = given.iter().enumerate().map(|(at, one)| origin(&format!("returnOrigins.{at}"), one)).collect::<Result<_>>()?;
    each_once("returnOrigins", &read)?;
    Ok(read)
}

fn prefix(given: &str) -> Result<String> {
    const MOST: usize = 20;
    let given = given.trim();
    let is_one = given.len() <= MOST && given.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-/_.".contains(&byte));
    if is_one { Ok(given.to_owned()) } else { Err(Error::bad_input("invoicePrefix", "must be at most 20 of letters, digits, and - / _ .")) }
}

/// Writes a change.
///
/// # Errors
/// `BAD_USER_INPUT`: with PROVIDER_NOT_CONFIGURED where a provider is switched on whose secrets are not set, or that the operator does not allow.
pub async fn change(ctx: &Context<'_>, input: UpdatePaymentSettingsInput) -> Result<()> {
    let lacking = || Error::bad_input("providers", "can't hold a provider whose secrets are not set").reason("PROVIDER_NOT_CONFIGURED");
    let providers = kept("providers", input.providers, |mut providers: Vec<PaymentProvider>| {
        for provider in &providers {
            require_provider(ctx, *provider).map_err(|_| lacking())?;
        }
        providers.sort_by_key(|provider| provider.as_str());
        providers.dedup();
        Ok(providers)
    })?;
    let instructions = cleared(input.transfer_instructions, |words| text::longer("transferInstructions", &words, 2000))?;
    let origins = kept("returnOrigins", input.return_origins, |given| origins(&given))?;
    let seller = cleared(input.seller_name, |name| text::name("sellerName", &name).map(Some))?;
    let address = cleared(input.seller_address, |words| text::longer("sellerAddress", &words, 1000))?;
    let tax_id = cleared(input.seller_tax_id, |id| text::short("sellerTaxId", &id, 100).map(Some))?;
    let (sets_prefix, prefix) = cleared(input.invoice_prefix, |given| prefix(&given).map(Some))?;
    let prefix = sets_prefix.then(|| prefix.unwrap_or_default());
    let (sealer, tenant) = (&ctx.request().services.sealer, ctx.tx().identity().tenant);
    let secret = |which: Secret, field: &str, given: MaybeUndefined<String>| -> Result<Change<Sealed>> {
        cleared(given, |given| which.take(sealer, tenant, field, &given).map(Some))
    };
    let secrets = [
        (sql::SET_STRIPE_KEY, secret(Secret::StripeKey, "stripeSecretKey", input.stripe_secret_key)?),
        (sql::SET_STRIPE_WEBHOOK, secret(Secret::StripeWebhook, "stripeWebhookSecret", input.stripe_webhook_secret)?),
        (sql::SET_TEST_WEBHOOK, secret(Secret::TestWebhook, "testWebhookSecret", input.test_webhook_secret)?),
    ];
    ctx.tx().query(sql::ADD_SETTINGS, &[]).await?;
    // A provider that is switched on needs its secrets, and one that is switched off none: what is set comes before, what is cleared after.
    let lacks = |done: std::result::Result<Vec<tokio_postgres::Row>, lectern_kernel::db::DbError>| -> Result<()> {
        done.on_constraint("payment_settings_stripe_check", |_| lacking()).on_constraint("payment_settings_test_check", |_| lacking())?;
        Ok(())
    };
    for (statement, (_, value)) in secrets.iter().filter(|(_, (is_set, value))| *is_set && value.is_some()) {
        lacks(ctx.tx().query(statement, &[value]).await)?;
    }
    let params: [&(dyn ToSql + Sync); 14] = [
        &providers.0,
        &providers.1,
        &instructions.0,
        &instructions.1,
        &origins.0,
        &origins.1,
        &seller.0,
        &seller.1,
        &address.0,
        &address.1,
        &tax_id.0,
        &tax_id.1,
        &sets_prefix,
        &prefix,
    ];
    lacks(ctx.tx().query(sql::SET_SETTINGS, &params).await)?;
    for (statement, (_, value)) in secrets.iter().filter(|(_, (is_set, value))| *is_set && value.is_none()) {
        lacks(ctx.tx().query(statement, &[value]).await)?;
    }
    Ok(())
}

/// Whether the school takes money by a provider, and this service does.
///
/// # Errors
/// `CONFLICT` with PROVIDER_NOT_CONFIGURED.
pub async fn require_ready(ctx: &Context<'_>, provider: PaymentProvider) -> Result<()> {
    require_provider(ctx, provider)?;
    let ready: Option<Vec<PaymentProvider>> = ctx.tx().value(sql::READY, &[]).await?;
    if ready.unwrap_or_default().contains(&provider) { Ok(()) } else { Err(not_configured()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_one_that_nobody_on_the_way_can_read() {
        for (given, kept) in [
            ("https://school.example", "https://school.example"),
            ("https://School.example/", "https://school.example"),
            ("https://school.example:8443", "https://school.example:8443"),
            ("http://localhost:3000", "http://localhost:3000"),
            ("http://127.0.0.1:5173/", "http://127.0.0.1:5173"),
        ] {
            assert_eq!(origin("x", given).unwrap(), kept);
        }
        for none in [
            "",
            "school.example",
            "http://school.example",
            "https://school.example/shop",
            "https://a@school.example",
            "ftp://x.example",
            "https://x.example/?a",
        ] {
            assert!(origin("x", none).is_err(), "{none}");
        }
    }

    #[test]
    fn a_prefix_is_short_and_plain() {
        assert_eq!(prefix(" INV-2027/ ").unwrap(), "INV-2027/");
        for none in ["INV 1", "ÄÖ", "123456789012345678901"] {
            assert!(prefix(none).is_err(), "{none}");
        }
    }
}
