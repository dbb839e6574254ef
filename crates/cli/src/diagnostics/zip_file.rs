//! Writing the zip.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    path::Path,
};

use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

use super::Part;

/// Writes all parts into a new file, for this user alone. Half a file does not stay.
pub(crate) fn write(path: &Path, parts: &[Part]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    pack(file, parts).inspect_err(|_| {
        let _ = fs::remove_file(path);
    })
}

fn pack(file: File, parts: &[Part]) -> io::Result<()> {
    let mut zip = ZipWriter::new(file);
    let options =
        SimpleFileOptions::default().compression_method(CompressionMethod::Deflated).unix_permissions(0o600);
    for part in parts {
        zip.start_file(format!("ostler-diagnostics/{}", part.name), options).map_err(io::Error::other)?;
        zip.write_all(part.text.as_bytes())?;
    }
    zip.finish().map_err(io::Error::other)?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    fn part(text: &str) -> Part {
        Part { name: "a/b.txt".to_owned(), what: "", text: text.to_owned() }
    }

    #[test]
    fn what_was_packed_is_read_again_and_nothing_is_overwritten() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("x.zip");
        write(&path, &[part(&"text ".repeat(1000))]).expect("written");
        let mut zip = zip::ZipArchive::new(File::open(&path).expect("open")).expect("a zip");
        let mut text = String::new();
        let mut entry = zip.by_name("ostler-diagnostics/a/b.txt").expect("the part");
        entry.read_to_string(&mut text).expect("text");
        assert_eq!(text, "text ".repeat(1000));
        let error = write(&path, &[]).expect_err("it is there");
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
    }
}
