//! `PUT` of signed addresses: archives, check sums and signatures, sealed as they stream in, looked at before they count.

use crate::{error::Failure, jsonapi::reader};
use app::{App, Error};
use axum::{
    body::Body,
    extract::{Path, State},
    http::StatusCode,
};
use http_doors::signed::{self, Purpose};
use std::str::FromStr;

fn id<T: FromStr>(app: &App, purpose: Purpose, signed: &str) -> Result<T, Error> {
    signed::verify(app, purpose, signed)?.parse().map_err(|_| Error::not_found("what the address is for"))
}

pub(super) async fn module(
    State(app): State<App>,
    Path(signed): Path<String>,
    body: Body,
) -> Result<StatusCode, Failure> {
    app.upload_module(&id(&app, Purpose::Module, &signed)?, reader(body)).await?;
    Ok(StatusCode::OK)
}

pub(super) async fn shasums(
    State(app): State<App>,
    Path(signed): Path<String>,
    body: Body,
) -> Result<StatusCode, Failure> {
    app.upload_sums(&id(&app, Purpose::Shasums, &signed)?, "shasums", reader(body)).await?;
    Ok(StatusCode::OK)
}

pub(super) async fn signature(
    State(app): State<App>,
    Path(signed): Path<String>,
    body: Body,
) -> Result<StatusCode, Failure> {
    app.upload_sums(&id(&app, Purpose::Signature, &signed)?, "signature", reader(body)).await?;
    Ok(StatusCode::OK)
}

pub(super) async fn platform(
    State(app): State<App>,
    Path(signed): Path<String>,
    body: Body,
) -> Result<StatusCode, Failure> {
    app.upload_platform(&id(&app, Purpose::Platform, &signed)?, reader(body)).await?;
    Ok(StatusCode::OK)
}
