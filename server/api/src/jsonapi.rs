//! JSON:API documents as the field's clients read them (client contract section 4): exact types, hyphens, times that end in `Z`.

use crate::error::Failure;
use app::{Error, Problem};
use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use futures::TryStreamExt as _;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use tokio_util::io::StreamReader;

/// The media type of every document.
pub(crate) const MEDIA_TYPE: &str = "application/vnd.api+json";

/// One thing.
#[derive(Debug, Clone)]
pub(crate) struct Resource {
    pub(crate) kind: &'static str,
    pub(crate) id: String,
    pub(crate) attributes: Value,
    pub(crate) relationships: Map<String, Value>,
}

impl Resource {
    #[expect(clippy::needless_pass_by_value, reason = "callers hand over texts, ids and errors alike")]
    pub(crate) fn new(kind: &'static str, id: impl ToString, attributes: Value) -> Self {
        Self { kind, id: id.to_string(), attributes, relationships: Map::new() }
    }
    /// Points at one thing, or says that there is none.
    pub(crate) fn one(mut self, name: &str, kind: &str, id: Option<&str>) -> Self {
        let data = id.map_or(Value::Null, |id| json!({ "id": id, "type": kind }));
        self.relationships.insert(name.to_owned(), json!({ "data": data }));
        self
    }
    /// Points at many things.
    pub(crate) fn many(mut self, name: &str, kind: &str, ids: impl IntoIterator<Item = String>) -> Self {
        let data: Vec<Value> = ids.into_iter().map(|id| json!({ "id": id, "type": kind })).collect();
        self.relationships.insert(name.to_owned(), json!({ "data": data }));
        self
    }
    /// Says where many things can be read that are not named here.
    pub(crate) fn elsewhere(mut self, name: &str, path: &str) -> Self {
        self.relationships.insert(name.to_owned(), json!({ "links": { "related": path } }));
        self
    }
    fn into_json(self) -> Value {
        json!({ "id": self.id, "type": self.kind, "attributes": self.attributes, "relationships": self.relationships })
    }
}

/// A document of one thing, and what was asked to be included.
#[derive(Debug)]
pub(crate) struct Document {
    status: StatusCode,
    data: Resource,
    included: Vec<Resource>,
    links: Option<Value>,
}

impl Document {
    pub(crate) fn new(data: Resource) -> Self {
        Self { status: StatusCode::OK, data, included: Vec::new(), links: None }
    }
    pub(crate) fn created(data: Resource) -> Self {
        Self { status: StatusCode::CREATED, ..Self::new(data) }
    }
    pub(crate) fn including(mut self, included: Vec<Resource>) -> Self {
        self.included = included;
        self
    }
    pub(crate) fn links(mut self, links: Value) -> Self {
        self.links = Some(links);
        self
    }
}

impl IntoResponse for Document {
    fn into_response(self) -> Response {
        let mut data = self.data.into_json();
        if let Some(links) = self.links {
            data["links"] = links;
        }
        let mut document = json!({ "data": data });
        if !self.included.is_empty() {
            document["included"] = self.included.into_iter().map(Resource::into_json).collect();
        }
        respond(self.status, &document)
    }
}

/// How much there is beside a page.
#[derive(Debug, Clone)]
enum Extent {
    /// So much in all.
    Total(i64),
    /// Whether something comes after it: counting would take longer than reading.
    More(bool),
    /// Where to go on, if something may come after it.
    Behind(Option<String>),
}

/// A document of many things. Without a page it is all of them.
#[derive(Debug)]
pub(crate) struct List {
    data: Vec<Resource>,
    page: Option<(Page, Extent)>,
    included: Vec<Resource>,
}

impl List {
    pub(crate) fn all(data: Vec<Resource>) -> Self {
        Self { data, page: None, included: Vec::new() }
    }
    pub(crate) fn page(data: Vec<Resource>, page: Page, total: i64) -> Self {
        Self { data, page: Some((page, Extent::Total(total))), included: Vec::new() }
    }
    /// A page that does not say how many there are in all: the vendor's API does so for long lists.
    pub(crate) fn uncounted(data: Vec<Resource>, page: Page, more: bool) -> Self {
        Self { data, page: Some((page, Extent::More(more))), included: Vec::new() }
    }
    /// A page of so many at most, and the cursor of the next one, if there may be more.
    pub(crate) fn continued(data: Vec<Resource>, size: i64, next: Option<String>) -> Self {
        Self { data, page: Some((Page { number: 1, size }, Extent::Behind(next))), included: Vec::new() }
    }
    /// The page of what was read as a whole.
    pub(crate) fn part(mut data: Vec<Resource>, page: Page) -> Self {
        let total = i64::try_from(data.len()).unwrap_or(i64::MAX);
        data.drain(..usize::try_from(page.offset()).unwrap_or(usize::MAX).min(data.len()));
        data.truncate(usize::try_from(page.size).unwrap_or(usize::MAX));
        Self::page(data, page, total)
    }
    pub(crate) fn including(mut self, included: Vec<Resource>) -> Self {
        self.included = included;
        self
    }
}

