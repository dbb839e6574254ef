//! Signing in, tickets and the files of the page.

use std::sync::Arc;

use http::StatusCode;
use ostler_api::{DashboardCodeParams, Token};
use serde_json::{Value, json};

use super::tests::{TOKEN, ask, request, shared, site, text, value};
use crate::{HttpFront, HttpRules, TokenSource, connection::Shared};

/// As if the port were bound: the door is where codes and keys come from.
async fn open(shared: &Arc<Shared>, token: Option<&str>) {
    let token = token.map(|token| TokenSource::Fixed(Token::new(token).unwrap()));
    let rules = HttpRules {
        allowed_hosts: Vec::new(),
        allowed_origins: Vec::new(),
        trusted_proxies: Vec::new(),
        token,
        tls: None,
    };
    let front = HttpFront::bind("127.0.0.1", 0, false, rules).await.unwrap();
    shared.hub.set_door(Some(front.events_address()));
}

fn code(shared: &Shared, own_user_only: bool) -> String {
    let reply = shared.hub.dashboard(&DashboardCodeParams { own_user_only }).unwrap();
    let (page, code) = reply.url.split_once("#code=").unwrap();
    assert!(page.starts_with("http://127.0.0.1:") && page.ends_with("/dashboard/"), "{page}");
    assert_eq!(reply.expires_in_seconds, Some(60));
    code.to_owned()
}

const NO_TOKEN: (&str, &str) = ("authorization", "");

#[tokio::test(start_paused = true)]
async fn a_code_becomes_a_key_that_opens_what_the_token_opens() {
    let shared = shared();
    open(&shared, Some(TOKEN)).await;
    let site = site(&shared, Some(TOKEN));
    let sign_in = async |body: Value| {
        let response =
            ask(&site, &shared, request("POST", "/dashboard/session", &[NO_TOKEN], &body.to_string())).await;
        (response.status().as_u16(), value(response).await)
    };
    let code = code(&shared, false);
    let (status, said) = sign_in(json!({ "code": code })).await;
    assert_eq!(
        (status, said["key"].as_str()),
        (200, Some(Token::new(TOKEN).unwrap().dashboard_key().as_str()))
    );
    let bearer = format!("Bearer {}", said["key"].as_str().unwrap());
    let response =
        ask(&site, &shared, request("GET", "/openapi.json", &[("authorization", &bearer)], "")).await;
    assert_eq!(response.status(), StatusCode::OK);
    let (status, said) = sign_in(json!({ "code": code })).await;
    assert_eq!((status, said["code"].as_str()), (401, Some("unauthenticated")), "once");
    assert!(said["hint"].as_str().unwrap().contains("ostler dashboard"));
    assert_eq!(sign_in(json!({ "token": TOKEN })).await.0, 200);
    assert_eq!(sign_in(json!({ "token": "0123456789abcdef" })).await.0, 401);
    for body in [json!({}), json!({ "code": "x", "token": "y" }), json!({ "no_such": 1 }), json!([1])] {
        assert_eq!(sign_in(body).await.0, 400);
    }
}

