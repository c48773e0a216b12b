//! What a plan found, as JSON: the engine's own document, and the redacted one from which the CLI draws its diff (client contract section 13).

use crate::error::Failure;
use app::{App, Caller, Error};
use axum::{
    body::Body,
    extract::{Path, State},
    http::header,
    response::{IntoResponse, Response},
};
use domain::id::PlanId;
use http_doors::Authenticated;
use protocol::Artifact;
use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};
use std::collections::BTreeMap;
use tokio::{io::AsyncReadExt as _, sync::Semaphore};
use tokio_util::io::ReaderStream;

/// The most bytes of a document that has to be taken apart.
const LARGEST: u64 = 128 << 20;
/// So many are taken apart at once: each takes several times its size of memory.
static ROOM: Semaphore = Semaphore::const_new(2);

fn parse(id: &str) -> Result<PlanId, Error> {
    id.parse().map_err(|_| Error::not_found("that plan"))
}

/// `GET plans/ID/json-output`: the document of `terraform show -json`, as it is.
pub(crate) async fn full(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let id = parse(&id)?;
    let reader = app.plan_artifact(&caller, id.as_str(), Artifact::PlanJson).await?;
    let reader = reader.ok_or_else(|| Error::not_found(format!("the JSON of {id}")))?;
    Ok(([(header::CONTENT_TYPE, "application/json")], Body::from_stream(ReaderStream::new(reader))).into_response())
}

/// `GET plans/ID/json-output-redacted`: changes without sensitive values, and the schemas to draw them with. An answer without a body would
/// stop the CLI: while there is none it is 503, which it repeats.
pub(crate) async fn redacted(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let id = parse(&id)?;
    let missing = || Error::Unavailable(format!("the JSON of {id} is not there (yet)"));
    let _room = ROOM.acquire().await.map_err(|e| Error::internal("waiting to redact a plan", e))?;
    let plan = read(&app, &caller, &id, Artifact::PlanJson).await?.ok_or_else(missing)?;
    let schemas = read(&app, &caller, &id, Artifact::ProviderSchemas).await?.ok_or_else(missing)?;
    let document = tokio::task::spawn_blocking(move || redact(&plan, &schemas)).await;
    let document = document.map_err(|e| Error::internal("redacting a plan", e))?;
    let document = document.map_err(|e| Error::internal("redacting a plan", e))?;
    Ok(([(header::CONTENT_TYPE, "application/json")], document).into_response())
}

async fn read(app: &App, caller: &Caller, id: &PlanId, artifact: Artifact) -> Result<Option<Vec<u8>>, Error> {
    let Some(reader) = app.plan_artifact(caller, id.as_str(), artifact).await? else { return Ok(None) };
    let mut bytes = Vec::new();
    reader.take(LARGEST).read_to_end(&mut bytes).await.map_err(|e| Error::internal("reading a plan's JSON", e))?;
    Ok(Some(bytes))
}

#[derive(Deserialize)]
struct Schemas<'a> {
    #[serde(borrow)]
    format_version: &'a RawValue,
    #[serde(borrow, default)]
    provider_schemas: Option<&'a RawValue>,
}

/// Puts the document together. What is large and holds no values (schemas) is passed on unread.
fn redact(plan: &[u8], schemas: &[u8]) -> serde_json::Result<Vec<u8>> {
    let plan: BTreeMap<&str, &RawValue> = serde_json::from_slice(plan)?;
    let schemas: Schemas<'_> = serde_json::from_slice(schemas)?;
    let raw = |name: &str, default: &'static str| plan.get(name).map_or(default, |part| part.get());
    let changes = |name: &str| -> serde_json::Result<String> {
        let mut list: Vec<Value> = serde_json::from_str(raw(name, "[]"))?;
        for change in list.iter_mut().filter_map(|item| item.get_mut("change")) {
            hide(change);
        }
        serde_json::to_string(&list)
    };
    let mut outputs: BTreeMap<String, Value> = serde_json::from_str(raw("output_changes", "{}"))?;
    outputs.values_mut().for_each(hide);
    let document = format!(
        r#"{{"plan_format_version":{},"output_changes":{},"resource_changes":{},"resource_drift":{},"relevant_attributes":{},"deferred_changes":{},"provider_format_version":{},"provider_schemas":{}}}"#,
        raw("format_version", "\"1.2\""),
        serde_json::to_string(&outputs)?,
        changes("resource_changes")?,
        changes("resource_drift")?,
        raw("relevant_attributes", "[]"),
        raw("deferred_changes", "[]"),
        schemas.format_version.get(),
        schemas.provider_schemas.map_or("{}", RawValue::get),
    );
    Ok(document.into_bytes())
}

/// Hides the sensitive values of one change, before and after.
fn hide(change: &mut Value) {
    for (values, marks) in [("before", "before_sensitive"), ("after", "after_sensitive")] {
        let marks = change.get(marks).cloned().unwrap_or_default();
        if let Some(values) = change.get_mut(values) {
            hide_marked(values, &marks);
        }
    }
}

/// Replaces what is marked true. The mark's shape follows the value's.
fn hide_marked(value: &mut Value, mark: &Value) {
    match (value, mark) {
        (Value::Null, _) => {}
        (value, Value::Bool(true)) => *value = hidden(value),
        (Value::Object(values), Value::Object(marks)) => {
            for (name, mark) in marks {
                if let Some(value) = values.get_mut(name) {
                    hide_marked(value, mark);
                }
            }
        }
        (Value::Array(values), Value::Array(marks)) => {
            values.iter_mut().zip(marks).for_each(|(value, mark)| hide_marked(value, mark));
        }
        _ => {}
    }
}

/// Something of the same kind, so that a client's types still fit.
fn hidden(value: &Value) -> Value {
    match value {
        Value::Bool(_) => json!(false),
        Value::Number(_) => json!(0),
        Value::Array(_) => json!([]),
        Value::Object(_) => json!({}),
        Value::String(_) => json!("REDACTED"),
        Value::Null => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sensitive_values_are_hidden_and_the_rest_is_passed_on() {
        let plan = br#"{"format_version":"1.2","resource_changes":[{"address":"a.b","change":{"actions":["update"],"before":{"p":"secret1","n":1},
            "after":{"p":"secret2","n":2,"l":["x","secret3"]},"before_sensitive":{"p":true},"after_sensitive":{"p":true,"l":[false,true]}}}],
            "output_changes":{"o":{"actions":["create"],"before":null,"after":"secret4","after_sensitive":true,"before_sensitive":true}}}"#;
        let schemas = br#"{"format_version":"1.0","provider_schemas":{"p":{}}}"#;
        let text = String::from_utf8(redact(plan, schemas).unwrap()).unwrap();
        assert!(!text.contains("secret"), "{text}");
        let document: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(document["plan_format_version"], "1.2");
        assert_eq!(document["provider_schemas"], json!({ "p": {} }));
        assert_eq!(document["resource_changes"][0]["change"]["after"]["n"], 2);
        assert_eq!(document["resource_changes"][0]["change"]["after"]["l"], json!(["x", "REDACTED"]));
    }
}
