//! Control groups (cgroup v2): a tree of processes that the kernel itself holds together.
//!
//! One group per instance below a group that is ours: delegated by systemd, owned by this user, or the root of a
//! container without systemd. The kernel then kills a whole group at once, forks in flight included.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// `supervisor.cgroup`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum CgroupSetting {
    /// Used when there is one that is ours.
    #[default]
    Auto,
    /// Never used.
    Off,
    /// This group: an absolute directory in a cgroup2 file system.
    Path(PathBuf),
}

/// A group below which groups for instances are made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CgroupRoot {
    path: PathBuf,
}

impl CgroupRoot {
    /// Finds the group to use and tries it; `None` when there is none, or it is not ours, or this kernel cannot
    /// kill groups (before 5.14).
    pub fn detect(setting: &CgroupSetting) -> Option<Self> {
        let path = match setting {
            CgroupSetting::Off => return None,
            CgroupSetting::Path(path) => path.clone(),
            CgroupSetting::Auto => {
                let own = own_group()?;
                is_ours(&own).then_some(own.path)?
            }
        };
        let root = Self { path };
        let trial = root.create(&format!("ostler-trial-{}", std::process::id())).ok()?;
        let can_kill = trial.path.join("cgroup.kill").exists();
        trial.remove().ok()?;
        // Bounds of the kernel are a help beside our own measuring; not every group may have them.
        let _ = fs::write(root.path.join("cgroup.subtree_control"), "+memory");
        can_kill.then_some(root)
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes the group `name`, or takes the one that is there. Slashes in the name become dots.
    ///
    /// # Errors
    /// What the system says.
    pub fn create(&self, name: &str) -> io::Result<Cgroup> {
        let path = self.path.join(name.replace('/', "."));
        match fs::create_dir(&path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            Ok(()) | Err(_) => Ok(Cgroup { path }),
        }
    }
}

/// The group of one instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cgroup {
    path: PathBuf,
}

