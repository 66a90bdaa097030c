//! The product's schema, as the kernel sees it: something that executes requests. What its types are, it need not know.

use crate::request::{Checker, Executor};

/// One schema three times over.
#[derive(Clone)]
pub struct Schema {
    /// Executes documents, which have been validated before.
    pub executing: Executor,
    /// Validates them, and stops there.
    pub validating: Executor,
    /// Reckons what they cost without validating them, and stops there.
    pub reckoning: Executor,
}

impl Schema {
    /// What validates its documents.
    pub fn checker(&self) -> Checker {
        Checker::new(self.validating.clone(), self.reckoning.clone())
    }
}
