//! What becomes of runners: they are killed, lose their power, are cut off, sent away, and copied.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use terrane_tests::network::{Cut, Ground};
use terrane_tests::{Runner, Stage};

use crate::chance::Chance;

/// What is done to a runner, or to the servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Blow {
    /// Killed alone, and started again: its phases went on.
    Killed,
    /// Killed with everything that it started, and started again on what is left.
    PowerCut,
    /// The same, and its machine never comes back.
    Destroyed,
    /// Asked to stop, and started again when it has.
    Drained,
    /// Cut off for a moment.
    CutShort,
    /// Cut off for so long that it ends what it executes, and back.
    CutLong,
    /// Cut off, and never back.
    CutForGood,
    /// A copy of its directory is started beside it, with the same token and name, and destroyed after a while.
    Copied,
    /// A server, or all of them, killed and started again.
    Server,
}

impl Blow {
    const ALL: [Self; 9] = [
        Self::Killed,
        Self::PowerCut,
        Self::Destroyed,
        Self::Drained,
        Self::CutShort,
        Self::CutLong,
        Self::CutForGood,
        Self::Copied,
        Self::Server,
    ];
}

/// What is to be done about a runner that was hit.
enum Repair {
    Start,
    Mend,
    Replace,
    /// It stops by itself; then it is started again.
    Await,
    /// It goes, and nobody takes its place.
    Remove,
}

struct Post {
    name: String,
    token: String,
    runner: Runner,
    /// When what is to be done about it.
    due: Option<(Instant, Repair)>,
}

/// All runners, and what was done to them.
pub(crate) struct Fleet {
    posts: Vec<Post>,
    /// How often each blow fell.
    pub(crate) blows: BTreeMap<Blow, u64>,
    /// Runners that ended by themselves, with what they said last.
    pub(crate) deserters: Vec<String>,
    // Dropped last: the runners are on it.
    ground: Ground,
}

/// How long a drained runner may take: longer than a lease lasts and an apply takes.
const DRAIN: Duration = Duration::from_secs(120);

impl Fleet {
    /// Starts this many runners with each of these tokens, each in a network of its own.
    pub(crate) fn start(ground: Ground, stage: &Stage, tokens: &[String], each: usize) -> Self {
        let post = |(number, token): (usize, &String)| Post::set(&ground, stage, format!("runner-{number}"), token);
        let posts = tokens.iter().flat_map(|token| std::iter::repeat_n(token, each)).enumerate().map(post).collect();
        Self { posts, blows: BTreeMap::new(), deserters: Vec::new(), ground }
    }

    /// Does something to somebody who is well; false when nobody is.
    pub(crate) fn strike(&mut self, stage: &mut Stage, chance: &mut Chance) -> bool {
        let well: Vec<usize> = (0..self.posts.len()).filter(|&at| self.posts[at].due.is_none()).collect();
        // Somebody has to do the work.
        if well.len() < 3 {
            return false;
        }
        let pick = |chance: &mut Chance, most: usize| index(chance.between(0, most as u64 - 1));
        let blow = Blow::ALL[pick(chance, Blow::ALL.len())];
        let victim = well[pick(chance, well.len())];
        let after = |chance: &mut Chance, from, to| Instant::now() + Duration::from_millis(chance.between(from, to));
        *self.blows.entry(blow).or_default() += 1;
        let how = if chance.between(0, 1) == 0 { Cut::Pulled } else { Cut::OneWay };
        let due = match blow {
            Blow::Killed => {
                self.posts[victim].runner.kill();
                Some((after(chance, 0, 4_000), Repair::Start))
            }
            Blow::PowerCut => {
                self.posts[victim].runner.kill_all();
                Some((after(chance, 0, 25_000), Repair::Start))
            }
            Blow::Destroyed => {
                self.posts[victim].runner.kill_all();
                Some((after(chance, 0, 10_000), Repair::Replace))
            }
            Blow::Drained => {
                self.posts[victim].runner.terminate();
                Some((Instant::now() + DRAIN, Repair::Await))
            }
            Blow::CutShort => {
                self.posts[victim].runner.island().cut(how);
                Some((after(chance, 500, 6_000), Repair::Mend))
            }
            Blow::CutLong => {
                self.posts[victim].runner.island().cut(how);
                Some((after(chance, 12_000, 40_000), Repair::Mend))
            }
            Blow::CutForGood => {
                self.posts[victim].runner.island().cut(how);
                Some((after(chance, 25_000, 35_000), Repair::Replace))
            }
            Blow::Copied => {
                let mut copy = self.posts[victim].copy(&self.ground, stage);
                copy.due = Some((after(chance, 4_000, 12_000), Repair::Remove));
                self.posts.push(copy);
                None
            }
            Blow::Server => {
                strike_server(stage, chance);
                None
            }
        };
        self.posts[victim].due = due;
        true
    }

