//! What the diagnostics would hold.

use ostler_view::Record;

use crate::diagnostics;
use crate::records::Source;

/// The files of the zip.
pub(crate) const PARTS: Source = Source {
    name: "diagnostics",
    roles: &["name", "size", "text"],
    needs_subject: false,
    feed: |reach, _, feed| {
        Box::pin(async move {
            match diagnostics::parts(&reach).await {
                Ok(parts) => {
                    let record = |part: diagnostics::Part| {
                        Record::new(part.name.clone()).with(part.name).with(size(part.bytes)).with(part.what)
                    };
                    feed.put(parts.into_iter().map(record).collect()).await;
                }
                Err(why) => feed.fail(ostler_view::capitalised(&why)).await,
            }
        })
    },
};

fn size(bytes: usize) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        _ => format!("{} KiB", bytes.div_ceil(1024)),
    }
}
