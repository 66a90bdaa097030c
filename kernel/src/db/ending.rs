//! How a read ends: its COMMIT goes along with its last statement, where it is known which one that is. That saves the
//! database a message to wake up for, and the service an answer to read.

use std::{
    num::NonZeroU32,
    sync::{Mutex, MutexGuard},
};

use super::DbError;

/// What is known of the end of a transaction.
#[derive(Default)]
pub(super) struct Ending(Mutex<Left>);

#[derive(Default)]
enum Left {
    /// The number of statements is not known: it ends when it is told to.
    #[default]
    Unknown,
    /// So many are still to come.
    Statements(NonZeroU32),
    /// The last one has taken the COMMIT along.
    Nothing,
}

impl Ending {
    /// Sets how many statements are still to come; 0 where that is not known.
    pub(super) fn expect(&self, statements: u32) {
        *self.left() = NonZeroU32::new(statements).map_or(Left::Unknown, Left::Statements);
    }

    /// Counts a statement that is about to be sent, and answers whether it is the last.
    ///
    /// # Errors
    /// When the last has been sent before.
    pub(super) fn is_last(&self) -> Result<bool, DbError> {
        let mut left = self.left();
        match *left {
            Left::Unknown => Ok(false),
            Left::Nothing => Err(DbError::misprediction()),
            Left::Statements(statements) => {
                *left = NonZeroU32::new(statements.get() - 1).map_or(Left::Nothing, Left::Statements);
                Ok(matches!(*left, Left::Nothing))
            }
        }
    }

    /// Whether the COMMIT was sent along.
    pub(super) fn is_sent(&self) -> bool {
        matches!(*self.left(), Left::Nothing)
    }

    fn left(&self) -> MutexGuard<'_, Left> {
        self.0.lock().unwrap_or_else(|broken| broken.into_inner())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_statement_is_the_one_that_was_expected_to_be_it() {
        let ending = Ending::default();
        assert!(!ending.is_last().unwrap() && !ending.is_sent());
        ending.expect(2);
        assert!(!ending.is_last().unwrap() && !ending.is_sent());
        assert!(ending.is_last().unwrap() && ending.is_sent());
        assert!(ending.is_last().unwrap_err().is_misprediction());
        ending.expect(0);
        assert!(!ending.is_last().unwrap() && !ending.is_last().unwrap());
    }
}
