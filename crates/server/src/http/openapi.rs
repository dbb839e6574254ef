//! All of it for programs: an OpenAPI 3.1 document, made from the table of routes and the schemas of the wire.

use axum::routing::MethodFilter;
use serde_json::{Map, Value, json};

use super::{
    page::File,
    query::Kind,
    routes::{Means, ROUTES, Route, needs_token},
};
use crate::events::{KEY, STREAM_PATHS, TICKET};

/// Members of a wish that an address takes the place of.
const OF_SEVERAL: [&str; 4] = ["service", "services", "group", "all"];

/// What is sent with a request or comes back.
enum Content {
    /// Nothing.
    None,
    /// A value of the wire, by the name of its schema.
    Named(&'static str),
    /// A value with a shape of its own.
    Shaped(Value),
    /// A text of this type.
    Text(&'static str),
}

/// The document.
pub(super) fn document() -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for route in ROUTES {
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        if let Some(methods) = path.as_object_mut() {
            methods.insert(method(route.method).to_owned(), operation(route));
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Ostler",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "The local service supervisor. Every error is JSON with a code and a hint.",
        },
        "security": [{ "token": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "token": { "type": "http", "scheme": "bearer", "description": "`ostler token` prints it." },
                "stream_key": {
                    "type": "apiKey", "in": "query", "name": KEY,
                    "description": "Opens the streams alone; `ostler events --url` prints addresses with it.",
                },
                "ticket": {
                    "type": "apiKey", "in": "query", "name": TICKET,
                    "description": "Opens one stream once, within 30 s; POST /api/v1/tickets gives it.",
                },
            },
            "schemas": schemas(),
        },
    })
}

fn method(filter: MethodFilter) -> &'static str {
    match filter {
        MethodFilter::POST => "post",
        MethodFilter::PUT => "put",
        MethodFilter::DELETE => "delete",
        _ => "get",
    }
}

fn verb(filter: MethodFilter) -> http::Method {
    if filter == MethodFilter::GET { http::Method::GET } else { http::Method::POST }
}

fn operation(route: &Route) -> Value {
    let (summary, sent, answered) = described(route.means);
    let in_path = route.path.split(['{', '}']).skip(1).step_by(2).map(|name| {
        let schema = if name == "id" { json!({ "type": "integer", "minimum": 0 }) } else { text() };
        json!({ "name": name, "in": "path", "required": true, "schema": schema })
    });
    let in_query = route.means.parameters().iter().filter(|(name, _)| ![KEY, TICKET].contains(name)).map(
        |(name, kind)| {
            let schema = match kind {
                Kind::Text if *name == "wait" => json!({ "enum": ["accepted", "settled", "ready"] }),
                Kind::Text => text(),
                Kind::Number => json!({ "type": "integer", "minimum": 0, "maximum": u32::MAX }),
                Kind::Flag => json!({ "type": "boolean" }),
            };
            json!({ "name": name, "in": "query", "schema": schema })
        },
    );
    let parameters: Vec<Value> = in_path.chain(in_query).collect();
    let mut operation = json!({
        "summary": summary,
        "parameters": parameters,
        "responses": {
            "200": with_content(summary, &answered),
            "default": with_content("What went wrong, and how to mend it.", &Content::Named("error")),
        },
    });
    let Some(members) = operation.as_object_mut() else { return operation };
    if let Some(responses) = members.get_mut("responses").and_then(Value::as_object_mut) {
        match route.means {
            Means::Start | Means::Stop | Means::Restart | Means::RestartSeveral | Means::Reload => {
                let text = "It goes on; Location says where to look.";
                responses.insert("202".to_owned(), with_content(text, &Content::Shaped(started())));
            }
            Means::EventsSocket => {
                responses.remove("200");
                responses.insert("101".to_owned(), json!({ "description": summary }));
            }
            Means::Operation => {
                responses["200"]["content"]["text/event-stream"] = json!({ "schema": {} });
            }
            // The guard speaks in our shape, what is behind it in theirs.
            Means::SystemRestart | Means::SystemCustomRestart => {
                let either =
                    json!({ "anyOf": [{ "$ref": "#/components/schemas/error" }, dashboards_reply()] });
                let text = "What went wrong, and how to mend it.";
                responses.insert("default".to_owned(), with_content(text, &Content::Shaped(either)));
            }
            Means::PageHome => {
                responses.remove("200");
                responses.insert("308".to_owned(), json!({ "description": summary }));
            }
            _ => {}
        }
    }
    match sent {
        Content::None => {}
        sent => {
            let mut body = with_content("", &sent);
            // It may be empty, but its type must be said: that is what no page of another site can do unasked.
            body["required"] = true.into();
            members.insert("requestBody".to_owned(), body);
        }
    }
    if !needs_token(&verb(route.method), route.path) {
        members.insert("security".to_owned(), json!([{}]));
    } else if STREAM_PATHS.contains(&route.path) && route.method == MethodFilter::GET {
        members
            .insert("security".to_owned(), json!([{ "token": [] }, { "stream_key": [] }, { "ticket": [] }]));
    }
    operation
}

