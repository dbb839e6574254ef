//! What is shown: resolved keys, the schema, refusals for people; and that secrets never are.

mod common;

use common::Memory;
use ostler_config::{
    Override, Overrides, ResolvedKey, ResolvedOrigin, Secret, engine_id, is_secret_key, resolved, schema,
};
use serde_json::Value;

const FULL: &str = include_str!("full.toml");

fn machine(text: &str) -> Memory {
    Memory::with(text).variable("API_TOKEN", "s3cret")
}

fn keys(text: &str, overrides: &Overrides) -> Vec<ResolvedKey> {
    resolved(&machine(text).load().unwrap_or_else(|rejected| panic!("{rejected}")), overrides)
}

fn find<'a>(keys: &'a [ResolvedKey], path: &str) -> &'a ResolvedKey {
    keys.iter().find(|key| key.path == path).unwrap_or_else(|| panic!("no {path}"))
}

#[test]
fn every_key_in_force_is_shown_with_its_origin() {
    let keys = keys(FULL, &Overrides::default());
    let shown = |path: &str| {
        let key = find(&keys, path);
        format!("{} ({})", key.value, key.origin)
    };
    assert_eq!(shown("services.api.restart.delay"), "\"1s\" (/etc/ostler/ostler.toml:58)");
    assert_eq!(
        shown("services.api.restart.immediate"),
        "false (defaults.restart.immediate, /etc/ostler/ostler.toml:12)"
    );
    assert_eq!(shown("services.api.restart.window"), "\"10min\" (default)");
    assert_eq!(
        shown("services.db.logs.max_files"),
        "7 (defaults.logs.max_files, /etc/ostler/ostler.toml:17)"
    );
    assert_eq!(
        shown("services.api.live.timeout"),
        "\"4s\" (defaults.health.timeout, /etc/ostler/ostler.toml:15)"
    );
    assert_eq!(shown("services.db.stop.grace"), "\"10s\" (default)");
    assert_eq!(shown("control.socket"), "true (default)");
    assert_eq!(
        shown("services.api.rlimits"),
        "{ nofile = 65536, core = \"unlimited\" } (/etc/ostler/ostler.toml:42)"
    );
    assert_eq!(
        shown("services.api.args"),
        "[\"--port\", \"${port}\", \"--of\", \"${instance}\"] (/etc/ostler/ostler.toml:21)"
    );
    assert!(
        keys.iter().all(|key| !key.path.starts_with("services.db.live")),
        "what is not there has no defaults"
    );
}

#[test]
fn overrides_are_shown_and_applied() {
    let world = Memory::default()
        .variable("OSTLER_PORT", "9999")
        .variable("SUPERVISOR_PORT", "1")
        .variable("SUPERVISOR_LOG_LEVEL", "WARNING")
        .variable("OSTLER_HTTP_PORT", "8888")
        .variable("OSTLER_TOKEN", "s3cret")
        .variable("OSTLER_HOST", "");
    let environment = Overrides::from_env(&world).expect("all are right");
    let flags = Overrides { host: Some(Override::new("::1".to_owned(), "--host")), ..Overrides::default() };
    let overrides = flags.or(environment);
    assert_eq!(
        overrides.token.as_ref().map(|token| token.value.clone()),
        Some(Secret::new("s3cret".to_owned()))
    );
    let mut config = machine("").load().expect("it is right").config;
    overrides.apply(&mut config);
    assert_eq!((config.control.tcp, config.control.port, config.control.host.as_str()), (true, 9999, "::1"));
    assert_eq!((config.http.port, config.supervisor.log_level.as_str()), (8888, "warn"));
    let keys = keys("", &overrides);
    assert_eq!(find(&keys, "control.port").origin, ResolvedOrigin::Override("OSTLER_PORT".to_owned()));
    assert_eq!(find(&keys, "control.tcp").value, "true");
    assert_eq!(find(&keys, "control.host").origin.to_string(), "--host");
    assert!(!format!("{overrides:?} {keys:?}").contains("s3cret"));
}

