//! Greetings over a stream within the process.

use proptest::prelude::*;
use tokio::io::{AsyncReadExt as _, duplex};

use super::*;

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

fn door(admission: Admission) -> Door {
    Door { admission, hello: HelloReply::default(), failures: Arc::default() }
}

fn token_door() -> Door {
    door(Admission::Token(TokenSource::Fixed(Token::new(TOKEN).unwrap())))
}

/// Sends all of it and half-closes: who is let in, and what was answered.
async fn greet(door: &Door, bytes: &[u8]) -> (Option<Admitted>, Vec<u8>) {
    let (mut near, mut far) = duplex(1024 * 1024);
    near.write_all(bytes).await.unwrap();
    near.shutdown().await.unwrap();
    let admitted = door.hear(&mut far).await.unwrap();
    drop(far);
    let mut answered = Vec::new();
    near.read_to_end(&mut answered).await.unwrap();
    (admitted, answered)
}

#[tokio::test(start_paused = true)]
async fn the_token_lets_in_and_what_follows_is_served() {
    let begun = |bytes: &str| bytes.as_bytes().to_vec();
    let (admitted, answered) = greet(&token_door(), format!("token {TOKEN}\r\nstatus\n").as_bytes()).await;
    assert_eq!(admitted, Some(Admitted { greeting: Greeting::Words, begun: begun("status\n") }));
    assert_eq!(answered, b"");
    let hello = format!("{{\"id\":1,\"method\":\"hello\",\"params\":{{\"token\":\"{TOKEN}\"}}}}\n");
    let (admitted, _) = greet(&token_door(), format!("{hello}more").as_bytes()).await;
    assert_eq!(admitted, Some(Admitted { greeting: Greeting::Hello, begun: begun(&format!("{hello}more")) }));
    let hello = format!("{{\"type\":\"Hello\",\"token\":\"{TOKEN}\"}}\n");
    let (admitted, answered) = greet(&token_door(), hello.as_bytes()).await;
    assert_eq!(admitted, Some(Admitted { greeting: Greeting::Typed, begun: begun(&hello) }));
    assert_eq!(answered, b"");
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_wrong_tokens_are_each_refused_after_a_pause() {
    let door = token_door();
    let begin = tokio::time::Instant::now();
    for attempt in 0..10_000 {
        let (admitted, answered) = greet(&door, format!("token {attempt:032}\nstop all\n").as_bytes()).await;
        assert_eq!(admitted, None);
        assert!(answered.starts_with(b"error: the token is wrong\n"));
    }
    assert_eq!(begin.elapsed(), FAILURE_PAUSE * 10_000);
    assert_eq!(door.failures.load(Ordering::Relaxed), 10_000);
    assert!(greet(&door, format!("token {TOKEN}\n").as_bytes()).await.0.is_some());
}

#[tokio::test(start_paused = true)]
async fn both_sides_prove_that_they_know_the_token_and_nobody_says_it() {
    let token = Token::new(TOKEN).unwrap();
    for (ours, is_let_in) in [(token.clone(), true), (Token::new(&TOKEN.replace('0', "9")).unwrap(), false)] {
        let (mut near, mut far) = duplex(64 * 1024);
        let nonce = nonce().unwrap();
        let said = async {
            let hello = format!(
                "{{\"id\":1,\"method\":\"hello\",\"params\":{{\"client\":\"t\",\"nonce\":\"{nonce}\"}}}}\n"
            );
            near.write_all(hello.as_bytes()).await.unwrap();
            let mut answer = vec![0; 4096];
            let length = near.read(&mut answer).await.unwrap();
            let answer: serde_json::Value = serde_json::from_slice(&answer[..length]).unwrap();
            let (theirs, proof) =
                (answer["result"]["nonce"].as_str().unwrap(), answer["result"]["proof"].as_str().unwrap());
            assert!(token.is_server_proof(&nonce, theirs, proof));
            let proof = ours.client_proof(&nonce, theirs);
            let auth = format!("{{\"id\":2,\"method\":\"auth\",\"params\":{{\"proof\":\"{proof}\"}}}}\nnext");
            near.write_all(auth.as_bytes()).await.unwrap();
            near
        };
        let door = token_door();
        let (admitted, mut near) = tokio::join!(door.hear(&mut far), said);
        let expected = Admitted { greeting: Greeting::Proven("t".into()), begun: b"next".to_vec() };
        assert_eq!(admitted.unwrap(), is_let_in.then_some(expected));
        drop(far);
        let mut rest = String::new();
        near.read_to_string(&mut rest).await.unwrap();
        assert!(!rest.contains(TOKEN));
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_token_the_first_line_still_decides() {
    let door = door(Admission::SameUser(None));
    let (admitted, _) = greet(&door, b"status").await;
    assert_eq!(admitted, Some(Admitted { greeting: Greeting::SameUser, begun: b"status\n".to_vec() }));
    let (admitted, _) = greet(&door, b"token whatever\nstatus\n").await;
    assert_eq!(admitted, Some(Admitted { greeting: Greeting::SameUser, begun: b"status\n".to_vec() }));
    for attack in
        [&b"POST / HTTP/1.1\r\n\r\nstop all\n"[..], b"stop / HTTP/1.1\r\nstop all\n", b"\nstop all\n"]
    {
        assert_eq!(greet(&door, attack).await, (None, Vec::new()));
    }
    let long = format!(
        "{{\"id\":1,\"method\":\"config_save\",\"params\":{{\"text\":\"{}\"}}}}\n",
        "x".repeat(200_000)
    );
    let (admitted, _) = greet(&door, long.as_bytes()).await;
    assert!(long.as_bytes().starts_with(&admitted.unwrap().begun));
}

#[tokio::test(start_paused = true)]
async fn a_line_without_an_end_is_given_up_at_its_bound() {
    let (admitted, answered) = greet(&token_door(), "token ".repeat(100_000).as_bytes()).await;
    assert_eq!((admitted, answered), (None, Vec::new()));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    /// Whatever comes first, it ends, and nobody is let in without the token.
    #[test]
    fn any_first_bytes_are_refused_in_bounded_time(
        bytes in prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..2000),
            "(token|hello|\\{\"id\":1,\"method\":\"hello\"|\\{\"type\":\"Hello\"|GET /|\"Status\")[ -~\r\n]{0,200}"
                .prop_map(String::into_bytes),
        ]
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        let (admitted, _) = runtime.block_on(greet(&token_door(), &bytes));
        prop_assert_eq!(admitted, None);
        let known = door(Admission::SameUser(None));
        let (admitted, answered) = runtime.block_on(greet(&known, &bytes));
        prop_assert!(answered.is_empty());
        prop_assert!(admitted.is_none() || !bytes.starts_with(b"GET"));
    }
}
