//! Latencies, to one part in sixty-four, in a few kilobytes.

use std::time::Duration;

/// Each power of two of microseconds/16 is cut into so many equal parts.
const PARTS: u64 = 64;

pub struct Histogram {
    buckets: Vec<u64>,
    count: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Histogram { buckets: vec![0; 64 * PARTS as usize], count: 0 }
    }
}

fn bucket(ticks: u64) -> usize {
    if ticks < PARTS {
        return ticks as usize;
    }
    let shift = ticks.ilog2() - PARTS.ilog2();
    (PARTS * (u64::from(shift) + 1) + (ticks >> shift) - PARTS) as usize
}

fn middle(bucket: usize) -> f64 {
    let bucket = bucket as u64;
    if bucket < PARTS {
        return bucket as f64;
    }
    let shift = bucket / PARTS - 1;
    ((PARTS + bucket % PARTS) << shift) as f64 + (1u64 << shift) as f64 / 2.0
}

impl Histogram {
    pub fn record(&mut self, latency: Duration) {
        self.buckets[bucket(latency.as_nanos() as u64 / 62)] += 1;
        self.count += 1;
    }

    pub fn count(&self) -> u64 {
        self.count
    }

    pub fn quantile(&self, share: f64) -> Duration {
        let wanted = (self.count as f64 * share).ceil() as u64;
        let mut passed = 0;
        for (bucket, count) in self.buckets.iter().enumerate() {
            passed += count;
            if passed >= wanted && passed > 0 {
                return Duration::from_nanos((middle(bucket) * 62.0) as u64);
            }
        }
        Duration::ZERO
    }
}
