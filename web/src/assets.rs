//! The static files: in the binary, under names that change with their bytes, so that a browser may keep them for ever.

use axum::{
    extract::Path,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use std::sync::LazyLock;

struct Asset {
    name: String,
    kind: &'static str,
    bytes: &'static [u8],
}

impl Asset {
    fn new(stem: &str, ending: &str, kind: &'static str, bytes: &'static [u8]) -> Self {
        Self { name: format!("{stem}-{:016x}.{ending}", fingerprint(bytes)), kind, bytes }
    }
    fn path(&self) -> String {
        format!("/static/{}", self.name)
    }
}

/// FNV-1a: it tells builds apart, it proves nothing.
fn fingerprint(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

static STYLE: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("terrane", "css", "text/css; charset=utf-8", include_bytes!("../static/terrane.css")));
static SCRIPT: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new("terrane", "js", "text/javascript; charset=utf-8", include_bytes!("../static/terrane.js"))
});
static LOGO: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("logo", "svg", "image/svg+xml", include_bytes!("../static/logo.svg")));

/// The address of the style sheet.
pub(crate) fn style() -> String {
    STYLE.path()
}
/// The address of the module.
pub(crate) fn script() -> String {
    SCRIPT.path()
}
/// The address of the logo.
pub(crate) fn logo() -> String {
    LOGO.path()
}

/// `GET /static/NAME`
pub(crate) async fn serve(Path(name): Path<String>, headers: HeaderMap) -> Response {
    let Some(asset) = [&*STYLE, &*SCRIPT, &*LOGO].into_iter().find(|asset| asset.name == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let tag = format!("\"{}\"", asset.name);
    let fresh = headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let keep = [(header::CACHE_CONTROL, "public, max-age=31536000, immutable".to_owned()), (header::ETAG, tag)];
    if fresh {
        return (StatusCode::NOT_MODIFIED, keep).into_response();
    }
    (keep, [(header::CONTENT_TYPE, asset.kind)], asset.bytes).into_response()
}
