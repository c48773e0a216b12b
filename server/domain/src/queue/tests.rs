//! A site of pretended organizations whose phases end in any order.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

#[derive(Debug, Clone)]
struct Waiting {
    id: usize,
    priority: Priority,
    queued_at: i64,
    entered: i64,
    /// How often others were served while it was the first of an organization that had room.
    overtaken: i64,
}

#[derive(Debug, Clone)]
struct Tenant {
    id: OrganizationId,
    standing: Standing,
    waiting: Vec<Waiting>,
}

#[derive(Debug, Default)]
struct Site {
    tenants: Vec<Tenant>,
    /// Which tenant each phase that executes belongs to.
    running: Vec<usize>,
    slots: usize,
    now: i64,
    clock: i64,
    offered: usize,
    served: Vec<(usize, Waiting)>,
}

impl Site {
    fn new(slots: usize, weights_and_limits: &[(i64, i64)]) -> Self {
        let tenant = |(n, (weight, limit)): (usize, &(i64, i64))| Tenant {
            id: OrganizationId::new(&[u8::try_from(n).unwrap(); 32]),
            standing: Standing { weight: *weight, limit: *limit, running: 0, served: 0 },
            waiting: Vec::new(),
        };
        Self { tenants: weights_and_limits.iter().enumerate().map(tenant).collect(), slots, ..Self::default() }
    }

    fn offer(&mut self, tenant: usize, priority: Priority) {
        self.clock += 1;
        self.offered += 1;
        let waiting = Waiting { id: self.offered, priority, queued_at: self.clock, entered: self.now, overtaken: 0 };
        self.tenants[tenant].waiting.push(waiting);
    }

    /// What the store would hand over: the oldest of each priority.
    fn candidates(&self) -> Vec<Candidate> {
        let mut candidates = Vec::new();
        for tenant in &self.tenants {
            for priority in Priority::ALL {
                let of = tenant.waiting.iter().filter(|waiting| waiting.priority == priority);
                candidates.extend(of.min_by_key(|waiting| waiting.queued_at).map(|head| Candidate {
                    phase: format!("plan-{:06}", head.id),
                    organization: tenant.id.clone(),
                    standing: tenant.standing,
                    priority,
                    queued_at: head.queued_at,
                    entered: head.entered,
                }));
            }
        }
        candidates
    }

    fn fill(&mut self) {
        while self.running.len() < self.slots {
            let candidates = self.candidates();
            let Some(turn) = next(&candidates, self.now) else {
                assert!(candidates.iter().all(|c| !c.standing.has_room()), "a slot stays empty only for want of room");
                return;
            };
            let at = self.tenants.iter().position(|t| t.id == turn.candidate.organization).unwrap();
            let id: usize = turn.candidate.phase.trim_start_matches("plan-").parse().unwrap();
            self.check_overtaken(at);
            let tenant = &mut self.tenants[at];
            let place = tenant.waiting.iter().position(|waiting| waiting.id == id).unwrap();
            let taken = tenant.waiting.remove(place);
            for other in &tenant.waiting {
                let earlier = (other.priority, other.queued_at) < (taken.priority, taken.queued_at);
                assert!(!earlier, "inside an organization: by urgency, then by age");
            }
            tenant.standing.running += 1;
            tenant.standing.served = turn.served;
            assert!(tenant.standing.running <= tenant.standing.limit, "no more than it may");
            assert!(turn.now >= self.now, "the virtual time never goes back");
            self.now = turn.now;
            self.running.push(at);
            self.served.push((at, taken));
        }
    }

    /// Counts whom the one that is served overtakes, and knows how often that may be.
    fn check_overtaken(&mut self, served: usize) {
        let furthest = |tenant: &Tenant| 2 * tenant.standing.limit + 3 * HEAD_START + 2;
        let bounds: Vec<i64> = (0..self.tenants.len())
            .map(|own| {
                let others = self.tenants.iter().enumerate().filter(|(at, _)| *at != own);
                others
                    .map(|(_, other)| (furthest(other) + furthest(&self.tenants[own])) * other.standing.weight + 1)
                    .sum()
            })
            .collect();
        for (at, tenant) in self.tenants.iter_mut().enumerate() {
            let first = tenant.waiting.iter_mut().min_by_key(|waiting| (waiting.priority, waiting.queued_at));
            if let Some(first) = first.filter(|_| at != served && tenant.standing.has_room()) {
                first.overtaken += 1;
                assert!(first.overtaken <= bounds[at], "overtaken {} times, bound {}", first.overtaken, bounds[at]);
            }
        }
    }

    fn end(&mut self, any: usize) {
        if !self.running.is_empty() {
            let tenant = self.running.swap_remove(any % self.running.len());
            self.tenants[tenant].standing.running -= 1;
        }
    }

    fn counts(&self, last: usize) -> BTreeMap<usize, usize> {
        let mut counts = BTreeMap::new();
        for (tenant, _) in &self.served[self.served.len() - last..] {
            *counts.entry(*tenant).or_default() += 1;
        }
        counts
    }
}

