//! Loading by key, many keys in one statement.
//!
//! The loads of a request run on the request's own task, as soon as the executor can go no further: by then every field that
//! waits for a row has asked for it, and one statement answers all of them. (A spawned task would start at once on another
//! thread and see only the keys that had come so far.)

use std::{
    pin::pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    time::Duration,
};

use super::{catalog::Catalog, registry::Registry};
use crate::db::Tx;
use async_graphql::{dataloader::DataLoader, runtime::Timer};
use futures_util::{
    FutureExt, StreamExt,
    future::{BoxFuture, poll_fn},
    stream::FuturesUnordered,
    task::{AtomicWaker, FutureObj, Spawn, SpawnError},
};

/// The loader of every key: it knows the request's transaction and nothing else.
pub struct Batch {
    /// The request's transaction.
    pub tx: Arc<Tx>,
    registry: &'static Registry,
}

impl Batch {
    pub(super) fn loader(tx: Arc<Tx>, registry: &'static Registry, loads: &Loads) -> DataLoader<Batch> {
        // No cache: a mutation document reads again what an earlier field of it changed.
        DataLoader::new(Batch { tx, registry }, loads.clone(), AtOnce).delay(Duration::ZERO).max_batch_size(usize::MAX)
    }

    /// Every type of the schema.
    pub fn catalog(&self) -> &'static Catalog {
        self.registry.catalog()
    }
}

struct AtOnce;

impl Timer for AtOnce {
    fn delay(&self, _duration: Duration) -> BoxFuture<'static, ()> {
        std::future::ready(()).boxed()
    }
}

/// The loads that wait to be run.
#[derive(Clone, Default)]
pub struct Loads(Arc<Mutex<Vec<FutureObj<'static, ()>>>>);

impl Spawn for Loads {
    fn spawn_obj(&self, load: FutureObj<'static, ()>) -> Result<(), SpawnError> {
        self.0.lock().unwrap_or_else(|broken| broken.into_inner()).push(load);
        Ok(())
    }
}

impl Loads {
    fn take(&self) -> Vec<FutureObj<'static, ()>> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(|broken| broken.into_inner()))
    }

    /// Runs `work`, and the loads that it asks for whenever it can make no progress without them. Large joins yield now and then
    /// although they could go on, and wake themselves: that does not count as no progress.
    pub async fn run<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        let mut running = FuturesUnordered::new();
        let progress = Arc::new(Progress::default());
        let waker = Waker::from(progress.clone());
        poll_fn(|cx| {
            progress.outer.register(cx.waker());
            let mut polls = 0;
            loop {
                while progress.take() {
                    polls += 1;
                    if polls > MAX_POLLS {
                        progress.wake_by_ref(); // others have a right to the thread, too
                        return Poll::Pending;
                    }
                    if let Poll::Ready(output) = work.as_mut().poll(&mut Context::from_waker(&waker)) {
                        return Poll::Ready(output);
                    }
                }
                running.extend(self.take());
                while let Poll::Ready(Some(())) = running.poll_next_unpin(cx) {}
                if !progress.is_possible() {
                    return Poll::Pending;
                }
            }
        })
        .await
    }
}

/// How often the work is polled at most before other tasks get their turn.
const MAX_POLLS: usize = 10_000;

/// Whether the work has been woken since it was last polled.
struct Progress {
    woken: AtomicBool,
    outer: AtomicWaker,
}

impl Default for Progress {
    fn default() -> Self {
        Progress { woken: AtomicBool::new(true), outer: AtomicWaker::new() }
    }
}

impl Progress {
    fn take(&self) -> bool {
        self.woken.swap(false, Ordering::AcqRel)
    }

    fn is_possible(&self) -> bool {
        self.woken.load(Ordering::Acquire)
    }
}

impl Wake for Progress {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.woken.store(true, Ordering::Release);
        self.outer.wake();
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::HashMap, sync::atomic::AtomicUsize};

    use async_graphql::dataloader::Loader;

    use futures_util::future::try_join_all;

    use super::*;

    struct Counting(Arc<AtomicUsize>);

    impl Loader<usize> for Counting {
        type Value = usize;
        type Error = ();

        async fn load(&self, keys: &[usize]) -> Result<HashMap<usize, usize>, ()> {
            self.0.fetch_add(1, Ordering::Relaxed);
            tokio::task::yield_now().await; // as a round trip would
            Ok(keys.iter().map(|key| (*key, *key)).collect())
        }
    }

    /// Lists within lists, each longer than the thirty futures beyond which a join begins to give way.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn the_loads_of_a_level_are_one_batch_however_wide_it_is() {
        for _ in 0..200 {
            let batches = Arc::new(AtomicUsize::new(0));
            let loads = Loads::default();
            let loader = DataLoader::new(Counting(batches.clone()), loads.clone(), AtOnce).delay(Duration::ZERO).max_batch_size(usize::MAX);
            let loader = &loader;
            let work = try_join_all((0..50).map(|parent| async move {
                let parent = loader.load_one(parent).await?.unwrap_or_default();
                try_join_all((0..40).map(|child| async move { loader.load_one(1000 + parent * 100 + child).await })).await
            }));
            let answers: Vec<Vec<Option<usize>>> = loads.run(work).await.unwrap();
            assert_eq!(answers.iter().flatten().flatten().count(), 2000);
            assert_eq!(batches.load(Ordering::Relaxed), 2);
        }
    }
}