#[tokio::test]
async fn a_code_that_others_could_see_is_of_no_use_to_them() {
    let shared = shared();
    open(&shared, Some(TOKEN)).await;
    let site = site(&shared, Some(TOKEN));
    // Nobody of this user has the other end of a connection that does not exist.
    let body = json!({ "code": code(&shared, true) }).to_string();
    let response = ask(&site, &shared, request("POST", "/dashboard/session", &[NO_TOKEN], &body)).await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn without_a_token_nobody_signs_in() {
    let shared = shared();
    open(&shared, None).await;
    let site = site(&shared, None);
    let reply = shared.hub.dashboard(&DashboardCodeParams::default()).unwrap();
    assert!(reply.url.ends_with("/dashboard/") && reply.expires_in_seconds.is_none());
    let response = ask(&site, &shared, request("POST", "/dashboard/session", &[NO_TOKEN], "{}")).await;
    assert_eq!(value(response).await, json!({ "key": null }));
    shared.hub.set_door(None);
    assert!(shared.hub.dashboard(&DashboardCodeParams::default()).is_err(), "HTTP is closed");
}

#[tokio::test]
async fn the_server_proves_that_it_knows_the_key() {
    let shared = shared();
    open(&shared, Some(TOKEN)).await;
    let site = site(&shared, Some(TOKEN));
    let nonce = "0123456789abcdef0123456789abcdef";
    let body = json!({ "nonce": nonce }).to_string();
    let response = ask(&site, &shared, request("POST", "/dashboard/proof", &[NO_TOKEN], &body)).await;
    assert_eq!(
        value(response).await["proof"],
        Token::new(TOKEN).unwrap().dashboard_proof("127.0.0.1:3457", nonce)
    );
    let response =
        ask(&site, &shared, request("POST", "/dashboard/proof", &[NO_TOKEN], "{\"nonce\":\"x\"}")).await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test(start_paused = true)]
async fn a_ticket_opens_one_stream_once() {
    let shared = shared();
    let site = site(&shared, Some(TOKEN));
    let ticket = async || {
        let response = ask(&site, &shared, request("POST", "/api/v1/tickets", &[], "")).await;
        let said = value(response).await;
        assert_eq!(said["expires_in"], 30);
        said["ticket"].as_str().unwrap().to_owned()
    };
    let check = async |method: &str, path: String, headers: &[(&str, &str)], status: u16| {
        let response = ask(&site, &shared, request(method, &path, headers, "{}")).await;
        assert_eq!(response.status().as_u16(), status, "{method} {path} {headers:?}");
    };
    for path in ["/supervisor/events", "/supervisor/heartbeat"] {
        let good = ticket().await;
        check("GET", format!("{path}?ticket={good}"), &[NO_TOKEN, ("origin", "null")], 403).await;
        check("GET", format!("{path}?ticket={good}"), &[NO_TOKEN], 200).await;
        check("GET", format!("{path}?ticket={good}"), &[NO_TOKEN], 401).await;
        check("GET", format!("{path}?ticket="), &[NO_TOKEN], 401).await;
    }
    let good = ticket().await;
    check("POST", format!("/supervisor/events?ticket={good}"), &[NO_TOKEN], 401).await;
    check("GET", format!("/supervisor/status?ticket={good}"), &[NO_TOKEN], 401).await;
    check("POST", "/api/v1/tickets".to_owned(), &[NO_TOKEN], 401).await;
    let bearer = format!("Bearer {good}");
    check("GET", "/openapi.json".to_owned(), &[("authorization", &bearer)], 401).await;
    tokio::time::advance(std::time::Duration::from_secs(30)).await;
    check("GET", format!("/supervisor/events?ticket={good}"), &[NO_TOKEN], 401).await;
}

#[tokio::test]
async fn the_page_is_served_strictly_and_kept_by_its_version() {
    let shared = shared();
    let site = site(&shared, Some(TOKEN));
    for (path, kind) in [
        ("/dashboard/", "text/html"),
        ("/dashboard/app.js", "text/javascript"),
        ("/dashboard/app.css", "text/css"),
        ("/dashboard/icon.svg", "image/svg+xml"),
    ] {
        let headers = [NO_TOKEN, ("sec-fetch-site", "none")];
        let response = ask(&site, &shared, request("GET", path, &headers, "")).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        let of = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
        assert!(of("content-type").starts_with(kind));
        assert!(of("content-security-policy").contains("script-src 'self'"));
        assert!(!of("content-security-policy").contains("unsafe"));
        assert_eq!(
            (of("cache-control"), of("x-content-type-options")),
            ("no-cache".to_owned(), "nosniff".to_owned())
        );
        let tag = of("etag");
        assert!(!text(response).await.is_empty());
        let again = request("GET", path, &[NO_TOKEN, ("if-none-match", &tag)], "");
        let again = ask(&site, &shared, again).await;
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
        assert!(text(again).await.is_empty());
    }
    let home = ask(&site, &shared, request("GET", "/dashboard", &[NO_TOKEN], "")).await;
    assert_eq!(
        (home.status(), &home.headers()["location"]),
        (StatusCode::PERMANENT_REDIRECT, &"/dashboard/".parse().unwrap())
    );
    let no_such = ask(&site, &shared, request("GET", "/dashboard/no-such.js", &[NO_TOKEN], "")).await;
    assert_eq!(no_such.status(), StatusCode::UNAUTHORIZED);
}