#[test]
fn variables_that_cannot_be_used_are_all_told() {
    let world = Memory::default().variable("OSTLER_PORT", "0").variable("SUPERVISOR_HOST", "a b");
    let errors = Overrides::from_env(&world).expect_err("both are wrong");
    let told: Vec<String> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "SUPERVISOR_HOST: \"a b\" is neither an IP address nor a host name",
            "OSTLER_PORT: must be a port from 1 to 65535, found \"0\""
        ]
    );
}

#[test]
fn secret_names_are_known() {
    for name in ["TOKEN", "api_token", "GitHubToken", "MY_SECRET", "db_password", "SSH_KEY", "Authorization"]
    {
        assert!(is_secret_key(name), "{name}");
    }
    for name in ["PORT", "tcp_auth", "RUST_LOG", "PATH"] {
        assert!(!is_secret_key(name), "{name}");
    }
}

#[test]
fn secrets_are_shown_nowhere() {
    let text = "[services.api]\ncommand = \"run\"\nargs = [\"${env:API_TOKEN}\"]\n\
        env = { API_KEY = \"canary1\", PLAIN = \"${env:API_TOKEN}\" }\n\
        [services.api.env-file]\n";
    let rejected = machine(text).load().expect_err("it is refused");
    assert!(!format!("{rejected} {rejected:?}").contains("s3cret"));
    let right = text.replace("[services.api.env-file]\n", "");
    let loaded = machine(&right).load().expect("it is right");
    let shown = format!("{:?} {:?}", loaded.config, resolved(&loaded, &Overrides::default()));
    assert!(!shown.contains("s3cret") && !shown.contains("canary1"), "{shown}");
}

#[test]
fn refusals_mask_secrets_of_the_line_they_show() {
    let cases = [
        "[services.api]\ncommand = \"x\"\nenv = { A_TOKEN = \"canary\", B = 1 }",
        "[services.api]\ncommand = \"x\"\nenv = { A_TOKEN = 424242 }",
        "[services.api]\ncommand = \"x\"\nenv = { A_TOKEN = \"canary\" x",
        "[services.api]\ncommand = \"x\"\nenv.PASSWORD = \"canary",
        "[services.api]\ncommand = \"x\"\nenv.\"MY PASSWORD\" = [\"canary\"]",
        "[http]\nenabled = false\ntls = { key = 'canary', self_signed = 1 }",
        "[services.api]\ncommand = \"x\"\nenv.KEY = \"\"\"\ncanary \\q \"\"\"",
        "[services.api]\ncommand = \"x\"\nenv.KEY = canary",
        "[services.api]\ncommand = \"x\"\nenv = { B = 1, KEY = canary }",
        "[services.api.env]\nA_KEY: canary",
        "[services.api]\ncommand = \"${env:API_TOKEN} a b\"",
        "[services.api]\ncommand = \"x\"\n[services.api.ready]\nhttp = \"${env:API_TOKEN}\"",
        "[services.api]\ncommand = \"x\"\n[services.api.ready]\ntcp = \"h:1\"\nheaders = { Authorization = \"canary\" }",
    ];
    for text in cases {
        let rejected = machine(text).load().expect_err("it is refused");
        let shown = rejected.to_string();
        let is_clean = ["canary", "424242", "s3cret"].iter().all(|secret| !shown.contains(secret));
        assert!(is_clean, "{shown}");
    }
}

