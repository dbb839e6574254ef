//! Private places on disk.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

static COUNT: AtomicU32 = AtomicU32::new(0);

/// A directory that only its owner can enter, removed with this value. Its path is short, so that sockets
/// in it fit into a socket address.
#[derive(Debug)]
pub struct Home {
    path: PathBuf,
}

impl Home {
    /// Creates it.
    ///
    /// # Panics
    /// When it cannot be made.
    pub fn new() -> Self {
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("ost-{}-{number}", std::process::id()));
        // Left over by an earlier process of the same id.
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir(&path).expect("a private directory can be made");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let private = std::fs::Permissions::from_mode(0o700);
            std::fs::set_permissions(&path, private).expect("the directory is ours");
        }
        Self { path }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A place in it.
    pub fn join(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }
}

impl Default for Home {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

/// A small file system in memory, to be filled up; unmounted with this value.
#[derive(Debug)]
pub struct Tmpfs {
    path: PathBuf,
}

impl Tmpfs {
    /// Mounts one of `size` bytes at a new directory; `None` where mounting is not allowed, and then the
    /// test has to say that it shows nothing.
    pub fn mount(path: &Path, size: u64) -> Option<Self> {
        std::fs::create_dir_all(path).ok()?;
        let options = format!("size={size},mode=0700");
        let status =
            Command::new("mount").args(["-t", "tmpfs", "-o", &options, "ostler-test"]).arg(path).output();
        status.ok()?.status.success().then(|| Self { path: path.to_owned() })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Tmpfs {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.path).output();
    }
}
