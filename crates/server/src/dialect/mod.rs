//! Two dialects that clients of other supervisors speak, translated to the same handlers.
//!
//! Their lines are read by the same strict reader and obey the same bounds as JSON-RPC; a connection may mix all of
//! them. Neither has ids, so that one line is answered before the next is read.

mod type_tagged;
mod variant_tagged;
mod words;

use std::sync::Arc;

use ostler_api::{ApiError, Method};
use ostler_engine::{Actor, EngineHandle};
use serde_json::{Map, Value};

pub(crate) use variant_tagged::{meant, restarted as custom_restart};
pub(crate) use words::of_error as error_text;

use crate::{clients::Seat, events::Hub};

/// What a dialect needs to answer.
#[derive(Debug)]
pub(crate) struct Caller {
    pub(crate) engine: EngineHandle,
    pub(crate) actor: Actor,
    pub(crate) seat: Arc<Seat>,
    pub(crate) hub: Arc<Hub>,
}

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// `{"type":"Status"}`.
    TypeTagged,
    /// `"Status"`, `{"Restart":{…}}`.
    VariantTagged,
}

/// A line of one of the dialects that can be answered.
#[derive(Debug)]
pub(crate) enum Turn {
    TypeTagged(type_tagged::Request),
    VariantTagged(variant_tagged::Request),
}

impl Dialect {
    /// The reply that says why not.
    pub(crate) fn refusal(self, error: &ApiError) -> Vec<u8> {
        match self {
            Self::TypeTagged => type_tagged::refusal(error),
            Self::VariantTagged => variant_tagged::refusal(error),
        }
    }
}

impl Turn {
    /// Reads an object with a `type`.
    ///
    /// # Errors
    /// The type is unknown, or its fields are wrong.
    pub(crate) fn type_tagged(members: Map<String, Value>) -> Result<Self, ApiError> {
        type_tagged::Request::read(members).map(Self::TypeTagged)
    }

    /// Reads a text, or the key and the value of an object.
    ///
    /// # Errors
    /// The variant is unknown, or its body is wrong.
    pub(crate) fn variant_tagged(name: &str, body: Value) -> Result<Self, ApiError> {
        variant_tagged::Request::read(name, body).map(Self::VariantTagged)
    }

    /// Which dialect it speaks.
    pub(crate) fn dialect(&self) -> Dialect {
        match self {
            Self::TypeTagged(_) => Dialect::TypeTagged,
            Self::VariantTagged(_) => Dialect::VariantTagged,
        }
    }

    /// The method that it stands for, with the parameters that are given: what may do one may do the other.
    pub(crate) fn stands_for(&self) -> (Method, Value) {
        match self {
            Self::TypeTagged(request) => request.stands_for(),
            Self::VariantTagged(request) => request.stands_for(),
        }
    }

    /// The name that the client gives itself, if this is where it does.
    pub(crate) fn client(&self) -> Option<&str> {
        match self {
            Self::TypeTagged(request) => request.client(),
            Self::VariantTagged(_) => None,
        }
    }

    /// Answers with one line.
    pub(crate) async fn answer(self, caller: &Caller) -> Vec<u8> {
        match self {
            Self::TypeTagged(request) => type_tagged::answer(request, caller).await,
            Self::VariantTagged(request) => variant_tagged::answer(request, caller).await,
        }
    }
}
