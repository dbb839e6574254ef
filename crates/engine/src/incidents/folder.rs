//! The files.

use std::{
    fs,
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
    time::SystemTime,
};

use ostler_api::{Incident, IncidentsParams, IncidentsReply};

/// Incidents kept of one service.
pub(crate) const PER_SERVICE_MAX: usize = 20;
/// Bytes that all incidents may take together.
pub(crate) const BYTES_MAX: u64 = 16 << 20;
/// The most that is read of one file.
const FILE_MAX: u64 = 1 << 20;
/// Incidents told if nobody says how many.
const LIMIT_DEFAULT: u32 = 10;
/// The most incidents of one answer.
const LIMIT_MAX: u32 = 100;
/// Bytes of files after which an answer is full.
const REPLY_MAX: u64 = 8 << 20;

/// The folder with the incidents of an engine.
#[derive(Clone, Debug)]
pub(crate) struct IncidentFolder {
    dir: PathBuf,
}

/// One file.
#[derive(Debug)]
struct Found {
    path: PathBuf,
    id: String,
    size: u64,
    at: SystemTime,
}

impl IncidentFolder {
    pub(crate) fn new(state: &Path) -> Self {
        Self { dir: state.join("incidents") }
    }

    /// Keeps an incident; one of the same name is replaced.
    pub(crate) fn keep(&self, incident: &Incident) -> io::Result<()> {
        let path = self.path(&incident.id);
        let service = path.parent().unwrap_or(&self.dir).to_owned();
        make_private(&self.dir)?;
        make_private(&service)?;
        let bytes = serde_json::to_vec(incident).map_err(io::Error::other)?;
        let draft = path.with_extension("new");
        let written = write_private(&draft, &bytes).and_then(|()| crate::state::rename(&draft, &path));
        if written.is_err() {
            let _ = fs::remove_file(&draft);
        }
        written?;
        self.tidy(&service);
        Ok(())
    }

    /// Forgets one that was replaced by a later one like it.
    pub(crate) fn forget(&self, id: &str) {
        let _ = fs::remove_file(self.path(id));
    }

    /// The latest incidents that are asked for.
    pub(crate) fn read(&self, params: &IncidentsParams) -> IncidentsReply {
        let mut found = match wanted_service(params) {
            Some(service) => files(&self.dir.join(service)),
            None => self.all(),
        };
        let instance = params.service.as_deref().filter(|name| name.contains('/'));
        found.retain(|file| {
            params.id.as_ref().is_none_or(|id| *id == file.id)
                && instance.is_none_or(|instance| file.id.starts_with(&format!("{instance}-")))
        });
        found.sort_by(|a, b| b.at.cmp(&a.at).then_with(|| b.id.cmp(&a.id)));
        let limit = params.limit.unwrap_or(LIMIT_DEFAULT).min(LIMIT_MAX) as usize;
        let mut reply = IncidentsReply::default();
        let mut bytes = 0;
        for (number, file) in found.iter().enumerate() {
            bytes += if params.brief { 0 } else { file.size };
            if reply.incidents.len() == limit || bytes > REPLY_MAX {
                reply.left_out = found.len() - number;
                break;
            }
            reply.incidents.extend(read(&file.path).map(|incident| shortened(incident, params.brief)));
        }
        reply
    }

    /// Whether anything is kept of a service.
    pub(crate) fn knows(&self, service: &str) -> bool {
        is_plain(service) && self.dir.join(service).is_dir()
    }

    fn path(&self, id: &str) -> PathBuf {
        self.dir.join(format!("{id}.json"))
    }

    fn all(&self) -> Vec<Found> {
        let services = fs::read_dir(&self.dir).into_iter().flatten().flatten();
        services.flat_map(|service| files(&service.path())).collect()
    }

    /// Removes the oldest of what is too much.
    fn tidy(&self, service: &Path) {
        let mut own = files(service);
        own.sort_by_key(|file| std::cmp::Reverse(file.at));
        for old in own.drain(own.len().min(PER_SERVICE_MAX)..) {
            let _ = fs::remove_file(old.path);
        }
        let mut all = self.all();
        all.sort_by_key(|file| std::cmp::Reverse(file.at));
        let mut bytes = 0;
        for file in all {
            bytes += file.size;
            if bytes > BYTES_MAX {
                let _ = fs::remove_file(file.path);
            }
        }
    }
}

/// The folder that is asked for. Names with other characters than those of services mean none.
fn wanted_service(params: &IncidentsParams) -> Option<String> {
    let name = params.id.as_deref().or(params.service.as_deref())?;
    let service = name.split('/').next().unwrap_or_default();
    Some(if is_plain(service) { service.to_owned() } else { "-".to_owned() })
}