#[test]
fn a_hundred_runs_do_not_starve_one() {
    let mut site = Site::new(1, &[(1, 10), (1, 10)]);
    for _ in 0..100 {
        site.offer(0, Priority::Plan);
    }
    site.fill();
    site.offer(1, Priority::Plan);
    for _ in 0..3 {
        site.end(0);
        site.fill();
    }
    assert_eq!(site.counts(3)[&1], 1, "the only run of the other comes among the next three");
}

#[test]
fn a_hundred_applies_do_not_starve_a_speculative_plan() {
    let mut site = Site::new(1, &[(1, 10), (1, 10)]);
    for _ in 0..100 {
        site.offer(0, Priority::Apply);
    }
    site.offer(1, Priority::Speculative);
    site.fill();
    let before = (0..100).take_while(|_| {
        site.end(0);
        site.fill();
        site.served.last().unwrap().0 == 0
    });
    let before = before.count();
    assert!((20..=26).contains(&before), "urgency is worth 24 phases, not more: {before}");
}

#[test]
fn urgency_decides_between_equals() {
    let mut site = Site::new(1, &[(1, 1), (1, 1), (1, 1), (1, 1)]);
    for (tenant, priority) in Priority::ALL.into_iter().rev().enumerate() {
        site.offer(tenant, priority);
    }
    for _ in 0..4 {
        site.fill();
        site.end(0);
    }
    let order: Vec<_> = site.served.iter().map(|(_, phase)| phase.priority).collect();
    assert_eq!(order, Priority::ALL);
}

#[test]
fn shares_follow_weights() {
    for slots in [1, 3, 16] {
        let mut site = Site::new(slots, &[(1, 100), (2, 100), (5, 100)]);
        for _ in 0..900 {
            for tenant in 0..3 {
                site.offer(tenant, Priority::Plan);
            }
        }
        for turn in 0..800 {
            site.fill();
            site.end(turn);
        }
        let counts = site.counts(800);
        for (tenant, share) in [(0, 100), (1, 200), (2, 500)] {
            assert!(counts[&tenant].abs_diff(share) <= 16, "{slots} slots: {counts:?}");
        }
    }
}

#[test]
fn who_was_away_has_saved_up_nothing() {
    let mut site = Site::new(1, &[(1, 9), (1, 9)]);
    for turn in 0..1000 {
        site.offer(0, Priority::Plan);
        site.fill();
        site.end(turn);
    }
    for _ in 0..50 {
        site.offer(0, Priority::Plan);
        site.offer(1, Priority::Plan);
    }
    for turn in 0..20 {
        site.fill();
        site.end(turn);
    }
    assert_eq!(site.counts(20), BTreeMap::from([(0, 10), (1, 10)]));
}

#[test]
fn long_phases_count_as_long_as_they_run() {
    // The first holds two of three slots for ever: the third slot is the second's.
    let mut site = Site::new(3, &[(1, 3), (1, 3)]);
    site.offer(0, Priority::Plan);
    site.offer(0, Priority::Plan);
    site.fill();
    for _ in 0..50 {
        site.offer(0, Priority::Plan);
        site.offer(1, Priority::Plan);
    }
    site.fill();
    assert_eq!(site.served.last().unwrap().0, 1);
}

#[test]
fn the_first_obstacle_is_told() {
    let standing = |running| Standing { weight: 1, limit: 2, running, served: 0 };
    let (none, all_busy, free) = (
        Runners { connected: 0, idle: 0, busy: 0 },
        Runners { connected: 5, idle: 0, busy: 5 },
        Runners { connected: 1, idle: 1, busy: 0 },
    );
    assert_eq!(obstacle(standing(2), None, none), Obstacle::Organization { limit: 2, running: 2 });
    assert_eq!(obstacle(standing(1), Some((1, 1)), free), Obstacle::Workspace { limit: 1, running: 1 });
    assert_eq!(obstacle(standing(1), Some((2, 1)), none), Obstacle::NoRunner);
    assert_eq!(obstacle(standing(1), None, all_busy), Obstacle::Runners { busy: 5 });
    assert_eq!(obstacle(standing(1), None, free), Obstacle::Turn);
}

#[test]
fn rooms_are_counted_once() {
    let mut site = Site::new(1, &[(1, 3), (1, 2), (1, 7)]);
    for priority in Priority::ALL {
        site.offer(0, priority);
        site.offer(1, priority);
    }
    assert_eq!(rooms(&site.candidates()), 5);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    /// Whatever is offered and ends in whatever order: the checks of [`Site::fill`] hold, and everybody is served in the end.
    #[test]
    fn nobody_starves_and_no_limit_is_exceeded(
        slots in 1usize..8,
        tenants in prop::collection::vec((1i64..5, 1i64..5), 1..6),
        steps in prop::collection::vec((0usize..3, any::<u8>(), 0usize..4), 1..300),
    ) {
        let mut site = Site::new(slots, &tenants);
        for (deed, which, priority) in steps {
            match deed {
                0 | 1 => site.offer(usize::from(which) % tenants.len(), Priority::ALL[priority]),
                _ => site.end(which.into()),
            }
            site.fill();
        }
        for turn in 0..=site.offered {
            site.end(turn);
            site.fill();
        }
        prop_assert_eq!(site.served.len(), site.offered);
    }
}
