use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::time::Instant;

/// How fast one address may come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// So many at once.
    pub burst: u32,
    /// So many a second in the long run.
    pub per_second: u32,
}

impl Default for Rate {
    /// Enough for a whole office behind one address; a client that comes back without end is slowed down.
    fn default() -> Self {
        Self { burst: 2_000, per_second: 50 }
    }
}

/// Addresses that are counted each by itself; beyond these the others share one count.
const MOST: usize = 4_096;

/// A bucket of permits.
#[derive(Clone, Copy)]
struct Bucket {
    /// Thousandths of a permit.
    level: u64,
    seen: Instant,
}

/// Counts who comes how often.
pub(super) struct Gate {
    rate: Rate,
    buckets: HashMap<IpAddr, Bucket>,
    others: Bucket,
    turned_away: Arc<AtomicU64>,
}

impl Gate {
    pub(super) fn new(rate: Rate, turned_away: Arc<AtomicU64>) -> Self {
        let full = Bucket { level: u64::from(rate.burst) * 1_000, seen: Instant::now() };
        Self { rate, buckets: HashMap::new(), others: full, turned_away }
    }

    /// Whether an address may come in at this time. An IPv6 network of 64 bits is one address: its owner has them all.
    pub(super) fn lets_in(&mut self, address: IpAddr, now: Instant) -> bool {
        let rate = self.rate;
        let full = Bucket { level: u64::from(rate.burst) * 1_000, seen: now };
        let address = network(address);
        if self.buckets.len() >= MOST && !self.buckets.contains_key(&address) {
            // Who has not come for long enough has all permits again, and need not be remembered.
            self.buckets.retain(|_, bucket| filled(*bucket, rate, now).level < full.level);
        }
        let bucket = if self.buckets.len() < MOST || self.buckets.contains_key(&address) {
            self.buckets.entry(address).or_insert(full)
        } else {
            &mut self.others
        };
        *bucket = filled(*bucket, rate, now);
        let may = bucket.level >= 1_000;
        if may {
            bucket.level -= 1_000;
        } else {
            self.turned_away.fetch_add(1, Ordering::Relaxed);
        }
        may
    }
}

/// A thousandth of a permit comes each millisecond for each permit a second.
fn filled(bucket: Bucket, rate: Rate, now: Instant) -> Bucket {
    let milliseconds = u64::try_from(now.duration_since(bucket.seen).as_millis()).unwrap_or(u64::MAX);
    let gained = milliseconds.saturating_mul(u64::from(rate.per_second));
    if gained == 0 {
        // The part of a millisecond is not lost.
        return bucket;
    }
    let level = bucket.level.saturating_add(gained).min(u64::from(rate.burst) * 1_000);
    Bucket { level, seen: now }
}

fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(six) => match six.to_ipv4_mapped() {
            Some(four) => IpAddr::V4(four),
            None => IpAddr::V6((u128::from(six) & !u128::from(u64::MAX)).into()),
        },
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn an_address_that_comes_too_often_is_turned_away_for_a_while() {
        let turned_away = Arc::new(AtomicU64::new(0));
        let mut gate = Gate::new(Rate { burst: 3, per_second: 2 }, Arc::clone(&turned_away));
        let (one, other): (IpAddr, IpAddr) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        let now = Instant::now();
        let came: Vec<bool> = (0..5).map(|_| gate.lets_in(one, now)).collect();
        assert_eq!(came, [true, true, true, false, false]);
        assert!(gate.lets_in(other, now));
        let later = now + Duration::from_millis(500);
        assert!(gate.lets_in(one, later) && !gate.lets_in(one, later));
        assert_eq!(turned_away.load(Ordering::Relaxed), 3);
    }

    #[test]
    fn many_addresses_take_bounded_memory() {
        let mut gate = Gate::new(Rate { burst: 1, per_second: 1 }, Arc::default());
        let now = Instant::now();
        for number in 0..20_000_u32 {
            gate.lets_in(IpAddr::V4(number.into()), now);
        }
        assert!(gate.buckets.len() <= MOST);
        let mut hosts = |now| ["2001:db8::1", "2001:db8::2"].map(|text| gate.lets_in(text.parse().unwrap(), now));
        assert_eq!(hosts(now), [false, false], "beyond the table all share one count");
        let hosts = hosts(now + Duration::from_secs(2));
        assert_eq!(hosts, [true, false], "one network of 64 bits is one address");
    }
}
