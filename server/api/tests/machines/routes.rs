//! Every route of machines, read from the source of the routers: a new one is walked without anybody thinking of it, and a router that the
//! walk does not read is found.

use std::path::Path;

/// One method of one address.
#[derive(Debug, Clone)]
pub(crate) struct Route {
    pub(crate) method: &'static str,
    /// As the router has it, with its parameters in braces.
    pub(crate) path: String,
}

impl Route {
    /// `GET /api/v2/ping`: how lists of exceptions call it.
    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

/// A file with a router, and below which address its routes begin.
struct Source {
    file: &'static str,
    text: &'static str,
    prefix: &'static str,
}

const SOURCES: [Source; 4] = [
    Source { file: "api/src/lib.rs", text: include_str!("../../src/lib.rs"), prefix: "/api/v2" },
    Source { file: "api/src/runner.rs", text: include_str!("../../src/runner.rs"), prefix: "/api/runner" },
    Source { file: "api/src/mirror.rs", text: include_str!("../../src/mirror.rs"), prefix: "/api/mirror" },
    Source {
        file: "api/src/registry/mod.rs",
        text: include_str!("../../src/registry/mod.rs"),
        prefix: "/api/registry",
    },
];

/// Files of the server that make a route which this walk need not know, and why.
const ELSEWHERE: [(&str, &str); 3] = [
    (
        "src/health.rs",
        "says that the server lives and is ready, to whoever starts and stops it: there is nobody to ask for",
    ),
    ("src/logging.rs", "the routes are those of its own tests"),
    ("src/lifecycle/tests.rs", "the routes are those of its own tests"),
];

/// Every route, in the order of the source.
pub(crate) fn routes() -> Vec<Route> {
    SOURCES.iter().flat_map(|source| routes_of(source.text, source.prefix)).collect()
}

fn routes_of(source: &str, mut prefix: &'static str) -> Vec<Route> {
    let mut routes = Vec::new();
    for part in source.split(".route(").skip(1) {
        let path = part.split('"').nth(1).unwrap();
        let prefix_here = if path.starts_with("/.well") || path.starts_with("/oauth") { "" } else { prefix };
        let handlers = part.split(".layer(DefaultBodyLimit::max(DOCUMENT))").next().unwrap();
        let handlers = handlers.split("\n}\n").next().unwrap();
        let before = routes.len();
        for (handler, methods) in [
            ("get(", &["GET"][..]),
            ("post(", &["POST"]),
            ("put(", &["PUT"]),
            ("patch(", &["PATCH"]),
            ("delete(", &["DELETE"]),
            ("any(", &["GET", "LOCK", "POST", "UNLOCK", "DELETE"]),
        ] {
            let named = |before: &str| before.ends_with([' ', '.', '\n', '(']);
            if handlers.match_indices(handler).any(|(at, _)| named(&handlers[..at])) {
                routes.extend(methods.iter().map(|method| Route { method, path: format!("{prefix_here}{path}") }));
            }
        }
        assert!(routes.len() > before, "no method read of {path}");
        if part.contains("let signed = ") || part.contains("fn signed_router()") {
            prefix = "/api/signed";
        } else if part.contains("let states = ") {
            prefix = "/api/http";
        }
    }
    routes
}

/// Every file of Rust below a folder.
fn sources_below(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources_below(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The pages have the same test beside their own walk (`web/tests/pages/routes.rs`).
#[test]
fn no_router_of_the_server_is_left_out() {
    let server = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut files = Vec::new();
    for entry in std::fs::read_dir(server).unwrap() {
        // The binary's own sources lie in `src`, those of a crate in `CRATE/src`.
        for folder in [entry.unwrap().path(), server.to_owned()].map(|folder| folder.join("src")) {
            if folder.is_dir() {
                sources_below(&folder, &mut files);
            }
        }
    }
    files.sort();
    files.dedup();
    let mut routing = Vec::new();
    for path in &files {
        let name = path.strip_prefix(server).unwrap().to_str().unwrap().to_owned();
        let text = std::fs::read_to_string(path).unwrap();
        for unread in [".route_service(", ".nest_service(", ".fallback_service("] {
            assert!(!text.contains(unread), "{name}: the walk cannot read what {unread} serves; use `.route(`");
        }
        if text.contains(".route(") {
            routing.push(name);
        }
    }
    let mut known: Vec<String> = SOURCES.iter().map(|source| source.file.to_owned()).collect();
    known.extend(ELSEWHERE.iter().map(|(file, _)| (*file).to_owned()));
    known.sort();
    assert_eq!(routing, known, "the files with `.route(`, and those that the walk of every route reads or leaves out");
}
