//! Histories: random, reproducible from a seed, and shrunk when one fails.

/// A small generator of numbers (splitmix64): a seed gives the same history for ever.
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

/// One event. `a` and `b` say which of the things that exist when it happens, so that an event
/// means something in every history, also in one that was shrunk.
#[derive(Debug, Clone, Copy)]
pub(super) struct Event {
    pub(super) kind: Kind,
    pub(super) a: usize,
    pub(super) b: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A node is cordoned, or a bad one mended.
    Cordon,
    /// A node becomes NotReady, or a bad one mended.
    Unready,
    /// A node gets a taint that nobody tolerates, or a bad one is mended.
    Taint,
    /// A node goes or comes back.
    Node,
    NewSet,
    DeleteSet,
    RestartSet,
    /// A released Pod fails.
    PodFails,
    /// Controllers make what is missing.
    Control,
    /// A Pod that is being deleted is gone.
    Reap,
    /// The scheduler binds a Pod.
    Bind,
    NewPlain,
    PlainEnds,
    /// A TPU Pod that our gate never saw.
    Intruder,
    IntruderEnds,
    Tick,
    /// The leader's watches bring some events.
    Watch,
    /// The leader decides.
    Look,
    /// The leader carries out its next action.
    Act,
    /// The leader is killed and starts anew.
    Crash,
    /// The leader is paused in the middle of whatever it does, and the other takes over.
    ChangeLeader,
    /// The one that was paused does something with what it knew.
    Wake,
    /// Nothing happens any more until all is as it should be; then that is checked.
    Settle,
}

/// How often each kind comes, out of the sum.
const WEIGHTS: [(Kind, u64); 23] = [
    (Kind::Cordon, 20),
    (Kind::Unready, 16),
    (Kind::Taint, 6),
    (Kind::Node, 8),
    (Kind::NewSet, 26),
    (Kind::DeleteSet, 14),
    (Kind::RestartSet, 10),
    (Kind::PodFails, 8),
    (Kind::Control, 110),
    (Kind::Reap, 110),
    (Kind::Bind, 110),
    (Kind::NewPlain, 22),
    (Kind::PlainEnds, 22),
    (Kind::Intruder, 7),
    (Kind::IntruderEnds, 9),
    (Kind::Tick, 20),
    (Kind::Watch, 160),
    (Kind::Look, 120),
    (Kind::Act, 300),
    (Kind::Crash, 8),
    (Kind::ChangeLeader, 14),
    (Kind::Wake, 60),
    (Kind::Settle, 8),
];

/// So many random events.
pub(super) fn history(seed: u64, events: usize) -> Vec<Event> {
    let mut random = Random(seed);
    (0..events).map(|_| event(&mut random)).collect()
}

fn event(random: &mut Random) -> Event {
    let sum: u64 = WEIGHTS.iter().map(|(_, weight)| weight).sum();
    let mut at = random.next() % sum;
    let mut kind = Kind::Tick;
    for (one, weight) in WEIGHTS {
        if at < weight {
            kind = one;
            break;
        }
        at -= weight;
    }
    let mut number = || usize::try_from(random.next() >> 33).unwrap_or(0);
    Event {
        kind,
        a: number(),
        b: number(),
    }
}

/// A shorter history that fails in the same way: pieces that don't matter are taken out.
pub(super) fn shrunk(mut history: Vec<Event>, fails: impl Fn(&[Event]) -> bool) -> Vec<Event> {
    let mut piece = history.len() / 2;
    while piece > 0 {
        let mut at = 0;
        while at < history.len() {
            let end = (at + piece).min(history.len());
            let without = [&history[..at], &history[end..]].concat();
            if fails(&without) {
                history = without;
            } else {
                at = end;
            }
        }
        piece /= 2;
    }
    history
}