fn is_plain(service: &str) -> bool {
    ostler_core::ServiceName::new(service).is_ok()
}

fn files(service: &Path) -> Vec<Found> {
    let name = service.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let entries = fs::read_dir(service).into_iter().flatten().flatten();
    let one = |entry: fs::DirEntry| {
        let path = entry.path();
        let stem = path.file_stem()?.to_str()?.to_owned();
        let meta = entry.metadata().ok().filter(fs::Metadata::is_file)?;
        let is_ours = path.extension().is_some_and(|extension| extension == "json");
        let at = meta.modified().unwrap_or(SystemTime::UNIX_EPOCH);
        is_ours.then(|| Found { id: format!("{name}/{stem}"), size: meta.len(), at, path })
    };
    entries.filter_map(one).collect()
}

fn read(path: &Path) -> Option<Incident> {
    let mut bytes = Vec::new();
    fs::File::open(path).ok()?.take(FILE_MAX).read_to_end(&mut bytes).ok()?;
    serde_json::from_slice(&bytes).ok()
}

fn shortened(mut incident: Incident, is_brief: bool) -> Incident {
    if is_brief {
        incident.lines.clear();
        incident.environment.clear();
        incident.curve.clear();
    }
    incident
}

fn make_private(dir: &Path) -> io::Result<()> {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "only Unix has modes"))]
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(dir) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        result => result,
    }
}

fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn incident(id: &str, bytes: usize) -> Incident {
        let instance = id.rsplit_once('-').expect("an id").0.to_owned();
        let line = ostler_api::LogLine { text: "x".repeat(bytes), ..Default::default() };
        Incident { id: id.to_owned(), instance, lines: vec![line], ..Incident::default() }
    }

    fn ids(folder: &IncidentFolder, params: IncidentsParams) -> Vec<String> {
        folder.read(&params).incidents.into_iter().map(|incident| incident.id).collect()
    }

    fn of(service: &str) -> IncidentsParams {
        IncidentsParams { service: Some(service.to_owned()), ..IncidentsParams::default() }
    }

    #[test]
    fn the_latest_are_told_and_the_oldest_go() {
        let dir = tempfile::tempdir().expect("a directory");
        let folder = IncidentFolder::new(dir.path());
        for run in 0..PER_SERVICE_MAX + 5 {
            folder.keep(&incident(&format!("api/{}-{run:03}", run % 2), 10)).expect("kept");
        }
        folder.keep(&incident("db/0-7", 10)).expect("kept");
        let all = IncidentsParams { limit: Some(1000), ..of("api") };
        assert_eq!(ids(&folder, all).len(), PER_SERVICE_MAX);
        assert_eq!(ids(&folder, of("api/1")).first().map(String::as_str), Some("api/1-023"));
        assert_eq!(ids(&folder, IncidentsParams { limit: Some(1), ..<_>::default() }), ["db/0-7"]);
        assert_eq!(folder.read(&IncidentsParams::default()).left_out, PER_SERVICE_MAX + 1 - 10);
        let one = IncidentsParams { id: Some("db/0-7".to_owned()), brief: true, ..<_>::default() };
        assert_eq!(folder.read(&one).incidents[0].lines, []);
        assert!(ids(&folder, of("../api")).is_empty() && ids(&folder, of("nobody")).is_empty());
    }

    #[test]
    fn all_together_stay_within_their_room_and_a_broken_file_is_passed_over() {
        let dir = tempfile::tempdir().expect("a directory");
        let folder = IncidentFolder::new(dir.path());
        for run in 0..40 {
            folder.keep(&incident(&format!("s{run}/0-1"), 900_000)).expect("kept");
        }
        let bytes: u64 = folder.all().iter().map(|file| file.size).sum();
        assert!(bytes <= BYTES_MAX && bytes > BYTES_MAX - 1_000_000, "{bytes}");
        fs::write(dir.path().join("incidents/s39/0-1.json"), "{").expect("written");
        assert!(ids(&folder, of("s39")).is_empty());
        assert_eq!(ids(&folder, of("s38")), ["s38/0-1"]);
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_can_read_them() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().expect("a directory");
        IncidentFolder::new(dir.path()).keep(&incident("api/0-1", 1)).expect("kept");
        let mode =
            |path: &str| fs::metadata(dir.path().join(path)).expect("there").permissions().mode() & 0o777;
        assert_eq!(mode("incidents/api/0-1.json"), 0o600);
        assert_eq!((mode("incidents"), mode("incidents/api")), (0o700, 0o700));
    }
}
