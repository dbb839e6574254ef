//! An ecosystem file in JavaScript is evaluated by `node`, as PM2 does; bounded in time and size, and said.

use std::{path::Path, process::Stdio, time::Duration};

use ostler_api::ErrorCode;
use tokio::{io::AsyncReadExt as _, process::Command, time::timeout};

use crate::{failure::Failure, print};

/// How long the file may take.
const EVALUATION_MAX: Duration = Duration::from_secs(10);
/// The most bytes of complaint that are shown.
const COMPLAINT_MAX: u64 = 16 << 10;

/// Prints what the file exports as JSON; what it says itself goes to standard error.
const PROGRAM: &str = "\
const out = process.stdout.write.bind(process.stdout);
console.log = console.info = console.debug = console.error;
process.stdout.write = process.stderr.write.bind(process.stderr);
import(require('node:url').pathToFileURL(process.argv[1]).href)
  .then((module) => module.default ?? module)
  .then((value) => (typeof value === 'function' ? value() : value))
  .then((value) => out(JSON.stringify(value ?? null), () => process.exit(0)))
  .catch((error) => { console.error(String((error && error.message) || error)); process.exit(1); });
";

/// The JSON of what a file exports.
pub(super) async fn evaluate(file: &Path, shown: &str) -> Result<Vec<u8>, Failure> {
    let path = std::path::absolute(file).map_err(|error| Failure::file("read", file, &error))?;
    print::remark(format!("({shown} is JavaScript; node evaluates it)"));
    let mut command = Command::new("node");
    command.arg("-e").arg(PROGRAM).arg("--").arg(&path);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Failure::new(
            ErrorCode::NotAvailable,
            format!("{shown} is JavaScript, and there is no node to evaluate it"),
            "install node, or import its result: node -p 'JSON.stringify(require(\"./FILE\"))' | ostler import - --as pm2",
        ),
        _ => Failure::Api(ostler_api::ApiError::new(ErrorCode::SpawnFailed, format!("cannot start node: {error}"))),
    })?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let evaluated = timeout(EVALUATION_MAX, async {
        let (mut json, mut complaint) = (Vec::new(), Vec::new());
        let limit = ostler_import::BYTES_MAX as u64 + 1;
        let out = async {
            match stdout {
                Some(stdout) => stdout.take(limit).read_to_end(&mut json).await,
                None => Ok(0),
            }
        };
        let err = async {
            match stderr {
                // What is beyond the limit is read by nobody, and node ends when its pipe does.
                Some(stderr) => stderr.take(COMPLAINT_MAX).read_to_end(&mut complaint).await,
                None => Ok(0),
            }
        };
        let (out, err) = tokio::join!(out, err);
        out.and(err)?;
        Ok::<_, std::io::Error>((child.wait().await?, json, complaint))
    });
    match evaluated.await {
        Ok(Ok((status, json, _))) if status.success() => Ok(json),
        Ok(Ok((status, _, complaint))) => {
            let said = String::from_utf8_lossy(&complaint);
            let first = said.lines().find(|line| !line.trim().is_empty()).unwrap_or("it said nothing");
            let message = format!("{shown}: node could not evaluate it ({status}): {}", first.trim());
            Err(Failure::new(ErrorCode::InvalidParams, message, "mend the file; nothing was imported"))
        }
        Ok(Err(error)) => Err(Failure::file("evaluate", file, &error)),
        Err(_) => Err(Failure::new(
            ErrorCode::Timeout,
            format!("{shown}: node did not come to an end within {} s", EVALUATION_MAX.as_secs()),
            "the file must only export; nothing was imported",
        )),
    }
}
