//! Measures the engine against worked examples: folders `PROVIDER/CASE/` with `plan.json`, `usage.json` and
//! `expected.json`. Prints, per provider, how well quantities and unit prices agree, how much is covered, and how many
//! costs were silently called nothing. Driven by `make accuracy CASES=…`; a missing folder is a failure.

#![expect(clippy::print_stdout, reason = "a program whose purpose is to print")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs};

use serde::Deserialize;
use terrane_cost::{Component, Settings, State, Usage, catalogue};

#[derive(Deserialize)]
struct Expected {
    resources: BTreeMap<String, Vec<Wanted>>,
}

#[derive(Deserialize)]
struct Wanted {
    sub: String,
    component: String,
    unit: String,
    qty: Option<f64>,
    cost: Option<f64>,
    unit_price: Option<f64>,
}

#[derive(Default, Clone)]
struct Score {
    wanted: usize,
    found: usize,
    both: usize,
    covered: usize,
    prices: usize,
    prices_agree: usize,
    silent_zeros: usize,
    exact_names: usize,
}

impl Score {
    fn add(&mut self, other: &Self) {
        self.wanted += other.wanted;
        self.found += other.found;
        self.both += other.both;
        self.covered += other.covered;
        self.prices += other.prices;
        self.prices_agree += other.prices_agree;
        self.silent_zeros += other.silent_zeros;
        self.exact_names += other.exact_names;
    }

    fn line(&self, name: &str) -> String {
        let share = |part: usize, whole: usize| if whole == 0 { 1.0 } else { part as f64 / whole as f64 };
        let (precision, recall) = (share(self.both, self.found), share(self.both, self.wanted));
        let f1 = if precision + recall == 0.0 { 0.0 } else { 2.0 * precision * recall / (precision + recall) };
        format!(
            "{name:<52} quantity F1 {f1:.3} ({}/{} wanted, {} found)  price agreement {:.3} ({}/{})  coverage {:.3}  silent zeros {}  names {:.3}",
            self.both,
            self.wanted,
            self.found,
            share(self.prices_agree, self.prices),
            self.prices_agree,
            self.prices,
            share(self.covered, self.wanted),
            self.silent_zeros,
            share(self.exact_names, self.wanted),
        )
    }
}

fn main() -> ExitCode {
    let mut arguments = env::args().skip(1);
    let Some(folder) = arguments.next().map(PathBuf::from) else {
        println!("usage: accuracy FOLDER [CASE]");
        return ExitCode::FAILURE;
    };
    let only = arguments.next();
    let mut cases = Vec::new();
    for provider in folders(&folder) {
        cases.extend(folders(&provider));
    }
    if cases.is_empty() {
        println!("{}: no cases here", folder.display());
        return ExitCode::FAILURE;
    }
    let mut providers: BTreeMap<String, Score> = BTreeMap::new();
    let mut failed = false;
    for case in cases {
        let name = case.strip_prefix(&folder).unwrap_or(&case).display().to_string();
        if only.as_ref().is_some_and(|only| !name.contains(only.as_str())) {
            continue;
        }
        match measure(&case, only.is_some()) {
            Ok(score) => {
                println!("{}", score.line(&name));
                let provider = name.split('/').next().unwrap_or_default().to_owned();
                providers.entry(provider).or_default().add(&score);
            }
            Err(error) => {
                println!("{name}: {error}");
                failed = true;
            }
        }
    }
    let mut whole = Score::default();
    println!();
    for (name, score) in &providers {
        println!("{}", score.line(name));
        whole.add(score);
    }
    println!("{}", whole.line("all"));
    if failed || whole.silent_zeros > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn folders(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok).map(|entry| entry.path());
    let mut found: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
    found.sort();
    found
}

