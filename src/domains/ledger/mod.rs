//! The books of what is sold, and the invoices. Tables: `ledger_entry`, `ledger_posting`, `line_reversal`, `invoice`, `invoice_counter`.
//!
//! Permissions: ORDER_READ_ALL (the ledger; all invoices), PAYMENT_MANAGE (all invoices). One sees the invoices of one's own orders without any.
//! Invariants, kept by the database: the postings of an entry sum to 0, and neither is ever changed or removed; invoices and credit notes are numbered without gaps; what
//! stands on them was so when they were issued. Both are written by functions, in the transaction of what they are about (`sql/functions/ledger.sql`).

mod drawn;
mod entry;
mod fields;
mod invoice;
mod jobs;
mod lists;
mod queries;
mod sql;

use lectern_kernel::resolve::registry::Domain;

pub use self::{
    entry::{LedgerAccount, LedgerEntry},
    invoice::Invoice,
};

/// What it is made of.
pub const DOMAIN: Domain = Domain {
    objects: &[LedgerEntry::object, entry::LedgerPosting::object, Invoice::object],
    operations: &[queries::LedgerQueries::OPERATIONS],
    extensions: &[&fields::OrderInvoices::EXTENSION],
    jobs: &[jobs::RENDER],
    ..Domain::new("ledger")
};
