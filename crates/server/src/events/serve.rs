//! What the control plane says of events: where they are, who listens, and one to try it with.

use jiff::Timestamp;
use ostler_api::{
    ApiError, DashboardCodeParams, DashboardCodeReply, EmitTestEventParams, EmitTestEventReply, ErrorCode,
    EventStatsReply, SubscribeEventsReply, TlsReply, Token,
};
use serde_json::Value;

use super::{EVENTS_PATH, HEARTBEAT_PATH, Hub, KEY, Published, hub::Door};
use crate::{
    TokenError, TokenSource,
    passes::{Bound, CODE_LIFE},
};

/// Who publishes over the control plane.
const CONTROL: &str = "control";
/// What is published if nothing else is said.
const TEST: &str = "test";
const MESSAGE: &str = "message";

impl Hub {
    /// The addresses of the streams, with a key that opens only them.
    ///
    /// # Errors
    /// Nothing is broadcast, HTTP is closed, or the token cannot be read.
    pub(crate) async fn addresses(&self) -> Result<SubscribeEventsReply, ApiError> {
        self.check_open()?;
        let Some(door) = self.door() else {
            let error = ApiError::new(ErrorCode::NotAvailable, "HTTP is closed, and the events are there");
            return Err(error.hint("set http.enabled = true; `ostler doctor` says what is in the way"));
        };
        let token = match &door.token {
            None => None,
            Some(source) => Some(source.read().await.map_err(|error| no_token(&error))?),
        };
        Ok(door.addresses(token.as_ref()))
    }

    /// Where a browser finds the dashboard, with a code that signs it in once if that is needed.
    ///
    /// # Errors
    /// HTTP is closed, or nothing random can be made.
    pub(crate) fn dashboard(&self, params: &DashboardCodeParams) -> Result<DashboardCodeReply, ApiError> {
        let Some(door) = self.door() else {
            let error = ApiError::new(ErrorCode::NotAvailable, "HTTP is closed, and the dashboard is there");
            return Err(error.hint("set http.enabled = true; `ostler doctor` says what is in the way"));
        };
        let url = format!("{}/dashboard/", door.url);
        if door.token.is_none() {
            return Ok(DashboardCodeReply { url, expires_in_seconds: None });
        }
        let bound = if params.own_user_only { Bound::OwnUser } else { Bound::Holder };
        let code = self.passes().code(bound)?;
        let url = format!("{url}#code={code}");
        Ok(DashboardCodeReply { url, expires_in_seconds: Some(CODE_LIFE.as_secs()) })
    }

    /// Publishes an event to try it with.
    ///
    /// # Errors
    /// As [`Hub::publish`]; the type is one that only the supervisor tells.
    pub(crate) fn emit(&self, params: EmitTestEventParams) -> Result<EmitTestEventReply, ApiError> {
        let EmitTestEventParams { event_type, mut data } = params;
        let event_type = event_type.unwrap_or_else(|| TEST.to_owned());
        if event_type == TEST {
            data.entry(MESSAGE).or_insert_with(|| Value::from("a test"));
        }
        let source = Some(CONTROL.to_owned());
        let draft = Published { event_type, data, source, source_id: None }.draft()?;
        let ids = self.publish(&[draft])?;
        Ok(EmitTestEventReply { id: ids.into_iter().next().unwrap_or_default() })
    }

    /// The certificate that HTTP shows.
    pub(crate) fn tls(&self) -> TlsReply {
        let Some(Door { url, tls, .. }) = self.door() else { return TlsReply::default() };
        match tls {
            Some(tls) => tls.reply(&url, Timestamp::now()),
            None => TlsReply { url: Some(url), ..TlsReply::default() },
        }
    }

    /// How it is used, with those numbers only that an editor asks for.
    pub(crate) fn brief_stats(&self) -> Value {
        let EventStatsReply { enabled, subscriber_count, events_emitted, events_url, lag_count, .. } =
            self.stats();
        serde_json::json!({
            "enabled": enabled,
            "subscriber_count": subscriber_count,
            "events_emitted": events_emitted,
            "events_url": events_url,
            "lag_count": lag_count,
        })
    }
}

impl Door {
    /// The addresses of the streams, with the key if one is needed.
    fn addresses(&self, token: Option<&Token>) -> SubscribeEventsReply {
        let Self { url, tls, .. } = self;
        let query = token.map(|token| format!("?{KEY}={}", token.stream_key())).unwrap_or_default();
        SubscribeEventsReply {
            events_url: format!("{url}{EVENTS_PATH}{query}"),
            heartbeat_url: format!("{url}{HEARTBEAT_PATH}{query}"),
            ca_file: tls.as_ref().map(|tls| tls.trusted_file().display().to_string()),
        }
    }

    /// The address of the events, as of now; none if the token cannot be read. May read a file.
    pub fn read(&self) -> Option<String> {
        match self.token.as_ref().map(TokenSource::token).transpose() {
            Ok(token) => Some(self.addresses(token.as_ref()).events_url),
            Err(error) => {
                tracing::warn!(%error, "nobody can be told where the events are");
                None
            }
        }
    }
}

fn no_token(error: &TokenError) -> ApiError {
    ApiError::new(ErrorCode::NotAvailable, "the token cannot be read").caused_by(error).hint(error.hint())
}
