//! `ostler config set|unset`, `add`, `remove`, `enable`, `disable`: one key at a time.

use ostler_api::{ApiError, ConfigEditParams, ErrorCode};
use ostler_config::{
    MASK,
    edit::{KeyPath, from_words, literal},
    is_secret_key,
};
use ostler_host::saving::SaveWish;
use serde_json::{Map, Value, json};

use crate::{
    context::Context,
    failure::{Failure, OK, Outcome},
    saving::{Saver, saved_text},
    term,
};

const ADD_EXAMPLES: &str = "\
Examples:
  ostler add web -- npm run dev
  ostler add api --dir ~/api --ports 8080 --ready-http http://127.0.0.1:${port}/health -- ./server -v
  ostler add db --disabled --env PGDATA=/tmp/db -- postgres";
const REMOVE_EXAMPLES: &str = "\
Examples:
  ostler remove web              its part of the file goes, with the comment above it
  ostler config history          what was is kept: ostler config restore ID";
const ENABLE_EXAMPLES: &str = "\
Examples:
  ostler enable web              start it with the supervisor, and now
  ostler disable web db          stop them, and leave them down";

/// Add a service to the configuration
#[derive(Debug, clap::Args)]
#[command(after_help = ADD_EXAMPLES)]
pub(crate) struct Add {
    /// Its name: small letters, digits, - and _
    name: String,
    /// The folder it works in
    #[arg(long, value_name = "DIR")]
    dir: Option<String>,
    /// A variable; may be given several times
    #[arg(long, value_name = "NAME=VALUE")]
    env: Vec<String>,
    /// Its port, as ${port} and PORT; a number or auto
    #[arg(long)]
    ports: Option<String>,
    /// It is ready when this URL answers
    #[arg(long, value_name = "URL")]
    ready_http: Option<String>,
    /// The heading it is shown under
    #[arg(long)]
    group: Option<String>,
    /// Do not start it
    #[arg(long)]
    disabled: bool,
    /// The program and its arguments
    #[arg(last = true, required = true, value_name = "CMD")]
    command: Vec<String>,
}

/// Remove services from the configuration
#[derive(Debug, clap::Args)]
#[command(after_help = REMOVE_EXAMPLES)]
pub(crate) struct Remove {
    /// The services
    #[arg(required = true)]
    names: Vec<String>,
    /// Do not ask
    #[arg(long, short = 'y')]
    yes: bool,
}

/// Which services.
#[derive(Debug, clap::Args)]
#[command(after_help = ENABLE_EXAMPLES)]
pub(crate) struct Names {
    /// The services
    #[arg(required = true)]
    names: Vec<String>,
}

/// Adds a service.
pub(crate) async fn add(args: Add, context: &mut Context) -> Outcome {
    if context.global.port.is_some() && args.ports.is_none() {
        return Err(Failure::new(
            ErrorCode::InvalidParams,
            "--port names the engine's port, not the service's",
            "give the service's with --ports; the engine's with OSTLER_PORT",
        ));
    }
    let saver = Saver::new(context).await?;
    let path = KeyPath::of_keys(["services", &args.name]).to_string();
    if find(&saver, &args.name)? {
        return Err(Failure::new(
            ErrorCode::Conflict,
            format!("there is a service {} already", args.name),
            format!("choose another name, or change it: ostler config set {path}.KEY VALUE"),
        ));
    }
    let value = service(&args)?;
    change(&saver, context, &path, value, &format!("added {}", args.name)).await
}

