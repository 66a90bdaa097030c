//! How many documents run at once. One that is not admitted at once waits in a short line; where the line is full, or the wait
//! too long, it is refused with `retryAfter`. So a flood is answered soon and costs no memory.
//!
//! Documents that check or make a password, and those that wait for the store, have lanes of their own, narrower than the pool: they
//! hold their connection while something else works, and a flood of them must not hold all of it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use metrics::{counter, gauge, histogram};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{
    error::{Error, Result},
    request::Document,
    seen::{counted, meters},
};

/// How wide the lanes are.
#[derive(Debug, Clone)]
pub struct AdmissionOptions {
    /// Documents at once, without those of the other lane.
    pub documents: usize,
    /// How long another one waits to be admitted.
    pub document_wait: Duration,
    /// Documents with passwords at once; below the pool's size.
    pub passwords: usize,
    /// How long another one waits to be admitted. A whole school signs in at eight o'clock.
    pub password_wait: Duration,
    /// Documents that wait for the store at once; below the pool's size.
    pub stores: usize,
    /// How long another one waits to be admitted.
    pub store_wait: Duration,
}

impl AdmissionOptions {
    /// What suits a pool of this size.
    pub fn for_pool(size: usize) -> Self {
        AdmissionOptions {
            documents: size.saturating_mul(8).max(16),
            document_wait: Duration::from_secs(2),
            passwords: (size / 4).max(1),
            password_wait: Duration::from_secs(5),
            stores: (size / 4).max(1),
            store_wait: Duration::from_secs(10),
        }
    }
}

/// The lanes.
pub(super) struct Admission {
    documents: Lane,
    passwords: Lane,
    stores: Lane,
}

impl Admission {
    pub(super) fn new(options: &AdmissionOptions) -> Self {
        Admission {
            documents: Lane::new("documents", options.documents, options.documents.saturating_mul(4), options.document_wait),
            passwords: Lane::new("passwords", options.passwords, options.passwords.saturating_mul(32), options.password_wait),
            stores: Lane::new("stores", options.stores, options.stores.saturating_mul(32), options.store_wait),
        }
    }

    /// Waits until a document is admitted; it is, for as long as the permit lives.
    ///
    /// # Errors
    /// `UNAVAILABLE` with `retryAfter`.
    pub(super) async fn admit(&self, document: &Document) -> Result<OwnedSemaphorePermit> {
        let lane = match (document.hashes_password(), document.reaches_store()) {
            (true, _) => &self.passwords,
            (_, true) => &self.stores,
            _ => &self.documents,
        };
        lane.take().await
    }

    /// Shows how full the lanes are.
    pub(super) fn show(&self) {
        for lane in [&self.documents, &self.passwords, &self.stores] {
            let running = lane.width.saturating_sub(lane.permits.available_permits());
            let waiting = lane.line.saturating_sub(lane.places.available_permits());
            // A series that begins with its first one is no increase to Prometheus.
            counter!("lectern_admission_refused_total", "lane" => lane.name).increment(0);
            gauge!("lectern_admission_limit", "lane" => lane.name).set(lane.width as f64);
            gauge!("lectern_admission_running", "lane" => lane.name).set(running as f64);
            gauge!("lectern_admission_waiting", "lane" => lane.name).set(waiting as f64);
        }
    }
}

struct Lane {
    name: &'static str,
    /// Permits in all, and places in all.
    width: usize,
    line: usize,
    permits: Arc<Semaphore>,
    /// Places in the line.
    places: Semaphore,
    wait: Duration,
}

impl Lane {
    fn new(name: &'static str, permits: usize, places: usize, wait: Duration) -> Self {
        let most = |count: usize| count.clamp(1, Semaphore::MAX_PERMITS);
        let (width, line) = (most(permits), most(places));
        Lane { name, width, line, permits: Arc::new(Semaphore::new(width)), places: Semaphore::new(line), wait }
    }

    async fn take(&self) -> Result<OwnedSemaphorePermit> {
        if let Ok(permit) = self.permits.clone().try_acquire_owned() {
            return Ok(permit);
        }
        let busy = || {
            counted("lectern_admission_refused_total", "lane", self.name);
            Error::overloaded(self.wait.as_secs().max(1))
        };
        let _place = self.places.try_acquire().map_err(|_full| busy())?;
        let began = Instant::now();
        let admitted = tokio::time::timeout(self.wait, self.permits.clone().acquire_owned()).await;
        if meters().is_some() {
            histogram!("lectern_admission_wait_seconds", "lane" => self.name).record(began.elapsed().as_secs_f64());
        }
        match admitted {
            Ok(Ok(permit)) => Ok(permit),
            _ => Err(busy()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;

    const PATIENCE: Duration = Duration::from_secs(2);

    #[tokio::test]
    async fn the_line_is_short_and_nobody_stands_in_it_for_long() {
        let lane = Arc::new(Lane::new("documents", 1, 2, PATIENCE));
        let first = lane.take().await.unwrap();
        let waiting: Vec<_> = (0..2)
            .map(|_| {
                let lane = lane.clone();
                tokio::spawn(async move { lane.take().await })
            })
            .collect();
        // They have taken their places in the line, of which there are two.
        while lane.places.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        let began = Instant::now();
        assert_eq!(lane.take().await.unwrap_err().code(), Code::Unavailable);
        drop(first);
        let [second, third] = <[_; 2]>::try_from(waiting).unwrap();
        let second = second.await.unwrap().unwrap();
        assert_eq!(third.await.unwrap().unwrap_err().code(), Code::Unavailable);
        assert!(began.elapsed() >= PATIENCE / 2, "not before its patience is over");
        drop(second);
        assert!(lane.take().await.is_ok());
    }

    #[test]
    fn passwords_and_the_store_leave_connections_to_the_others() {
        for size in 3..100 {
            let AdmissionOptions { passwords, stores, .. } = AdmissionOptions::for_pool(size);
            assert!(passwords + stores < size, "{size}");
        }
    }
}
