//! What is said when no handler can answer.

use ostler_api::{ApiError, ErrorCode};
use serde_json::Value;

use super::{dialect::Writer, tasks::Job};
use crate::{encode, limits::REQUEST_MAX, text};

pub(super) fn too_long(writer: Writer) -> Vec<u8> {
    let message = format!("the line is longer than {} MiB", REQUEST_MAX / 1024 / 1024);
    let error = ApiError::new(ErrorCode::TooLarge, message).hint("this connection is closed now");
    match writer {
        Writer::Person => text::refusal(&error).into_bytes(),
        Writer::Program | Writer::Nobody => encode::error(&Value::Null, error),
        Writer::Foreign(dialect) => dialect.refusal(&error),
    }
}

pub(super) fn defect(job: Option<Job>) -> Vec<u8> {
    let error = ApiError::new(ErrorCode::Internal, "this is a defect of Ostler; everything else goes on");
    match job {
        Some(Job::Request(id)) => encode::error(&id, error),
        Some(Job::Command) => text::refusal(&error).into_bytes(),
        Some(Job::Turn(dialect)) => dialect.refusal(&error),
        Some(Job::Subscription(_)) | None => Vec::new(),
    }
}