fn service(args: &Add) -> Result<Value, Failure> {
    let mut service = Map::new();
    let (program, rest) = args.command.split_first().map_or(("", &[][..]), |(it, rest)| (it.as_str(), rest));
    service.insert("command".to_owned(), program.into());
    if !rest.is_empty() {
        service.insert("args".to_owned(), rest.into());
    }
    if let Some(dir) = &args.dir {
        // Relative to where the command is typed, not to the file.
        let dir = std::path::absolute(dir).map_or_else(|_| dir.clone(), |dir| dir.display().to_string());
        service.insert("working_dir".to_owned(), dir.into());
    }
    let mut variables = Map::new();
    for pair in &args.env {
        let (name, value) = pair.split_once('=').ok_or_else(|| {
            let message = format!("{pair:?} is no NAME=VALUE");
            Failure::new(ErrorCode::InvalidParams, message, "write it as in --env LEVEL=debug")
        })?;
        variables.insert(name.to_owned(), value.into());
    }
    if !variables.is_empty() {
        service.insert("env".to_owned(), variables.into());
    }
    if let Some(port) = &args.ports {
        let port = port.parse::<u16>().map_or_else(|_| port.as_str().into(), Value::from);
        service.insert("ports".to_owned(), json!([port]));
    }
    if let Some(url) = &args.ready_http {
        service.insert("ready".to_owned(), json!({ "http": url }));
    }
    if let Some(group) = &args.group {
        service.insert("group".to_owned(), group.as_str().into());
    }
    if args.disabled {
        service.insert("enabled".to_owned(), false.into());
    }
    Ok(service.into())
}

/// Removes services.
pub(crate) async fn remove(args: Remove, context: &mut Context) -> Outcome {
    let saver = Saver::new(context).await?;
    for name in &args.names {
        known(&saver, name)?;
    }
    let question = format!("Remove {} from the configuration?", args.names.join(", "));
    if !args.yes && term::can_ask() && !term::ask(&question) {
        return Err(ApiError::new(ErrorCode::Conflict, "nothing was removed").into());
    }
    for name in &args.names {
        let path = KeyPath::of_keys(["services", name]).to_string();
        change(&saver, context, &path, Value::Null, &format!("removed {name}")).await?;
    }
    Ok(OK)
}

/// Has services start with the supervisor, or not.
pub(crate) async fn enable(args: Names, is_enabled: bool, context: &mut Context) -> Outcome {
    let saver = Saver::new(context).await?;
    for name in &args.names {
        known(&saver, name)?;
    }
    for name in &args.names {
        let path = KeyPath::of_keys(["services", name, "enabled"]).to_string();
        let what = format!("{path} = {is_enabled}");
        change(&saver, context, &path, is_enabled.into(), &what).await?;
    }
    Ok(OK)
}

/// Sets a key.
pub(crate) async fn set(key: &str, value: &str, context: &mut Context) -> Outcome {
    let saver = Saver::new(context).await?;
    let path = KeyPath::parse(key).map_err(|error| bad_key(&error.to_string()))?;
    let value = from_words(&path, value);
    let is_secret = is_secret_key(key);
    let what = format!("{path} = {}", if is_secret { MASK.to_owned() } else { literal(&value) });
    let value = serde_json::to_value(&value).map_err(|error| bad_key(&error.to_string()))?;
    change(&saver, context, &path.to_string(), value, &what).await
}

/// Removes a key.
pub(crate) async fn unset(key: &str, context: &mut Context) -> Outcome {
    let saver = Saver::new(context).await?;
    let path = KeyPath::parse(key).map_err(|error| bad_key(&error.to_string()))?;
    change(&saver, context, &path.to_string(), Value::Null, &format!("removed {path}")).await
}

async fn change(saver: &Saver, context: &mut Context, path: &str, value: Value, what: &str) -> Outcome {
    let params = ConfigEditParams { path: path.to_owned(), value, base_hash: None };
    let reply = saver.save(&SaveWish::Edit(params)).await?;
    context.out.either(&reply, || saved_text(&reply, what, saver.has_engine()))?;
    Ok(OK)
}

fn known(saver: &Saver, name: &str) -> Result<(), Failure> {
    if find(saver, name)? {
        return Ok(());
    }
    Err(Failure::new(
        ErrorCode::UnknownService,
        format!("there is no service {name} in the configuration"),
        "list them: ostler status; add one: ostler add NAME -- COMMAND",
    ))
}

fn find(saver: &Saver, name: &str) -> Result<bool, Failure> {
    let present = saver.store.present();
    let present = present.map_err(|error| ostler_host::saving::told(&saver.store, error))?;
    Ok(present.has_service(name))
}

fn bad_key(message: &str) -> Failure {
    Failure::new(ErrorCode::InvalidParams, message, "a key is written as services.api.restart.delay")
}
