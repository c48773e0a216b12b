//! Logs at their signed addresses (client contract section 12).

use crate::{error::Failure, jsonapi::Query};
use app::App;
use axum::{
    extract::{Path, State},
    http::header,
    response::{IntoResponse, Response},
};
use http_doors::signed::{self, Purpose};

/// The most bytes of an answer: the CLI reads once per answer and throws the rest of a longer one away.
const ANSWER: usize = 16_000;

/// `GET` of a signed address with `offset` and `limit`: always 200, empty while there is nothing at that offset.
pub(crate) async fn read(
    State(app): State<App>,
    Path(signed): Path<String>,
    query: Query,
) -> Result<Response, Failure> {
    let phase = signed::verify(&app, Purpose::Log, &signed)?;
    let number = |key| query.get(key).and_then(|text| text.parse::<u64>().ok());
    let limit = number("limit").and_then(|limit| usize::try_from(limit).ok()).unwrap_or(ANSWER).min(ANSWER);
    let part = app.read_log(&phase, number("offset").unwrap_or_default(), limit).await?;
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::CACHE_CONTROL, "no-store")], part.bytes)
        .into_response())
}
