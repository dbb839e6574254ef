//! What is sent back.

use axum::{body::Body, response::Response};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use ostler_api::{ApiError, ErrorCode};
use serde::Serialize;

/// What every answer says: it is data for the one who asked, never a page, never kept.
const HEADERS: [(HeaderName, &str); 6] = [
    (header::CACHE_CONTROL, "no-store"),
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// A value as JSON.
pub(super) fn json<T: Serialize>(value: &T) -> Response {
    with_status(StatusCode::OK, value)
}

/// An error, with the status of its code.
pub(super) fn error(error: &ApiError) -> Response {
    let status = StatusCode::from_u16(error.code.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = with_status(status, error);
    let headers = response.headers_mut();
    if error.code == ErrorCode::Unauthenticated {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if status == StatusCode::SERVICE_UNAVAILABLE || status == StatusCode::TOO_MANY_REQUESTS {
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}

/// An error with a status of its own.
pub(super) fn refusal(status: StatusCode, error: &ApiError) -> Response {
    with_status(status, error)
}

/// Adds what every answer says.
pub(super) fn dress(headers: &mut HeaderMap) {
    for (name, value) in HEADERS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
}

/// A value as JSON, with a status.
pub(super) fn with_status<T: Serialize>(status: StatusCode, value: &T) -> Response {
    let mut text = serde_json::to_vec(value).expect("our own types are JSON");
    text.push(b'\n');
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
