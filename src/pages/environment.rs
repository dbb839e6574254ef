//! The environment that a service would get: names and origins. Values never come to the window.

use ostler_api::ServiceParams;
use ostler_view::{Record, plain};

use super::follow::{Answer, ask};
use crate::records::Source;

/// The variables in order of name.
pub(crate) const ENVIRONMENT: Source = Source {
    name: "environment",
    roles: &["name", "origin"],
    needs_subject: true,
    feed: |reach, service, feed| {
        Box::pin(ask(reach, feed, move |client| {
            let params = ServiceParams { service: Some(service.clone()) };
            async move {
                let variables = client.env(&params).await?.variables;
                let record = |it: &ostler_api::EnvVariable| {
                    Record::new(&it.name).with(plain(&it.name)).with(plain(&it.origin))
                };
                Ok(Answer(variables.iter().map(record).collect()))
            }
        }))
    },
};
