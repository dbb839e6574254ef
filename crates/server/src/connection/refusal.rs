//! What is said when no handler can answer.

use ostler_api::{ApiError, ErrorCode};
use serde_json::Value;

use super::{dialect::Writer, tasks::Job};
use crate::{encode, limits::REQUEST_MAX};

pub(super) fn too_long(writer: Writer) -> Vec<u8> {
    let message = format!("the line is longer than {} MiB", REQUEST_MAX / 1024 / 1024);
    match writer {
        Writer::Person => format!("error: {message}\nhint: this connection is closed now\n\n").into_bytes(),
        Writer::Program | Writer::Nobody => {
            let error = ApiError::new(ErrorCode::TooLarge, message).hint("this connection is closed now");
            encode::error(&Value::Null, error)
        }
    }
}

pub(super) fn defect(job: Option<Job>) -> Vec<u8> {
    const MESSAGE: &str = "this is a defect of Ostler; everything else goes on";
    match job {
        Some(Job::Request(id)) => encode::error(&id, ApiError::new(ErrorCode::Internal, MESSAGE)),
        Some(Job::Command) => format!("error: {MESSAGE}\n\n").into_bytes(),
        Some(Job::Subscription(_)) | None => Vec::new(),
    }
}