impl Cgroup {
    /// The group at a recorded place, if it is still there.
    pub fn at(path: &Path) -> Option<Self> {
        path.join("cgroup.procs").exists().then(|| Self { path: path.to_owned() })
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Moves a process into it.
    ///
    /// # Errors
    /// What the system says.
    pub fn add(&self, pid: u32) -> io::Result<()> {
        fs::write(self.path.join("cgroup.procs"), pid.to_string())
    }

    /// Bounds the memory of all in it by the kernel, or lifts the bound. `false` = this group has no such bound: the
    /// memory controller was not delegated.
    pub fn limit_memory(&self, bytes: Option<u64>) -> bool {
        let value = bytes.map_or_else(|| "max".to_owned(), |bytes| bytes.to_string());
        fs::write(self.path.join("memory.max"), value).is_ok()
    }

    /// The processes in it and in the groups below it.
    pub fn pids(&self) -> Vec<u32> {
        let mut pids = Vec::new();
        let mut open = vec![self.path.clone()];
        while let Some(path) = open.pop() {
            let text = fs::read_to_string(path.join("cgroup.procs")).unwrap_or_default();
            pids.extend(text.lines().filter_map(|line| line.parse::<u32>().ok()));
            open.extend(directories_in(&path));
        }
        pids
    }

    /// Kills everything in it, whatever forks meanwhile.
    ///
    /// # Errors
    /// What the system says.
    pub fn kill(&self) -> io::Result<()> {
        fs::write(self.path.join("cgroup.kill"), "1")
    }

    /// Removes it and the groups below it. Gone already is well.
    ///
    /// # Errors
    /// What the system says, as long as a process is in it.
    pub fn remove(&self) -> io::Result<()> {
        remove_below(&self.path)
    }
}

fn remove_below(path: &Path) -> io::Result<()> {
    for below in directories_in(path) {
        remove_below(&below)?;
    }
    match fs::remove_dir(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn directories_in(path: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(path) else { return Vec::new() };
    entries
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|entry| entry.path())
        .collect()
}

/// The group this process is in.
struct OwnGroup {
    path: PathBuf,
    /// Whether it is the root of what can be seen of the hierarchy.
    #[cfg_attr(not(unix), expect(dead_code, reason = "groups of others are not looked at"))]
    is_root: bool,
}

fn own_group() -> Option<OwnGroup> {
    let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    own_group_of(&mounts, &groups)
}

/// Finds the cgroup2 mount (alone, or beside the old hierarchies as `unified`) and the own group in it.
fn own_group_of(mounts: &str, groups: &str) -> Option<OwnGroup> {
    let group = groups.lines().find_map(|line| line.strip_prefix("0::"))?;
    mounts.lines().find_map(|line| {
        let (before, after) = line.split_once(" - ")?;
        if after.split(' ').next()? != "cgroup2" {
            return None;
        }
        let mut fields = before.split(' ').skip(3);
        let (root, mount) = (fields.next()?, fields.next()?);
        let below = match root {
            "/" => group,
            _ => group.strip_prefix(root)?,
        };
        let below = below.trim_start_matches('/');
        Some(OwnGroup { path: Path::new(mount).join(below), is_root: below.is_empty() })
    })
}

/// Whether groups may be made below it: it belongs to this user, or was delegated, or nobody else manages it.
#[cfg(unix)]
fn is_ours(group: &OwnGroup) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let user = rustix::process::geteuid();
    if !user.is_root() {
        return fs::metadata(&group.path).is_ok_and(|metadata| metadata.uid() == user.as_raw());
    }
    let has_systemd = Path::new("/run/systemd/system").exists();
    (group.is_root && !has_systemd) || is_delegated(&group.path)
}

#[cfg(not(unix))]
fn is_ours(_group: &OwnGroup) -> bool {
    false
}

/// Whether systemd marked it as delegated.
#[cfg(target_os = "linux")]
fn is_delegated(path: &Path) -> bool {
    ["trusted.delegate", "user.delegate"].into_iter().any(|name| {
        let mut value = [0; 8];
        rustix::fs::getxattr(path, name, &mut value).is_ok_and(|length| value[..length] == *b"1")
    })
}

#[cfg(all(unix, not(target_os = "linux")))]
fn is_delegated(_path: &Path) -> bool {
    false
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn the_own_group_is_found_in_pure_hybrid_and_container_layouts() {
        let check = |mounts: &str, groups: &str| {
            own_group_of(mounts, groups).map(|own| (own.path.to_string_lossy().into_owned(), own.is_root))
        };
        let pure = "30 24 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";
        let groups = "0::/user.slice/user-1000.slice/user@1000.service/app.slice/ostler.service\n";
        assert_eq!(
            check(pure, groups),
            Some((
                "/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/app.slice/ostler.service".into(),
                false
            ))
        );
        let hybrid = "31 24 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n\
                      32 24 0:28 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";
        assert_eq!(check(hybrid, "4:memory:/x\n0::/\n"), Some(("/sys/fs/cgroup/unified/".into(), true)));
        let bound = "33 24 0:28 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup2 rw\n";
        assert_eq!(check(bound, "0::/docker/abc\n"), Some(("/sys/fs/cgroup/".into(), true)));
        assert_eq!(check("", "0::/\n"), None);
        assert_eq!(check(hybrid, "4:memory:/x\n"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_group_holds_kills_and_goes() {
        // Only where this machine gives us a group; elsewhere detection itself must say so without a trace.
        let Some(root) = CgroupRoot::detect(&CgroupSetting::Auto) else { return };
        let group = root.create(&format!("ostler-test/{}", std::process::id())).expect("a group");
        let mut child = std::process::Command::new("sleep").arg("60").spawn().expect("sleep starts");
        group.add(child.id()).expect("moved");
        assert_eq!(group.pids(), [child.id()]);
        group.kill().expect("killed");
        assert!(!child.wait().expect("wait").success());
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(5);
        while !group.pids().is_empty() {
            assert!(std::time::Instant::now() < deadline, "waited in vain");
            std::thread::yield_now();
        }
        group.remove().expect("removed");
        assert!(Cgroup::at(group.path()).is_none());
    }

    #[test]
    fn off_and_a_wrong_path_find_nothing() {
        assert_eq!(CgroupRoot::detect(&CgroupSetting::Off), None);
        let elsewhere = tempfile::tempdir().expect("a directory");
        assert_eq!(CgroupRoot::detect(&CgroupSetting::Path(elsewhere.path().to_owned())), None);
    }
}
