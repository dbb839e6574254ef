//! The files of the web dashboard, as they were built into this program.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use axum::{body::Body, response::Response};
use http::{HeaderValue, StatusCode, header};

use super::rest::Asked;

/// Where the page is.
pub(super) const PAGE_PATH: &str = "/dashboard/";

/// What the page may do: load its own files and speak with this server. Nothing inline, nothing from elsewhere.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

/// A file of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum File {
    Index,
    Script,
    Style,
    Icon,
}

impl File {
    /// Its bytes and what they are.
    fn content(self) -> (&'static [u8], &'static str) {
        match self {
            Self::Index => {
                (include_bytes!("../../../../resources/dashboard/index.html"), "text/html; charset=utf-8")
            }
            Self::Script => {
                (include_bytes!("../../../../resources/dashboard/app.js"), "text/javascript; charset=utf-8")
            }
            Self::Style => {
                (include_bytes!("../../../../resources/dashboard/app.css"), "text/css; charset=utf-8")
            }
            Self::Icon => (include_bytes!("../../../../resources/dashboard/icon.svg"), "image/svg+xml"),
        }
    }
}

/// Answers with a file, or that the browser has it already.
pub(super) fn file(file: File, asked: &Asked) -> Response {
    let (bytes, kind) = file.content();
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    let tag = format!("\"{:016x}\"", hasher.finish());
    let has_it =
        asked.if_none_match.as_deref().is_some_and(|known| known.split(',').any(|one| one.trim() == tag));
    let mut response = Response::new(if has_it { Body::empty() } else { Body::from(bytes) });
    if has_it {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    // Asked for anew each time, because another version may be installed; mostly the answer is that nothing changed.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(header::ETAG, HeaderValue::from_str(&tag).expect("hexadecimal digits in quotes"));
    response
}

/// The way to the page from its name without the slash.
pub(super) fn home() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::PERMANENT_REDIRECT;
    response.headers_mut().insert(header::LOCATION, HeaderValue::from_static(PAGE_PATH));
    response
}