fn text() -> Value {
    json!({ "type": "string" })
}

fn with_content(description: &str, content: &Content) -> Value {
    let of = |kind: &str, schema: Value| json!({ "description": description, "content": { kind: { "schema": schema } } });
    match content {
        Content::None => json!({ "description": description }),
        Content::Named(name) => {
            of("application/json", json!({ "$ref": format!("#/components/schemas/{name}") }))
        }
        Content::Shaped(schema) => of("application/json", schema.clone()),
        // What stands here describes each event, to those who read it: its data is one JSON object in a line.
        Content::Text(kind @ "text/event-stream") => of(kind, json!({})),
        Content::Text(kind) => of(kind, text()),
    }
}

/// What a route does, what it is sent, and what it answers.
fn described(means: Means) -> (&'static str, Content, Content) {
    use Content::{Named, None, Shaped, Text};
    let object = || json!({ "type": "object" });
    let one = || Shaped(action_on_one());
    match means {
        Means::Health => ("Whether somebody lives; needs no token.", None, Shaped(object())),
        Means::OpenApi => ("This document.", None, Shaped(object())),
        Means::Status => {
            ("What is, with the event id after which the stream goes on.", None, Named("snapshot"))
        }
        Means::Services => ("All services.", None, Shaped(object())),
        Means::Service => ("A service.", None, Shaped(object())),
        Means::Logs => ("Output of a service.", None, Named("reply.logs")),
        Means::Why => ("Why a service is as it is.", None, Named("reply.why")),
        Means::Incidents => ("Frozen evidence of crashes.", None, Named("reply.incidents")),
        Means::Metrics => ("Use of CPU and memory.", None, Named("reply.metrics")),
        Means::Start => ("Starts a service; the body names none.", one(), Named("reply.action")),
        Means::Stop => ("Stops a service; the body names none.", one(), Named("reply.action")),
        Means::Restart => ("Gives a service a new run; the body names none.", one(), Named("reply.action")),
        Means::Reload => {
            ("Reads the configuration again.", Named("params.reload_config"), Named("reply.plan"))
        }
        Means::Events => ("What happens, as server-sent events.", None, Text("text/event-stream")),
        Means::Heartbeat => {
            ("That the supervisor lives, as server-sent events.", None, Text("text/event-stream"))
        }
        Means::EventsSocket => {
            ("The same over a WebSocket, as messages of type, id and data.", None, Text("text/plain"))
        }
        Means::Operations => ("What takes its time, and how it ended.", None, Shaped(object())),
        Means::Operation => (
            "How far an operation is; as a stream if text/event-stream is asked for.",
            None,
            Shaped(started()),
        ),
        Means::Publish => ("Tells all who listen.", Shaped(published()), Shaped(ids())),
        Means::Config => ("The configuration.", None, Named("reply.config_get")),
        Means::SaveConfig => {
            ("Another text of the configuration.", Named("params.config_save"), Named("reply.config_save"))
        }
        Means::Connections => ("Who is connected.", None, Named("reply.connections")),
        Means::DropConnection => ("Ends a connection.", None, Named("reply.drop_connection")),
        Means::OpenMetrics => ("Figures for collectors.", None, Text("application/openmetrics-text")),
        Means::System => ("All services, as dashboards know them.", None, Shaped(object())),
        Means::SystemRestart => (
            "Restarts a service, as dashboards ask.",
            Shaped(dashboards_restart(false)),
            Shaped(dashboards_reply()),
        ),
        Means::SystemCustomRestart => (
            "Restarts with commands before and after.",
            Shaped(dashboards_restart(true)),
            Shaped(dashboards_reply()),
        ),
        Means::Mode => ("The mode.", None, Shaped(object())),
        Means::SetMode => ("Another mode.", Named("params.set_mode"), Shaped(object())),
        Means::LogStream => (
            "The latest output of a service and what follows, as server-sent events.",
            None,
            Text("text/event-stream"),
        ),
        Means::RestartSeveral => (
            "Gives several services, a group or all a new run.",
            Named("params.action"),
            Named("reply.action"),
        ),
        Means::Ticket => (
            "A ticket for one stream, for clients that send no headers.",
            Shaped(nothing()),
            Shaped(ticket()),
        ),
        Means::Page(File::Index) => ("The web dashboard.", None, Text("text/html")),
        Means::Page(File::Script) => ("Its script.", None, Text("text/javascript")),
        Means::Page(File::Style) => ("Its style.", None, Text("text/css")),
        Means::Page(File::Icon) => ("Its icon.", None, Text("image/svg+xml")),
        Means::PageHome => ("The way to the web dashboard.", None, None),
        Means::SignIn => {
            ("A key for a code of `ostler dashboard`, or for the token.", Shaped(sign_in()), Shaped(object()))
        }
        Means::Proof => {
            ("Shows a page that has a key that this server knows it.", Shaped(doubt()), Shaped(object()))
        }
    }
}