#[test]
fn a_refusal_shows_the_line_and_points_at_the_place() {
    let rejected =
        machine("[services.api]\ncommand = \"x\"\n\tprots = [80]\nnice = 99\n").load().expect_err("refused");
    assert_eq!(
        rejected.to_string(),
        "error: services.api.prots: unknown key `prots`
  --> /etc/ostler/ostler.toml:3:2
3 |  prots = [80]
  |  ^^^^^
  = did you mean `ports`? For example: ports = { http = 8080, metrics = \"auto\" }

error: services.api.nice: `nice` must be an integer from -20 to 19, found the integer 99
  --> /etc/ostler/ostler.toml:4:8
4 | nice = 99
  |        ^^
  = write for example nice = 5

2 mistakes in the configuration"
    );
}

/// Whether a path of keys is described by the schema.
fn describes(schema: &Value, path: &[&str]) -> bool {
    let Some((first, rest)) = path.split_first() else { return true };
    let alternatives = schema["anyOf"].as_array().into_iter().flatten();
    let below = [&schema["properties"][first], &schema["additionalProperties"], &schema["items"]];
    below.into_iter().any(|inner| inner.is_object() && describes(inner, rest))
        || alternatives.into_iter().any(|inner| describes(inner, path))
}

#[test]
fn the_schema_knows_every_key_and_no_other() {
    let schema = schema();
    assert_eq!(schema["$schema"], "http://json-schema.org/draft-07/schema#");
    let loaded = machine(FULL).load().expect("it is right");
    for (path, _) in loaded.origins.iter() {
        assert!(describes(&schema, &path.split('.').collect::<Vec<_>>()), "{path}");
    }
    for path in [&["services", "api", "prots"][..], &["supervisor", "x"], &["x"]] {
        assert!(!describes(&schema, path), "{path:?}");
    }
    let delay = &schema["properties"]["defaults"]["properties"]["restart"]["properties"]["delay"];
    assert_eq!(delay["default"], "5s");
    assert_eq!(delay["examples"][0], "5s");
    assert!(delay["description"].as_str().is_some_and(|doc| doc.contains("backoff")));
}

/// Every key of the schema that stands in a section, with its example.
fn examples(schema: &Value, path: &str, all: &mut Vec<(String, Value, bool)>) {
    for (name, key) in schema["properties"].as_object().into_iter().flatten() {
        let path = format!("{path}.{name}");
        assert!(!key["description"].as_str().unwrap_or_default().is_empty(), "{path} has a description");
        assert!(!key["examples"][0].is_null(), "{path} has an example");
        all.push((path.clone(), key["examples"][0].clone(), key["properties"].is_null()));
        examples(key, &path, all);
        examples(&key["additionalProperties"], &format!("{path}.*"), all);
        examples(&key["items"], &format!("{path}.*"), all);
    }
}

#[test]
fn every_key_of_the_schema_has_words_and_an_example_that_is_right() {
    let mut all = Vec::new();
    examples(&schema(), "", &mut all);
    assert!(all.len() > 200, "{}", all.len());
    for (path, example, is_leaf) in all {
        let Some(name) = path.strip_prefix(".services.*.").filter(|_| is_leaf) else { continue };
        if name.contains('.') {
            continue;
        }
        let value = toml::Value::try_from(&example).expect("it is TOML too");
        let text = format!("[services.api]\n{name} = {value}\n");
        let refused = machine(&text).load().err();
        let about: Vec<_> = refused
            .iter()
            .flat_map(|refused| &refused.diagnostics)
            .filter(|d| {
                d.path.ends_with(name) && !d.message.contains("no ports") && !d.message.contains("cannot go")
            })
            .collect();
        assert!(about.is_empty() || matches!(name, "schedule" | "modes" | "ready"), "{text}: {about:?}");
    }
}

#[test]
fn an_engine_has_the_identity_of_its_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("ostler.toml");
    let before = engine_id(&file);
    std::fs::write(&file, "").expect("a file");
    assert_eq!(engine_id(&file), before, "also before the file exists");
    assert_eq!(before.len(), 8);
    assert_eq!(engine_id(&folder.path().join(".").join("ostler.toml")), before);
    if let Some(default) = ostler_config::default_path() {
        assert_eq!(engine_id(&default), "default");
    }
}
