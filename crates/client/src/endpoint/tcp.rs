//! TCP: both sides prove that they know the token, and nobody says it. Whoever has taken the port meanwhile learns
//! nothing, and is found out.

use std::{io, time::Duration};

use ostler_api::{ApiError, AuthParams, Challenge, HelloParams, RpcError, Token, nonce};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    time::timeout,
};

use crate::ClientError;

/// How long connecting and proving may take.
const DEADLINE: Duration = Duration::from_secs(10);
/// The longest answer of one who is not proven.
const ANSWER_MAX: u64 = 64 * 1024;
const NAME: &str = "ostler";

#[derive(Deserialize)]
struct Answer {
    result: Option<Value>,
    error: Option<RpcError>,
}

/// Connects, and proves both sides.
pub(crate) async fn connect(host: &str, port: u16, token: &Token) -> Result<TcpStream, ClientError> {
    let address = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
    let late =
        || ClientError::NotProven { address: address.clone(), reason: "it does not answer".to_owned() };
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let failed = |source| ClientError::ConnectTcp { address: address.clone(), source };
    let connecting = timeout(DEADLINE, TcpStream::connect((bare, port))).await;
    let stream = connecting.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())).map_err(failed)?;
    // Requests are lines that somebody waits for.
    let _ = stream.set_nodelay(true);
    timeout(DEADLINE, prove(stream, &address, token)).await.map_err(|_| late())?
}

async fn prove(stream: TcpStream, address: &str, token: &Token) -> Result<TcpStream, ClientError> {
    let not_proven =
        |reason: &str| ClientError::NotProven { address: address.to_owned(), reason: reason.to_owned() };
    let ours = nonce().map_err(|_| not_proven("this system has no randomness"))?;
    let mut stream = BufReader::new(stream);
    let hello = HelloParams { client: NAME.to_owned(), nonce: Some(ours.clone()), ..HelloParams::default() };
    let answer = exchange(&mut stream, 1, "hello", &hello).await;
    let answer = answer.map_err(|_| not_proven("it closed the connection"))?;
    let challenge: Challenge = read(&answer)
        .map_err(|refusal| refusal.unwrap_or_else(|| not_proven("it answers something else")))?;
    if !token.is_server_proof(&ours, &challenge.nonce, &challenge.proof) {
        return Err(not_proven("it does not know the token, or has another one"));
    }
    let auth = AuthParams { proof: token.client_proof(&ours, &challenge.nonce) };
    let answer = exchange(&mut stream, 2, ostler_api::AUTH, &auth).await;
    let answer = answer.map_err(|_| not_proven("it closed the connection"))?;
    let _: ostler_api::HelloReply = read(&answer)
        .map_err(|refusal| refusal.unwrap_or_else(|| not_proven("it answers something else")))?;
    if !stream.buffer().is_empty() {
        return Err(not_proven("it says more than it was asked"));
    }
    Ok(stream.into_inner())
}

async fn exchange<P: Serialize>(
    stream: &mut BufReader<TcpStream>,
    id: u64,
    method: &str,
    params: &P,
) -> io::Result<Vec<u8>> {
    let mut line =
        serde_json::to_vec(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }))?;
    line.push(b'\n');
    stream.write_all(&line).await?;
    let mut answer = Vec::new();
    stream.take(ANSWER_MAX).read_until(b'\n', &mut answer).await?;
    if answer.last() == Some(&b'\n') { Ok(answer) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

/// The result, what the engine refuses with, or nothing that an engine says.
fn read<R: DeserializeOwned>(line: &[u8]) -> Result<R, Option<ClientError>> {
    let answer: Answer = serde_json::from_slice(line).map_err(|_| None)?;
    if let Some(RpcError { data: Some(error), .. }) = answer.error {
        return Err(Some(ClientError::Refused(ApiError { ..error })));
    }
    serde_json::from_value(answer.result.ok_or(None)?).map_err(|_| None)
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    const TOKEN: &str = "0123456789abcdef0123456789abcdef";

    /// Connects to one who answers like this: what went wrong, and all that it was told.
    async fn squatter(answers: &'static [u8]) -> (ClientError, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let listen = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut told = vec![0; 4096];
            let length = stream.read(&mut told).await.unwrap();
            told.truncate(length);
            stream.write_all(answers).await.unwrap();
            stream.shutdown().await.unwrap();
            // One that goes away with bytes unread ends it just as well.
            let _ = stream.read_to_end(&mut told).await;
            String::from_utf8(told).unwrap()
        };
        let token = Token::new(TOKEN).unwrap();
        let (error, told) = tokio::join!(connect("127.0.0.1", port, &token), listen);
        (error.unwrap_err(), told)
    }

    #[tokio::test]
    async fn one_who_has_taken_the_port_is_found_out_and_learns_nothing() {
        let answers: [&[u8]; 7] = [
            b"",
            b"HTTP/1.1 400 Bad Request\r\n\r\n",
            b"{\"id\":1,\"result\":{\"nonce\":\"00\",\"proof\":\"00\"}}\n",
            b"{\"id\":1,\"result\":{\"server\":\"ostler\"}}\n",
            b"{\"id\":1,\"result\":null}\n",
            b"{\"id\":1}\n",
            b"[]\n",
        ];
        for answer in answers {
            let (error, told) = squatter(answer).await;
            assert!(matches!(error, ClientError::NotProven { .. }), "{error}");
            assert!(!told.contains(TOKEN) && told.lines().count() == 1, "{told}");
        }
    }
}