fn measure(case: &Path, tell: bool) -> Result<Score, Box<dyn std::error::Error>> {
    let plan = fs::read_to_string(case.join("plan.json"))?;
    let usage = Usage::read(&fs::read_to_string(case.join("usage.json"))?)?;
    let expected: Expected = serde_json::from_str(&fs::read_to_string(case.join("expected.json"))?)?;
    let estimate = terrane_cost::estimate(&plan, &usage, catalogue::embedded(), &Settings::default())?;
    let mut score = Score::default();
    for (address, wanted) in &expected.resources {
        let resource = estimate.resources.iter().find(|resource| resource.address == *address);
        let mut left: Vec<&Component> = resource.map(|r| r.components.iter().collect()).unwrap_or_default();
        score.found +=
            left.iter().filter(|component| component.quantity.is_some() && !component.name.is_empty()).count();
        score.wanted += wanted.iter().filter(|w| w.qty.is_some()).count();
        let free = resource.is_some_and(|r| r.state == State::Free || r.state == State::Estimated && left.is_empty());
        if free && wanted.iter().any(|w| w.cost.is_some_and(|cost| cost > 0.0)) {
            score.silent_zeros += 1;
        }
        for want in wanted {
            let place = best(&left, want);
            let Some(component) = place.map(|at| left.remove(at)) else {
                if tell {
                    println!("  {address}: missing {}/{} {} {:?}", want.sub, want.component, want.unit, want.qty);
                }
                continue;
            };
            judge(address, want, component, &mut score, tell);
        }
        for component in left.iter().filter(|_| tell) {
            println!(
                "  {address}: not wanted {} {} {:?} {:?}",
                component.part, component.name, component.quantity, component.reason
            );
        }
    }
    Ok(score)
}

fn judge(address: &str, want: &Wanted, component: &Component, score: &mut Score, tell: bool) {
    if component.monthly.is_some_and(|m| m.is_zero()) && want.cost.is_some_and(|cost| cost > 0.0) {
        score.silent_zeros += 1;
    }
    let price = component.unit_price.and_then(|p| f64::try_from(p).ok());
    if want.qty.is_some() && component.state != State::NotEstimated {
        score.covered += 1;
    }
    if want.qty.is_some() && same_quantity(want, component) {
        score.both += 1;
    }
    score.exact_names +=
        usize::from(want.qty.is_some() && component.name == want.component && component.part == want.sub);
    // A cost is rounded to cents, so the unit price it implies is only known within that.
    let implied = want.unit_price.map(|p| (p, p * 0.006)).or_else(|| match (want.cost, want.qty) {
        (Some(cost), Some(qty)) if qty > 0.0 => Some((cost / qty, (cost * 0.002).max(0.0051) / qty)),
        _ => None,
    });
    let mut agrees = true;
    if let (Some((implied, slack)), Some(price)) = (implied, price) {
        score.prices += 1;
        agrees = (implied - price).abs() <= slack;
        score.prices_agree += usize::from(agrees);
    }
    if tell
        && (!agrees
            || !same_quantity(want, component)
            || component.name != want.component
            || component.part != want.sub)
    {
        println!(
            "  {address}: wanted {}/{} [{}] qty {:?} price {:?}; found {}/{} [{}] qty {:?} price {price:?} {:?}",
            want.sub,
            want.component,
            want.unit,
            want.qty,
            implied.map(|(price, _)| price),
            component.part,
            component.name,
            component.unit,
            component.quantity,
            component.reason,
        );
    }
}

fn same_quantity(want: &Wanted, component: &Component) -> bool {
    let found = component.quantity.and_then(|q| f64::try_from(q).ok());
    match (want.qty, found) {
        (Some(wanted), Some(found)) => (wanted - found).abs() <= (wanted.abs() * 0.001).max(0.00011),
        (None, None) => true,
        _ => false,
    }
}

fn stem(name: &str) -> &str {
    name.split(" (").next().unwrap_or(name)
}

/// The component that answers to what is wanted: by name, then by its stem, always of the same unit.
fn best(left: &[&Component], want: &Wanted) -> Option<usize> {
    let close = |component: &&Component| {
        let mut points = 0;
        points += u32::from(component.unit == want.unit) * 8;
        points += u32::from(stem(&component.name) == stem(&want.component)) * 4;
        points += u32::from(component.name == want.component) * 2;
        points += u32::from(component.part == want.sub) * 4;
        points += u32::from(same_quantity(want, component)) * 3;
        points
    };
    let candidates =
        left.iter().enumerate().filter(|(_, c)| c.unit == want.unit && stem(&c.name) == stem(&want.component));
    candidates.max_by_key(|(_, component)| close(component)).map(|(at, _)| at)
}
