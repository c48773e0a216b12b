//! Sentinel: `*.sentinel` with its `sentinel.hcl`.

use std::sync::Arc;

use sentinel::command;
use sentinel::http::Door;

use super::http::Client;

pub(super) fn test(wanted: super::Test) -> command::Test {
    let super::Test { paths, run, strict, json, junit, coverage } = wanted;
    command::Test { paths, only: run, strict, json, junit, coverage }
}

pub(super) fn apply(wanted: super::Apply) -> command::Apply {
    let super::Apply { policy, config, plan, tfrun, params, hosts, private, strict, json } = wanted;
    let http = (!hosts.is_empty()).then(|| Door(Arc::new(Client::new(hosts, private))));
    command::Apply { policy, config, plan, run: tfrun, params, http, strict, json }
}

pub(super) fn fmt(wanted: super::Fmt) -> command::Fmt {
    let super::Fmt { paths, check } = wanted;
    command::Fmt { paths: if paths.is_empty() { vec![".".into()] } else { paths }, check }
}

pub(super) fn mock(wanted: super::Mock) -> command::Mock {
    command::Mock { plan: wanted.plan, directory: wanted.out }
}
