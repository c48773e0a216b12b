//! A strict run answers no question that the documentation leaves open.

use std::sync::Arc;

use terrane_sentinel::{Limits, Program, Run, Verdict};

/// Policies that pass by the engine's own answer.
const GUESSES: [&str; 19] = [
    "main = (1 < \"a\") is not defined",
    "main = ([undefined] is [1]) is not defined",
    "f = func() { return 1 }\nmain = [f] is not [f]",
    "main = \"abc\"[0] is \"a\"",
    "main = [1][0.0] is 1",
    "main = {}[undefined] is not defined",
    "main = (any undefined as x { x }) is not defined",
    "r = rule when undefined { false }\nmain = r is not defined",
    "main = {\"a\": 1, \"a\": 2}.a is 2",
    "main = {\"a\": undefined} contains \"a\"",
    "case undefined {\nwhen 1:\nr = 1\nelse:\nr = 2\n}\nmain = r is 2",
    "f = func() { return }\nmain = f() is not defined",
    "main = int(-1.5) is -2",
    "main = int(\"-1\") is -1",
    "import \"types\"\nmain = types.type_of(func() { return 1 }) is \"func\"",
    "x = [1]\nfor x as v { append(x, v) }\nmain = length(x) is 2",
    "x = [1]\nx += [2]\nmain = length(x) is 2",
    "import \"version\"\nmain = version.new(\"1.0\").compare(\"2.0\") is -1",
    "main = (not true in [false])",
];

#[test]
fn guesses_are_taken_only_when_the_run_is_not_strict() {
    for source in GUESSES {
        let program = Arc::new(Program::parse("p", source.as_bytes()).unwrap_or_else(|e| panic!("{e}")));
        let mut run = Run::new(program);
        let report = run.evaluate();
        assert_eq!(report.verdict, Verdict::Pass, "{source}: {:?}", report.error);
        run.limits = Limits { strict: true, ..Limits::default() };
        let report = run.evaluate();
        assert_eq!(report.verdict, Verdict::Error, "{source}");
        assert!(report.error.is_some_and(|(why, _)| why.contains("the run is strict")), "{source}");
    }
}

#[test]
fn what_is_settled_is_not_refused() {
    let source = "m = {\"a\": [1, 2]}\nr = rule when m.a[0] is 1 { all m.a as v { v < 3.5 } }\n\
                  main = r and m.b is not defined and \"x\" not in m and (m.b else 1) is 1";
    let mut run = Run::new(Arc::new(Program::parse("p", source.as_bytes()).unwrap_or_else(|e| panic!("{e}"))));
    run.limits.strict = true;
    assert_eq!(run.evaluate().verdict, Verdict::Pass);
}
