//! How a worker works.

use std::time::Duration;

use super::JobLane;

/// How a worker works. Tests shorten it.
#[derive(Debug, Clone)]
pub struct JobOptions {
    /// How many jobs run at once, by lane.
    pub slots: [(JobLane, u16); 4],
    /// How long a job is its worker's that is not heard of.
    pub lease: Duration,
    /// How often it is asked whether there is something to do, where nothing in this process says so.
    pub poll: Duration,
    /// How often it is asked what the schedules make due.
    pub tick: Duration,
    /// The wait after the first failure; each further one is four times as long, up to [`JobOptions::LONGEST_WAIT`].
    pub backoff: Duration,
    /// How long jobs may take to finish when the worker is told to stop.
    pub drain: Duration,
}

impl Default for JobOptions {
    fn default() -> Self {
        JobOptions {
            slots: [(JobLane::Default, 4), (JobLane::Mail, 4), (JobLane::Delivery, 16), (JobLane::Bulk, 2)],
            lease: Duration::from_secs(60),
            poll: Duration::from_secs(1),
            tick: Duration::from_secs(10),
            backoff: Duration::from_secs(10),
            drain: Duration::from_secs(20),
        }
    }
}

impl JobOptions {
    /// Longer than this no failed job waits, but for the chance that is added.
    pub const LONGEST_WAIT: Duration = Duration::from_secs(6 * 3600);

    /// How often a lease is renewed.
    pub(super) fn renewal(&self) -> Duration {
        self.lease / 4
    }

    /// How long a job waits that has failed so many times; `chance` is from 0 to 1, and makes it up to a fifth shorter or longer.
    pub(super) fn wait(&self, failures: i32, chance: f64) -> Duration {
        let steps = u32::try_from(failures - 1).unwrap_or(0).min(16);
        let wait = self.backoff.saturating_mul(4u32.saturating_pow(steps)).min(Self::LONGEST_WAIT);
        wait.mul_f64(0.8 + 0.4 * chance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_waits_four_times_as_long_as_the_one_before_and_none_longer_than_six_hours() {
        let seconds: Vec<u64> = (1..=9).map(|failures| JobOptions::default().wait(failures, 0.5).as_secs()).collect();
        assert_eq!(seconds, [10, 40, 160, 640, 2560, 10_240, 21_600, 21_600, 21_600]);
        assert_eq!(JobOptions::default().wait(1, 0.0), Duration::from_secs(8));
        assert_eq!(JobOptions::default().wait(100, 1.0), JobOptions::LONGEST_WAIT.mul_f64(1.2));
    }
}
