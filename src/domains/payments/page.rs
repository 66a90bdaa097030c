//! The page of the test provider: it moves no money, and says so.

use lectern_kernel::{
    db::{ColumnReader, DbError, Tx},
    ids::Id,
};
use uuid::Uuid;

use super::{
    Payment,
    payment::PaymentStatus,
    said::{Effect, Said},
    sql,
};

/// A payment as the page shows it.
#[derive(Debug, Clone)]
pub struct TestPayment {
    /// The payment.
    pub id: Id<Payment>,
    status: PaymentStatus,
    amount: i32,
    currency: String,
    reference: String,
    school: String,
    return_url: Option<String>,
}

/// What a person does on the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Press {
    /// Pays.
    Approve,
    /// Is refused.
    Reject,
    /// Lets it lapse.
    Expire,
}

impl Press {
    /// Of a form's field.
    pub fn of(word: &str) -> Option<Press> {
        match word {
            "approved" => Some(Press::Approve),
            "rejected" => Some(Press::Reject),
            "expired" => Some(Press::Expire),
            _ => None,
        }
    }
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            letter => out.push(letter),
        }
    }
    out
}

impl TestPayment {
    /// The payment of an id as it stands in an address, in a transaction of its school.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn find(tx: &Tx, named: &str) -> Result<Option<TestPayment>, DbError> {
        let Ok(id) = Id::<Payment>::parse("payment", &named.into()) else { return Ok(None) };
        let rows = tx.query(sql::TEST_PAYMENT, &[&id]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let mut reader = ColumnReader::new(row);
        let (status, amount, currency) = (reader.next()?, reader.next()?, reader.next()?);
        let (reference, school, return_url) = (reader.next()?, reader.next()?, reader.next()?);
        Ok(Some(TestPayment { id, status, amount, currency, reference, school, return_url }))
    }

    /// What the provider would say of it.
    pub fn pressed(&self, press: Press) -> Said {
        let (effect, kind, why) = match press {
            Press::Approve => (Effect::Approve, "payment.approved", None),
            Press::Reject => (Effect::Reject, "payment.rejected", Some("The test provider has refused it.".to_owned())),
            Press::Expire => (Effect::Expire, "payment.expired", None),
        };
        Said {
            event: format!("page:{}", Uuid::now_v7()),
            kind: kind.to_owned(),
            effect,
            payment: Some(self.id.0),
            amount: Some(self.amount.into()),
            currency: Some(self.currency.clone()),
            why,
            ..Said::default()
        }
    }

    /// The page. While the payment is PENDING it asks what becomes of it.
    pub fn html(&self) -> String {
        let what = format!("{} {} (minor units)", self.amount, escaped(&self.currency));
        let middle = if self.status == PaymentStatus::Pending {
            let button = |word: &str, text: &str| format!("<button name=\"outcome\" value=\"{word}\">{text}</button> ");
            format!(
                "<form method=\"post\">{}{}{}</form>",
                button("approved", "Pay"),
                button("rejected", "Refuse"),
                button("expired", "Let it expire")
            )
        } else {
            format!("<p>This payment is {}.</p>", self.status.as_str())
        };
        let back = self.return_url.as_deref().map(|url| format!("<p><a href=\"{}\">Back</a></p>", escaped(url))).unwrap_or_default();
        format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
             <title>Test payment</title><style>body{{font:16px sans-serif;max-width:32em;margin:3em auto;padding:0 1em}}\
             strong{{color:#b42318}}button{{font:inherit;padding:.5em 1em}}</style></head><body><h1>Test payment</h1>\
             <p><strong>No money moves here.</strong> This page stands in for a provider.</p>\
             <p>{} asks for {what}. Reference: {}.</p>{middle}{back}</body></html>",
            escaped(&self.school),
            escaped(&self.reference)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_says_that_no_money_moves_and_holds_no_markup_of_others() {
        let mut shown = TestPayment {
            id: Id::from_uuid(Uuid::max()),
            status: PaymentStatus::Pending,
            amount: 12_000,
            currency: "EUR".to_owned(),
            reference: "K7QFM2XW".to_owned(),
            school: "<script>Oak</script>".to_owned(),
            return_url: Some("https://school.example/?a=1&b=\"".to_owned()),
        };
        let page = shown.html();
        assert!(page.contains("No money moves here") && page.contains("value=\"approved\"") && !page.contains("<script>"), "{page}");
        assert!(page.contains("https://school.example/?a=1&amp;b=&quot;"));
        shown.status = PaymentStatus::Approved;
        assert!(!shown.html().contains("<form") && shown.html().contains("APPROVED"));
    }
}