/// An operation.
fn started() -> Value {
    json!({
        "type": "object",
        "required": ["id", "method", "state", "started_at"],
        "properties": {
            "id": { "type": "string" },
            "method": { "type": "string" },
            "service": { "type": ["string", "null"] },
            "state": { "enum": ["running", "done", "failed"] },
            "started_at": { "type": "string" },
            "finished_at": { "type": ["string", "null"] },
            "result": {},
            "error": {},
        },
    })
}

fn published() -> Value {
    let name = || json!({ "type": ["string", "null"], "minLength": 1, "maxLength": 128 });
    let event = json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["event_type"],
        "properties": {
            "event_type": { "type": "string", "minLength": 1, "maxLength": 128 },
            "data": { "type": "object" },
            "source": name(),
            "source_id": name(),
        },
    });
    json!({ "oneOf": [event, { "type": "array", "maxItems": crate::limits::PUBLISHED_AT_ONCE, "items": event }] })
}

/// The body of a wish whose address names the service.
fn action_on_one() -> Value {
    let mut schemas = schemas();
    let mut schema = schemas.remove("params.action").unwrap_or_default();
    if let Some(members) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        members.retain(|name, _| !OF_SEVERAL.contains(&name.as_str()));
    }
    schema
}

fn dashboards_restart(is_custom: bool) -> Value {
    let commands =
        json!({ "type": ["array", "null"], "items": { "$ref": "#/components/schemas/CommandRef" } });
    let args = json!({ "type": ["array", "null"], "items": { "type": "string" } });
    let mut members = json!({ "service": { "type": ["string", "null"] } });
    if is_custom {
        for (name, schema) in [
            ("pre_commands", commands.clone()),
            ("post_commands", commands),
            ("start_args", args.clone()),
            ("args", args),
            ("env_vars", json!({ "type": ["object", "null"], "additionalProperties": { "type": "string" } })),
        ] {
            members[name] = schema;
        }
    }
    json!({ "type": "object", "additionalProperties": false, "properties": members })
}

/// What dashboards are answered to their wishes, good or bad.
fn dashboards_reply() -> Value {
    json!({
        "type": "object",
        "required": ["success", "message", "data", "timestamp"],
        "properties": {
            "success": { "type": "boolean" },
            "message": { "type": "string" },
            "data": {},
            "timestamp": { "type": "string" },
        },
    })
}

fn nothing() -> Value {
    json!({ "type": "object", "additionalProperties": false })
}

fn ticket() -> Value {
    let members = json!({ "ticket": { "type": "string" }, "expires_in": { "type": "integer" } });
    json!({ "type": "object", "required": ["ticket", "expires_in"], "properties": members })
}

fn sign_in() -> Value {
    let one = |name: &str| {
        let members = json!({ name: { "type": "string" } });
        json!({ "type": "object", "additionalProperties": false, "required": [name], "properties": members })
    };
    json!({ "oneOf": [one("code"), one("token")] })
}

fn doubt() -> Value {
    let nonce = json!({ "type": "string", "pattern": "^[0-9A-Za-z]{32,128}$" });
    json!({
        "type": "object", "additionalProperties": false, "required": ["nonce"], "properties": { "nonce": nonce },
    })
}

fn ids() -> Value {
    json!({ "type": "object", "properties": { "ids": { "type": "array", "items": { "type": "string" } } } })
}

/// The schemas of the wire side by side, as this kind of document wants them.
fn schemas() -> Map<String, Value> {
    let mut all = Map::new();
    for (name, schema) in ostler_api::schemas() {
        let mut schema = schema.to_value();
        if let Some(members) = schema.as_object_mut() {
            members.remove("$schema");
            if let Some(Value::Object(parts)) = members.remove("$defs") {
                all.extend(parts);
            }
        }
        all.insert(name.to_owned(), schema);
    }
    all.values_mut().for_each(rename);
    all
}

/// Has references name the schemas where they are now.
fn rename(value: &mut Value) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(target)) = members.get_mut("$ref") {
                *target = target.replace("#/$defs/", "#/components/schemas/");
            }
            members.values_mut().for_each(rename);
        }
        Value::Array(all) => all.iter_mut().for_each(rename),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::Object(members) => {
                found.extend(members.get("$ref").and_then(Value::as_str));
                members.values().for_each(|value| references(value, found));
            }
            Value::Array(all) => all.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }

    #[test]
    fn every_route_is_described_and_every_reference_leads_somewhere() {
        let document = document();
        for route in ROUTES {
            let operation = &document["paths"][route.path][method(route.method)];
            assert!(operation["summary"].is_string(), "{}", route.path);
            let has_body = operation["requestBody"].is_object();
            assert_eq!(has_body, ["post", "put"].contains(&method(route.method)), "{}", route.path);
        }
        let mut found = Vec::new();
        references(&document, &mut found);
        assert!(found.len() > 100);
        for reference in found {
            let pointer = reference.strip_prefix('#').expect("a reference within the document");
            assert!(document.pointer(pointer).is_some(), "{reference}");
        }
    }
}