impl IntoResponse for List {
    fn into_response(self) -> Response {
        let total = i64::try_from(self.data.len()).unwrap_or(i64::MAX);
        let data: Vec<Value> = self.data.into_iter().map(Resource::into_json).collect();
        let whole = (Page { number: 1, size: total.max(1) }, Extent::Total(total));
        let (page, extent) = self.page.unwrap_or(whole);
        let mut pagination = json!({
            "current-page": page.number,
            "page-size": page.size,
            "prev-page": (page.number > 1).then_some(page.number - 1),
        });
        let more = match extent {
            Extent::More(more) => more,
            Extent::Behind(next) => {
                let pagination = json!({ "page-size": page.size, "next-cursor": next });
                return respond(StatusCode::OK, &json!({ "data": data, "meta": { "pagination": pagination } }));
            }
            Extent::Total(total) => {
                let pages = ((total + page.size - 1) / page.size).max(1);
                pagination["total-pages"] = pages.into();
                pagination["total-count"] = total.into();
                page.number < pages
            }
        };
        pagination["next-page"] = more.then_some(page.number + 1).into();
        let mut document = json!({ "data": data, "meta": { "pagination": pagination } });
        if !self.included.is_empty() {
            document["included"] = self.included.into_iter().map(Resource::into_json).collect();
        }
        respond(StatusCode::OK, &document)
    }
}

fn respond(status: StatusCode, document: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, MEDIA_TYPE)], document.to_string()).into_response()
}

/// Which page of a list.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Page {
    pub(crate) number: i64,
    pub(crate) size: i64,
}

impl Page {
    /// How many are before it.
    pub(crate) fn offset(self) -> i64 {
        (self.number - 1).saturating_mul(self.size)
    }
}

/// The query of a request. Keys that nobody knows are no error: clients send some (client contract 4, rule 9).
#[derive(Debug, Default)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }
    /// The page that is asked for: 20 things unless said otherwise, 100 at most.
    pub(crate) fn page(&self) -> Page {
        let number = |key| self.get(key).and_then(|text| text.parse::<i64>().ok());
        Page {
            number: number("page[number]").unwrap_or(1).clamp(1, 1_000_000),
            size: number("page[size]").unwrap_or(20).clamp(1, 100),
        }
    }
    /// Whether a related thing is to be included; both spellings are in use.
    pub(crate) fn includes(&self, name: &str) -> bool {
        let wanted = self.get("include").unwrap_or_default();
        wanted.split(',').any(|part| part.replace('-', "_") == name)
    }
    /// Field, operator and value of each `filter[i][FIELD][OPERATOR][j]`.
    ///
    /// # Errors
    /// The first name of a filter that has another shape: what it was to leave out would be answered.
    pub(crate) fn filters(&self) -> Result<Vec<(&str, &str, &str)>, &str> {
        fn read<'q>(name: &'q str, value: &'q str) -> Option<(&'q str, &'q str, &'q str)> {
            let number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
            let rest = name.strip_prefix("filter[")?.strip_suffix(']')?;
            let mut parts = rest.split("][");
            let (index, field, operator) = (parts.next()?, parts.next()?, parts.next()?);
            (number(index) && parts.next().is_none_or(number) && parts.next().is_none())
                .then_some((field, operator, value))
        }
        let filters = self.0.iter().filter(|(name, _)| name.starts_with("filter"));
        filters.map(|(name, value)| read(name, value).ok_or(name.as_str())).collect()
    }
    /// The pairs of `filter[tagged][i][key|value]`.
    pub(crate) fn tagged(&self) -> Vec<(String, String)> {
        let field = |name: &str, field: &str| -> Option<String> {
            let rest = name.strip_prefix("filter[tagged][")?;
            rest.split_once("][").filter(|(_, f)| f.strip_suffix(']') == Some(field)).map(|(index, _)| index.to_owned())
        };
        let keys = self.0.iter().filter_map(|(name, value)| Some((field(name, "key")?, value.clone())));
        keys.map(|(index, key)| {
            let value = self.0.iter().find(|(name, _)| field(name, "value").as_deref() == Some(&index));
            (key, value.map(|(_, value)| value.clone()).unwrap_or_default())
        })
        .collect()
    }
}

impl<S: Send + Sync> axum::extract::FromRequestParts<S> for Query {
    type Rejection = Failure;
    async fn from_request_parts(parts: &mut axum::http::request::Parts, state: &S) -> Result<Self, Failure> {
        let pairs = axum::extract::Query::<Vec<(String, String)>>::from_request_parts(parts, state).await;
        // An unreadable query is one without keys that anybody knows.
        Ok(Self(pairs.map(|axum::extract::Query(pairs)| pairs).unwrap_or_default()))
    }
}

