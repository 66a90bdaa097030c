//! What a document has spent of its person's budgets while it ran. It may run more than once, having lost a race: it pays once.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard},
};

use super::Budget;
use crate::error::Result;

/// What one document has paid, over all its runs.
#[derive(Debug, Default)]
pub(crate) struct Paid(Mutex<HashMap<&'static str, Times>>);

/// How often a budget was spent.
#[derive(Debug, Default, Clone, Copy)]
struct Times {
    /// Over all runs, what was given back left out.
    paid: u64,
    /// In this run.
    asked: u64,
}

impl Paid {
    fn times(&self) -> MutexGuard<'_, HashMap<&'static str, Times>> {
        self.0.lock().unwrap_or_else(|broken| broken.into_inner())
    }

    /// The document runs from its beginning: what it has paid already, it need not pay again.
    pub(crate) fn begin_run(&self) {
        self.times().values_mut().for_each(|times| times.asked = 0);
    }

    /// Spends once of a budget: by `pay`, unless an earlier run has paid for it.
    ///
    /// # Errors
    /// What `pay` refuses.
    pub(crate) fn spend(&self, budget: &Budget, pay: impl FnOnce() -> Result<()>) -> Result<()> {
        let mut times = self.times();
        let times = times.entry(budget.name).or_default();
        if times.asked >= times.paid {
            pay()?;
            times.paid += 1;
        }
        times.asked += 1;
        Ok(())
    }

    /// What was spent in this run is given back.
    pub(crate) fn give_back(&self, budget: &Budget) {
        if let Some(times) = self.times().get_mut(budget.name) {
            (times.paid, times.asked) = (times.paid.saturating_sub(1), times.asked.saturating_sub(1));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::error::Error;

    static TALKS: Budget = Budget { name: "talks", a_minute: 2, refusal: "You talk too often.", is_of_address: false };

    #[test]
    fn a_document_pays_once_for_each_time_however_often_it_runs() {
        let (paid, taken) = (Paid::default(), Cell::new(0));
        let spend = || {
            paid.spend(&TALKS, || {
                if taken.get() == 2 {
                    return Err(Error::rate_limited(TALKS.refusal, 1));
                }
                taken.set(taken.get() + 1);
                Ok(())
            })
        };
        paid.begin_run();
        assert!(spend().is_ok());
        for _ in 0..3 {
            paid.begin_run();
            assert!(spend().is_ok() && spend().is_ok());
            assert_eq!(taken.get(), 2, "twice in one run is twice");
            assert!(spend().is_err());
        }
        paid.give_back(&TALKS);
        taken.set(1);
        assert!(spend().is_ok());
        assert_eq!(taken.get(), 2, "what was given back is paid anew");
    }
}