    /// Does what is due; everything that is left to be done when `now` is the end.
    pub(crate) fn repair(&mut self, stage: &Stage, at_the_end: bool) {
        let ground = &self.ground;
        for post in &mut self.posts {
            let hit = post.due.take();
            if hit.is_none() && !post.runner.runs() {
                let said = post.runner.log();
                let tail: Vec<&str> = said.lines().rev().take(5).collect();
                self.deserters.push(format!(
                    "{}: {}",
                    post.name,
                    tail.into_iter().rev().collect::<Vec<_>>().join("\n    ")
                ));
                let _ = post.runner.ended();
                post.runner.restart();
                continue;
            }
            let Some((when, repair)) = hit else { continue };
            let now = at_the_end || Instant::now() >= when;
            post.due = match repair {
                Repair::Await if !post.runner.runs() => {
                    let _ = post.runner.ended();
                    post.runner.restart();
                    None
                }
                Repair::Await if Instant::now() >= when => {
                    self.deserters.push(format!("{} did not stop within {DRAIN:?}:\n{}", post.name, post.runner.log()));
                    post.runner.kill();
                    post.runner.restart();
                    None
                }
                Repair::Await => Some((when, Repair::Await)),
                repair if !now => Some((when, repair)),
                Repair::Start => {
                    post.runner.restart();
                    None
                }
                Repair::Mend => {
                    post.runner.island().mend();
                    None
                }
                Repair::Replace => {
                    let (name, token) = (post.name.clone(), post.token.clone());
                    *post = Post::set(ground, stage, name, &token);
                    None
                }
                Repair::Remove => Some((when, Repair::Remove)),
            };
        }
        self.posts
            .retain(|post| !matches!(post.due, Some((when, Repair::Remove)) if at_the_end || Instant::now() >= when));
    }

    /// Whether nothing is left to be done.
    pub(crate) fn is_well(&self) -> bool {
        self.posts.iter().all(|post| post.due.is_none())
    }

    /// What all of them logged, the newest last.
    pub(crate) fn logs(&self) -> String {
        self.posts.iter().map(|post| format!("--- {} ---\n{}", post.name, post.runner.log())).collect()
    }
}

impl Post {
    fn set(ground: &Ground, stage: &Stage, name: String, token: &str) -> Self {
        let mut runner = Runner::prepare(&stage.server, token, &name).on(ground.island());
        runner.restart();
        Self { name, token: token.to_owned(), runner, due: None }
    }

    /// Another runner on a copy of this one's directory, phases and all.
    fn copy(&self, ground: &Ground, stage: &Stage) -> Self {
        let mut runner = Runner::prepare(&stage.server, &self.token, &self.name).on(ground.island());
        copy(&self.runner.data(), &runner.data());
        runner.restart();
        Self { name: format!("{}-copy", self.name), token: self.token.clone(), runner, due: None }
    }
}

fn copy(from: &Path, to: &Path) {
    // Files come and go in it meanwhile, so that some are not there any more: whatever was copied counts.
    let _ = Command::new("cp").arg("-a").arg(from).arg(to).output().expect("run cp");
}

fn strike_server(stage: &mut Stage, chance: &mut Chance) {
    let nodes = stage.server.nodes();
    // Of several mostly one, while the others go on.
    if nodes == 1 || chance.between(0, 3) == 0 {
        stage.server.kill();
        stage.server.restart();
    } else {
        let victim = index(chance.between(0, nodes as u64 - 1));
        stage.server.node_mut(victim).kill();
        stage.server.node_mut(victim).start();
    }
}

fn index(number: u64) -> usize {
    usize::try_from(number).expect("a small number")
}