/// The body of a request: a JSON:API document, a bare object, or nothing. Clients differ (client contract 4, rule 7): a missing or empty
/// type is no error, nor is an absent body where everything is optional.
#[derive(Debug)]
pub(crate) struct Body {
    data: Value,
}

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = Failure;
    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let bytes = Bytes::from_request(request, state)
            .await
            .map_err(|_| Error::TooLarge("the document is cut off, or larger than it may be".into()))?;
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Ok(Self { data: Value::Null });
        }
        let mut document: Value = serde_json::from_slice(&bytes).map_err(|e| {
            Error::Invalid(vec![Problem { attribute: String::new(), detail: format!("the body is no JSON: {e}") }])
        })?;
        // Postgres can keep none, and a site on SQLite may move there.
        if let Some(field) = field_with_nul(&document) {
            let what = if field.is_empty() { "A text" } else { field };
            return Err(Error::invalid(field, format!("{what} holds the NUL character; leave it out")).into());
        }
        if !document.is_object() {
            return Err(Error::Invalid(vec![Problem {
                attribute: String::new(),
                detail: "the body is no JSON object".into(),
            }])
            .into());
        }
        let data = document.get_mut("data").map(Value::take);
        Ok(Self { data: data.unwrap_or_else(|| json!({ "attributes": document })) })
    }
}

/// The innermost named field whose text holds NUL; an empty name where it is a name itself, or in no field.
fn field_with_nul(value: &Value) -> Option<&str> {
    match value {
        Value::String(text) if text.contains('\0') => Some(""),
        Value::Array(values) => values.iter().find_map(field_with_nul),
        Value::Object(fields) => fields.iter().find_map(|(name, value)| match field_with_nul(value) {
            _ if name.contains('\0') => Some(""),
            Some("") => Some(name.as_str()),
            found => found,
        }),
        _ => None,
    }
}

impl Body {
    /// Refuses a document about something else. Clients leave the type out, or empty, where it is clear.
    pub(crate) fn about(&self, kind: &str) -> Result<(), Error> {
        match self.data.get("type").and_then(Value::as_str) {
            Some(other) if !other.is_empty() && other != kind => {
                Err(Error::invalid("type", format!("Type is {other:?}; this address takes {kind:?}")))
            }
            _ => Ok(()),
        }
    }
    /// The type that the document says it is of; empty where it says none.
    pub(crate) fn kind(&self) -> &str {
        self.data.get("type").and_then(Value::as_str).unwrap_or_default()
    }
    /// Whether there is no document at all.
    pub(crate) fn is_absent(&self) -> bool {
        self.data.is_null()
    }
    /// An attribute, if it is there and not null; the wrong kind of JSON is an error that names it.
    pub(crate) fn attribute<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, Error> {
        match self.data.get("attributes").and_then(|attributes| attributes.get(name)) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => serde_json::from_value(value.clone())
                .map(Some)
                .map_err(|e| Error::invalid(name, format!("{name} is {e}"))),
        }
    }
    /// What is said of an attribute that can be cleared: nothing, null, or a value.
    pub(crate) fn change<T: DeserializeOwned>(&self, name: &str) -> Result<Option<Option<T>>, Error> {
        let said = self.data.get("attributes").is_some_and(|attributes| attributes.get(name).is_some());
        Ok(if said { Some(self.attribute(name)?) } else { None })
    }
    /// The id of the thing that a relationship points at.
    pub(crate) fn related(&self, name: &str) -> Option<&str> {
        self.data.get("relationships")?.get(name)?.get("data")?.get("id")?.as_str()
    }
    /// The ids of the things that a relationship points at, if it is there.
    pub(crate) fn related_many(&self, name: &str) -> Option<Vec<String>> {
        let list = self.data.get("relationships")?.get(name)?.get("data")?.as_array()?;
        Some(list.iter().filter_map(|one| one.get("id")?.as_str().map(str::to_owned)).collect())
    }
    /// The attributes of the things that a relationship carries along.
    pub(crate) fn carried(&self, name: &str) -> Vec<&Value> {
        let relationships = self.data.get("relationships").and_then(|r| r.get(name)).and_then(|r| r.get("data"));
        let list = relationships.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        list.iter().collect()
    }
    /// The things of a document that is a list.
    pub(crate) fn list(&self) -> &[Value] {
        self.data.as_array().map(Vec::as_slice).unwrap_or_default()
    }
}

/// The body of a request, as it streams in.
pub(crate) fn reader(body: axum::body::Body) -> app::Reader {
    Box::pin(StreamReader::new(body.into_data_stream().map_err(std::io::Error::other)))
}
