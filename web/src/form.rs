//! What a form sent. A character that no database on the way could keep is refused here, with a sentence.

use crate::failure::Failure;
use app::Error;
use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, Request},
};
use serde::de::DeserializeOwned;

/// The fields of a form.
pub(crate) struct Form<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Form<T> {
    type Rejection = Failure;
    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let (parts, body) = request.into_parts();
        let bytes = Bytes::from_request(Request::from_parts(parts.clone(), body), state)
            .await
            .map_err(|_| Error::TooLarge("the form is cut off, or larger than it may be".into()))?;
        if bytes.contains(&0) || bytes.windows(3).any(|three| three == b"%00") {
            return Err(Error::invalid("", "the form holds the NUL character; leave it out").into());
        }
        let form = axum::Form::from_request(Request::from_parts(parts, Body::from(bytes)), state).await;
        let axum::Form(fields) = form.map_err(|e| Error::invalid("", format!("the form cannot be read: {e}")))?;
        Ok(Self(fields))
    }
}
