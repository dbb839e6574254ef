//! The client reads the wire fixtures, those of a later version too.

use std::path::Path;

use ostler_api::{Event, LogNotification, Notification, Response, SnapshotPart};
use serde_json::Value;

#[test]
fn every_message_of_the_fixtures_can_be_read() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/wire/messages.ndjson");
    let text = std::fs::read_to_string(path).expect("the fixture is there");
    for line in text.lines() {
        let fixture: Value = serde_json::from_str(line).expect("the fixture is JSON");
        let (name, message) = (&fixture["name"], fixture["message"].clone());
        let params = || serde_json::from_value::<Notification>(message.clone()).map(|message| message.params);
        let read = match fixture["reads_as"].as_str() {
            Some("event") => params().and_then(serde_json::from_value::<Event>).map(|event| {
                let expected = fixture["type"].as_str().expect("events have a type");
                let found = serde_json::to_value(&event.kind).expect("it can be written")["type"].clone();
                assert_eq!(found, expected, "{name}");
            }),
            Some("log") => params().and_then(serde_json::from_value::<LogNotification>).map(drop),
            Some("snapshot_part") => params().and_then(serde_json::from_value::<SnapshotPart>).map(drop),
            Some("result") => serde_json::from_value::<Response>(message).map(|response| {
                assert!(response.result.is_some(), "{name}");
            }),
            Some("error") => serde_json::from_value::<Response>(message).map(|response| {
                let data = response.error.and_then(|error| error.data).expect("an error has data");
                assert_eq!(Some(data.code.as_str()), fixture["code"].as_str(), "{name}");
            }),
            other => panic!("{name} reads as {other:?}"),
        };
        assert!(read.is_ok(), "{name}: {read:?}");
    }
}
